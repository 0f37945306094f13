"""Search among many vectors: what is not compared is rarely missed, the same vectors make the same index."""

from pathlib import Path

import numpy as np
import pytest

from rag import vectors
from rag.chunking import Chunk
from rag.index import Index, IndexMeta, build, load, recall, said, save
from rag.vectors import Floats, Kind, VectorIndex, exact_of, flat, kind_for, read, write
from workbench.errors import ConfigError

DIMENSION = 16


def near_some_centres(count: int, *, seed: int = 0) -> Floats:
    """Vectors of length 1 in loose groups."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((count // 50 + 1, DIMENSION))
    made = centres[rng.integers(0, len(centres), count)] + 0.7 * rng.standard_normal((count, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def many() -> Floats:
    return near_some_centres(10_000)


@pytest.fixture(scope="module")
def built(many: Floats) -> dict[str, tuple[VectorIndex, float]]:
    queries = near_some_centres(200, seed=1)
    kinds: tuple[Kind, ...] = ("flat", "hnsw", "ivfpq")
    return {kind: vectors.build(kind, many, queries=queries) for kind in kinds}


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivfpq"])
def test_what_is_found_is_what_exact_search_finds(
    many: Floats, built: dict[str, tuple[VectorIndex, float]], kind: str
) -> None:
    stored, told = built[kind]
    assert (stored.kind, len(stored), stored.dimension) == (kind, len(many), DIMENSION)
    queries = near_some_centres(100, seed=2)
    truth = np.argsort(-(queries @ many.T), axis=1)[:, :10]
    _, places = stored.search(queries, 10)
    by_hand = np.mean([len(set(one) & set(other)) / 10 for one, other in zip(places, truth, strict=True)])
    assert by_hand >= 0.95
    assert told >= (vectors.WANTED if kind != "ivfpq" else 0.96), "codes of so few numbers are coarse"
    assert told == pytest.approx(by_hand, abs=0.03), "other questions find as much"
    assert stored.recall(queries, flat(many)) == pytest.approx(by_hand, abs=1e-3)


def test_a_search_that_looks_at_too_little_is_told_as_such(many: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "WIDTHS", (1,))
    monkeypatch.setattr(vectors, "LINKS", 2)
    monkeypatch.setattr(vectors, "BUILD_WIDTH", 2)
    _, told = vectors.build("hnsw", many, queries=near_some_centres(200, seed=1))
    assert told < 0.7


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_the_same_vectors_make_the_same_index(
    many: Floats, built: dict[str, tuple[VectorIndex, float]], kind: Kind, tmp_path: Path
) -> None:
    write(built[kind][0], tmp_path / "one")
    write(vectors.build(kind, many, queries=near_some_centres(200, seed=1))[0], tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_kind_follows_from_number_and_length() -> None:
    def auto(count: int, dimension: int = 384) -> str:
        return kind_for("auto", vectors=count, dimension=dimension)

    assert [auto(1), auto(vectors.FLAT_UNTIL), auto(vectors.FLAT_UNTIL + 1)] == ["flat", "flat", "hnsw"]
    assert [auto(1_000_000), auto(1_000_000, 4096), auto(10_000_000)] == ["hnsw", "ivfpq", "ivfpq"]
    assert kind_for("hnsw", vectors=3, dimension=8) == "hnsw"
    assert kind_for("ivfpq", vectors=vectors.FEWEST_CODED - 1, dimension=8) == "flat", "too few to learn codes from"


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivfpq"])
def test_vectors_are_read_as_they_were_written(
    built: dict[str, tuple[VectorIndex, float]], kind: str, tmp_path: Path
) -> None:
    stored, _ = built[kind]
    write(stored, tmp_path / "v")
    again = read(tmp_path / "v")
    assert again is not None
    assert again.kind == kind
    queries = near_some_centres(20, seed=3)
    for one, other in zip(stored.search(queries, 5), again.search(queries, 5), strict=True):
        assert np.array_equal(one, other), "effort included"
    (tmp_path / "v").write_bytes((tmp_path / "v").read_bytes()[:5000])
    assert read(tmp_path / "v") is None


def test_exact_vectors_are_there_unless_they_became_codes(
    many: Floats, built: dict[str, tuple[VectorIndex, float]]
) -> None:
    for kind in ("flat", "hnsw"):
        exact = exact_of(built[kind][0])
        assert exact is not None
        assert np.array_equal(exact.at([3, 1]), many[[3, 1]])
    assert exact_of(built["ivfpq"][0]) is None
    assert np.allclose(built["ivfpq"][0].at([3, 1]), many[[3, 1]], atol=0.02), "one byte a number"
    assert built["flat"][0].at([]).shape == (0, DIMENSION)


# --- In an index --------------------------------------------------------------------------------------


def indexed(made: Floats, **how: str) -> Index:
    chunks = [Chunk(f"d{n // 10}#{n % 10 + 1}", f"d{n // 10}", f"passage {n} of some words") for n in range(len(made))]
    meta = IndexMeta(
        embedder="toy", digest="d", dimension=made.shape[1], passages=len(made), chunk_tokens=64, chunk_overlap=0
    )

    def ask(texts: list[str]) -> Floats:
        assert all(text.startswith("passage ") for text in texts)
        return near_some_centres(len(texts), seed=1)

    return build(meta, chunks, made, ask=ask, **how)  # type: ignore[arg-type]


def test_an_index_says_how_it_is_searched_and_what_that_finds(many: Floats, tmp_path: Path) -> None:
    index = indexed(many[:2000], wanted="hnsw")
    assert (index.meta.vectors, index.meta.recall >= vectors.WANTED) == ("hnsw", True)
    save(index, tmp_path)
    assert "searched by hnsw, which finds " in said(index, tmp_path)
    again = load(tmp_path, embedder="toy", digest="d")
    assert again.meta == index.meta
    questions = near_some_centres(30, seed=4)
    measured = recall(again, questions)
    assert measured is not None
    assert 0.95 <= measured <= 1
    plain = indexed(many[:100])
    assert (plain.meta.vectors, plain.meta.recall, recall(plain, questions)) == ("flat", 1.0, 1.0)


def test_a_document_is_passed_over_in_a_graph_too(many: Floats) -> None:
    index = indexed(many[:1000], wanted="hnsw")
    (with_it,), (without,) = (index.rank(many[:1], 5, without=[name]) for name in (None, "d0"))
    assert index.chunks[with_it[0][0]].document == "d0"
    assert "d0" not in {index.chunks[place].document for place, _ in without}
    assert len(without) == 5


def test_vectors_of_another_kind_than_was_noted_are_refused(many: Floats, tmp_path: Path) -> None:
    save(indexed(many[:200]), tmp_path)
    write(vectors.build("hnsw", many[:200], queries=many[:20])[0], tmp_path / "index.faiss")
    with pytest.raises(ConfigError, match="holds something else than vectors of length 16"):
        load(tmp_path, embedder="toy", digest="d")
