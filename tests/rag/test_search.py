"""Search by words and by both: names and numbers that vectors blur are found, and ranks are fused."""

from pathlib import Path

import numpy as np
import pytest

from rag.chunking import Chunk
from rag.embed import Embedder, load_embedder
from rag.index import Index, IndexMeta, build
from rag.lexical import Lexical, tokens
from rag.search import Searcher, fused

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


def test_ranks_are_fused_by_the_formula() -> None:
    one, other = [(7, 0.9), (3, 0.8), (5, 0.1)], [(3, 12.0), (9, 1.0)]
    found = fused([one, other])
    assert [place for place, _ in found] == [3, 7, 9, 5]
    assert found[0][1] == pytest.approx(1 / 62 + 1 / 61)
    assert fused([[(2, 1.0)], [(1, 1.0)]]) == [(1, pytest.approx(1 / 61)), (2, pytest.approx(1 / 61))]


def test_a_corpus_without_words_is_searched_in_vain() -> None:
    assert Lexical.of(["...", "?"]).search("lamp", 3) == []


def test_equals_come_in_the_order_of_the_corpus() -> None:
    places = [place for place, _ in Lexical.of(["a lamp"] * 20 + ["a chair"] * 20).search("lamp", 7)]
    assert places == list(range(7))
    assert np.all(np.diff(places) == 1)
