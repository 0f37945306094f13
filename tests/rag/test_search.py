"""Search by words and by both: names and numbers that vectors blur are found, and neither way outvotes the other."""

from pathlib import Path

import numpy as np
import pytest

from rag.chunking import Chunk
from rag.embed import Embedder, load_embedder
from rag.index import Index, IndexMeta, build
from rag.lexical import Lexical, heaviest, read, tokens, write
from rag.search import Searcher, together

CORPUS = {
    "lamp.md": "The lamp K-4711 costs nine crowns.",
    "other.md": "The lamp K-4712 costs five crowns.",
    "ferry.md": "The ferry leaves from the harbour on Sunday.",
    "straße.md": "Die Straße ist lang.",
    "ramen.md": "東京のラーメン",
    "empty.md": "...",
}


@pytest.fixture(scope="module")
def embedder(toy_embedder: Path) -> Embedder:
    return load_embedder(str(toy_embedder))


@pytest.fixture(scope="module")
def index(embedder: Embedder) -> Index:
    chunks = [Chunk(f"{name}#1", name, text) for name, text in CORPUS.items()]
    meta = IndexMeta(
        embedder="toy", digest=embedder.digest, dimension=embedder.dimension, passages=len(chunks), chunk_tokens=64,
        chunk_overlap=0,
    )  # fmt: skip
    return build(meta, chunks, embedder.passages(list(CORPUS.values())))


def documents(searcher: Searcher, embedder: Embedder, question: str, k: int, **more: list[str | None]) -> list[str]:
    (found,) = searcher.find([question], embedder.questions([question]), k, **more)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    return [one.document for one in found]


def test_words_are_those_of_any_language_without_case() -> None:
    assert tokens("The Lamp K-4711: nine!") == ["the", "lamp", "k", "4711", "nine"]
    assert tokens("STRASSE straße ﬁne") == ["strasse", "strasse", "fine"]
    assert tokens("東京 ラ") == ["東", "京", "ラ"]
    assert tokens("?!") == []


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("What does K-4712 cost?", "other.md"),
        ("wie lang ist die strasse", "straße.md"),
        ("京都と東京", "ramen.md"),
    ],
)
def test_what_only_words_can_tell_apart_is_found_by_words(
    index: Index, embedder: Embedder, question: str, document: str
) -> None:
    assert documents(Searcher(index, "lexical"), embedder, question, 2)[0] == document
    assert document in documents(Searcher(index, "hybrid"), embedder, question, 2)


def test_by_words_only_what_shares_one_is_found(index: Index, embedder: Embedder) -> None:
    by_words = Searcher(index, "lexical")
    assert documents(by_words, embedder, "lamp", 5) == ["lamp.md", "other.md"]
    assert documents(by_words, embedder, "lamp", 5, without=["lamp.md"]) == ["other.md"]
    assert documents(by_words, embedder, "zebra ?!", 5) == []
    assert documents(by_words, embedder, "?!", 5) == []


def test_both_find_what_either_finds(index: Index, embedder: Embedder) -> None:
    both = Searcher(index, "hybrid")
    found = documents(both, embedder, "When does the ferry K-4711 leave?", 2)
    assert set(found) == {"ferry.md", "lamp.md"}
    assert len(documents(both, embedder, "lamp", 50)) == len(CORPUS)
    assert "lamp.md" not in documents(both, embedder, "lamp", 50, without=["lamp.md"])


def test_both_are_weighed_by_the_formula() -> None:
    found = together({7: 0.8, 3: 0.4, 5: 0.2, 9: -0.1}, {7: 0.0, 3: 10.0, 5: 5.0, 9: 0.0})
    assert [place for place, _ in found] == [7, 3, 5, 9]
    assert [score for _, score in found] == pytest.approx([0.8, 0.8 * 0.5 + 0.2, 0.8 * 0.25 + 0.1, -0.1])
    assert together({2: 0.5, 1: 0.5}, {2: 0.0, 1: 0.0}) == [(1, pytest.approx(0.8)), (2, pytest.approx(0.8))]
    assert together({4: 0.0}, {4: 0.0}) == [(4, 0.0)], "nothing is near and no word is shared"
    assert together({}, {}) == []


def test_both_order_a_passage_that_only_words_found_by_its_own_similarity(index: Index, embedder: Embedder) -> None:
    question = "When does the ferry leave the harbour?"
    vectors = embedder.questions([question])
    (ranked,) = Searcher(index, "hybrid").rank([question], vectors, 6)
    similar = index.similar(vectors[0], range(len(index.chunks)))
    weights = index.lexical.weigh(question)
    expected = together(dict(enumerate(similar)), dict(enumerate(map(float, weights))))
    assert [place for place, _ in ranked] == [place for place, _ in expected]
    assert [score for _, score in ranked] == pytest.approx([score for _, score in expected], abs=1e-6)


def test_the_heaviest_are_those_of_a_whole_sort() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        weights = np.maximum(0, rng.integers(-4, 9, size=40)).astype(np.float32)
        k = int(rng.integers(1, 45))
        by_sort = sorted((place for place in range(40) if weights[place] > 0), key=lambda p: (-weights[p], p))[:k]
        assert [place for place, _ in heaviest(weights, k)] == by_sort


def test_words_are_written_and_read_without_pickle(tmp_path: Path) -> None:
    made = Lexical.of(list(CORPUS.values()))
    write(made, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy", ".json"}
    again = read(tmp_path)
    assert again is not None
    for question in ("lamp K-4711", "die strasse", "京", "zebra", ""):
        assert again.search(question, 9) == made.search(question, 9)
    (tmp_path / "data.csc.index.npy").write_bytes(b"half")
    assert read(tmp_path) is None
    assert read(tmp_path / "nowhere") is None


def test_arrays_that_hold_pickled_objects_are_not_read(tmp_path: Path) -> None:
    write(Lexical.of(list(CORPUS.values())), tmp_path)
    np.save(tmp_path / "data.csc.index.npy", np.array([{"evil": 1}], dtype=object), allow_pickle=True)
    assert read(tmp_path) is None


def test_a_corpus_without_words_is_searched_in_vain() -> None:
    assert Lexical.of(["...", "?"]).search("lamp", 3) == []


def test_equals_come_in_the_order_of_the_corpus() -> None:
    places = [place for place, _ in Lexical.of(["a lamp"] * 20 + ["a chair"] * 20).search("lamp", 7)]
    assert places == list(range(7))
    assert np.all(np.diff(places) == 1)
