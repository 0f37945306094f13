"""The index: the right passage is found, on disk and off, and another embedder's vectors are refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.chunking import Chunk
from rag.embed import Embedder, Vectors, load_embedder
from rag.index import Index, IndexMeta, build, load, save
from rag.search import Searcher
from workbench.errors import ConfigError, NotFound
from workbench.run import Passage

CORPUS = {
    "lamp.md": "The lamp costs nine crowns.",
    "chair.md": "The chair is made of blue oak.",
    "ferry.md": "The ferry leaves from the harbour on Sunday.",
    "bridge.md": "The bridge is built of red steel.",
    "baker.md": "The baker bakes bread from flour.",
    "returns.md": "Returns within thirty days. Keep the receipt.",
}


def search(
    index: Index, vectors: Vectors, k: int, *, without: Sequence[str | None] | None = None
) -> list[tuple[Passage, ...]]:
    """By vectors alone; what was asked in words does not matter then."""
    return Searcher(index, "dense").find([""] * len(vectors), vectors, k, without=without)


@pytest.fixture(scope="module")
def embedder(toy_embedder: Path) -> Embedder:
    return load_embedder(str(toy_embedder))


@pytest.fixture(scope="module")
def index(embedder: Embedder) -> Index:
    chunks = [Chunk(f"{name}#1", name, text) for name, text in CORPUS.items()]
    meta = IndexMeta(
        embedder="toy",
        digest=embedder.digest,
        dimension=embedder.dimension,
        passages=len(chunks),
        chunk_tokens=64,
        chunk_overlap=0,
        duplicates={"light.md": "lamp.md"},
    )
    return build(meta, chunks, embedder.passages(list(CORPUS.values())))


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("What does the lamp cost? How many crowns?", "lamp.md"),
        ("When does the ferry leave the harbour?", "ferry.md"),
        ("Who bakes bread?", "baker.md"),
        ("Is the chair of oak?", "chair.md"),
        ("Where is my receipt? I keep it thirty days.", "returns.md"),
    ],
)
def test_the_right_one_of_six_documents_is_found(
    index: Index, embedder: Embedder, question: str, document: str
) -> None:
    (found,) = search(index, embedder.questions([question]), 3)
    assert len(found) == 3
    assert (found[0].document, found[0].text) == (document, CORPUS[document])
    assert [passage.score for passage in found] == sorted((p.score for p in found), reverse=True)


def test_a_passage_is_nearest_to_itself(index: Index, embedder: Embedder) -> None:
    for (first, *_), name in zip(search(index, embedder.passages(list(CORPUS.values())), 2), CORPUS, strict=True):
        assert first.document == name
        assert first.score == pytest.approx(1, abs=1e-6)


def test_more_than_there_are_gives_all(index: Index, embedder: Embedder) -> None:
    (found,) = search(index, embedder.questions(["lamp"]), 50)
    assert {passage.document for passage in found} == CORPUS.keys()


def test_a_document_can_be_passed_over(index: Index, embedder: Embedder) -> None:
    vectors = embedder.questions(["The lamp costs nine crowns.", "The lamp costs nine crowns."])
    all_of_them, others = search(index, vectors, 6, without=[None, "lamp.md"])
    assert [passage.id for passage in all_of_them[1:]] == [passage.id for passage in others]
    assert all_of_them[0].document == "lamp.md"
    assert index.document("light.md") == "lamp.md", "a repeat that was left out"
    assert index.document("ferry.md") == "ferry.md"
    assert index.document("nowhere.md") is None


def test_a_document_of_many_passages_is_passed_over_whole(embedder: Embedder) -> None:
    chunks = [Chunk(f"long#{n}", "long", "lamp blue lamp") for n in range(9)] + [Chunk("short#1", "short", "ferry")]
    meta = IndexMeta(embedder="toy", digest="d", dimension=64, passages=10, chunk_tokens=9, chunk_overlap=0)
    index = build(meta, chunks, embedder.passages([chunk.text for chunk in chunks]))
    (found,) = search(index, embedder.questions(["lamp"]), 3, without=["long"])
    assert [passage.id for passage in found] == ["short#1"]


def test_what_is_saved_is_what_is_loaded(index: Index, embedder: Embedder, tmp_path: Path) -> None:
    save(index, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"index.faiss", "passages.jsonl", "words", "meta.json"}
    again = load(tmp_path, embedder="toy", digest=embedder.digest)
    assert (again.meta, again.chunks) == (index.meta, index.chunks)
    questions = embedder.questions(["When does the ferry leave?", "blue"])
    assert search(again, questions, 4) == search(index, questions, 4)


def test_another_embedder_is_refused(index: Index, tmp_path: Path) -> None:
    save(index, tmp_path)
    with pytest.raises(ConfigError, match="built with another embedder: toy") as caught:
        load(tmp_path, embedder="other", digest="hub:abc")
    assert "build the index anew" in caught.value.hint
    with pytest.raises(ConfigError, match="length 64"):
        search(index, np.zeros((1, 384), dtype=np.float32), 3)


def test_a_broken_index_is_named(index: Index, embedder: Embedder, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no index"):
        load(tmp_path, embedder="toy", digest=embedder.digest)
    save(index, tmp_path)
    (tmp_path / "passages.jsonl").write_text("")
    with pytest.raises(ConfigError, match="0 passages, 6 vectors, 6 expected"):
        load(tmp_path, embedder="toy", digest=embedder.digest)
    (tmp_path / "index.faiss").write_bytes(b"not an index")
    with pytest.raises(ConfigError, match=r"index\.faiss cannot be read"):
        load(tmp_path, embedder="toy", digest=embedder.digest)
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        load(tmp_path, embedder="toy", digest=embedder.digest)


def test_the_passages_of_named_documents_are_handed_over_nearest_first(index: Index, embedder: Embedder) -> None:
    (query,) = embedder.questions(["What does the lamp cost? How many crowns?"])
    names = [passage.document for passage in index.within(query, ["ferry.md", "light.md", "nowhere.md"], 3)]
    assert names == ["lamp.md", "ferry.md"]
    assert [one.document for one in index.within(query, ["The bridge is built of red steel."], 3)] == ["bridge.md"]
    assert index.within(query, ["ferry.md", "light.md"], 1)[0].document == "lamp.md"
    assert index.within(query, [], 3) == ()
