"""What is handed over: reread, thinned out, spread, within a budget; stretches around passages; whole documents."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.chunking import Chunk
from rag.embed import Embedder, load_embedder
from rag.index import Index, IndexMeta, Ranked, build
from rag.rerank import load_reranker
from rag.search import Searcher
from rag.selection import Selection, spread
from workbench.candidate import Retrieval
from workbench.run import Passage

CORPUS = {
    "lamp.md#1": "The lamp costs nine crowns.",
    "lamp.md#2": "The lamp costs nine crowns. The lamp is blue.",
    "lamp.md#3": "The lamp is blue.",
    "chair.md#1": "The chair is made of blue oak.",
    "ferry.md#1": "The ferry leaves from the harbour on Sunday.",
}
PARENTS = {
    "lamp.md#p1": "The lamp costs nine crowns. The lamp is blue. Keep the receipt.",
    "chair.md#p1": "The chair is made of blue oak. Returns within thirty days.",
    "ferry.md#p1": "The ferry leaves from the harbour on Sunday. The bridge is red.",
}
DOCUMENTS = {
    "lamp.md": "The lamp costs nine crowns. The lamp is blue. Keep the receipt of the lamp.",
    "chair.md": "The chair is made of blue oak.",
    "ferry.md": "The ferry leaves from the harbour on Sunday.",
}


@pytest.fixture(scope="module")
def embedder(toy_embedder: Path) -> Embedder:
    return load_embedder(str(toy_embedder))


def indexed(embedder: Embedder, *, parents: bool = False) -> Index:
    chunks = [
        Chunk(name, name.split("#")[0], text, parent=f"{name.split('#')[0]}#p1" if parents else "")
        for name, text in CORPUS.items()
    ]
    around = [Chunk(name, name.split("#")[0], text) for name, text in PARENTS.items()] if parents else []
    meta = IndexMeta(
        embedder="toy", digest=embedder.digest, dimension=embedder.dimension, passages=len(chunks), chunk_tokens=64,
        chunk_overlap=0,
    )  # fmt: skip
    return build(meta, chunks, embedder.passages(list(CORPUS.values())), parents=around)


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def chosen(
    embedder: Embedder,
    question: str,
    *,
    parents: bool = False,
    reranker: Path | None = None,
    documents: dict[str, str] | None = None,
    **settings: object,
) -> tuple[Passage, ...]:
    settings |= {"reranker": str(reranker)} if reranker else {}
    own = Retrieval.model_validate({"chunk_tokens": 16, "chunk_overlap": 0, **settings})
    index = indexed(embedder, parents=parents)
    loaded = load_reranker(str(reranker)) if reranker else None
    selection = Selection(index, own, words, loaded, documents)
    vectors = embedder.questions([question])
    (ranked,) = Searcher(index, own.search).rank([question], vectors, selection.deep)
    return selection.choose(vectors[0], selection.reread(question, ranked))


def ids(passages: Sequence[Passage]) -> list[str]:
    return [one.id for one in passages]


def test_with_nothing_set_the_first_are_handed_over(embedder: Embedder) -> None:
    found = chosen(embedder, "What does the lamp cost? nine crowns costs", passages=2)
    assert ids(found) == ["lamp.md#1", "lamp.md#2"]
    assert found[0].text == CORPUS["lamp.md#1"]


def test_what_scores_too_little_is_left_out(embedder: Embedder) -> None:
    question = "The lamp costs nine crowns."
    every = chosen(embedder, question, passages=5)
    found = chosen(embedder, question, passages=5, least_score=0.5)
    assert found == tuple(one for one in every if one.score >= 0.5)
    assert 0 < len(found) < 5
    assert chosen(embedder, "zebra", passages=5, least_score=0.2) == (), "the corpus holds nothing for it"


def test_a_least_score_is_the_cosine_whatever_was_searched_by(embedder: Embedder) -> None:
    question = "The lamp costs nine crowns."
    for way in ("lexical", "hybrid"):
        found = chosen(embedder, question, search=way, passages=5, least_score=0.999)
        assert ids(found) == ["lamp.md#1"]


def test_passages_alike_make_room_for_others(embedder: Embedder) -> None:
    question = "What does the blue lamp cost? nine crowns costs"
    assert {one.document for one in chosen(embedder, question, passages=2)} == {"lamp.md"}
    spread_out = chosen(embedder, question, passages=2, diversity=0.7)
    assert spread_out[0].document == "lamp.md"
    assert spread_out[1].document != "lamp.md"


def test_marginal_relevance_is_that_of_its_formula(embedder: Embedder) -> None:
    index = indexed(embedder)
    ranked: Ranked = [(n, score) for n, score in enumerate([3.0, 2.5, 2.0, 1.0, 0.0])]
    vectors = index.vectors.at(range(5))
    relevance = np.array([1, 2.5 / 3, 2 / 3, 1 / 3, 0])
    for diversity in (0.2, 0.5, 1.0):
        order = [place for place, _ in spread(ranked, index, diversity=diversity)]
        expected: list[int] = []
        while len(expected) < 5:
            left = [n for n in range(5) if n not in expected]
            gains = [
                (1 - diversity) * relevance[n]
                - diversity * max((float(vectors[n] @ vectors[m]) for m in expected), default=0.0)
                for n in left
            ]
            expected.append(left[int(np.argmax(np.round(gains, 6)))])
        assert order == expected
        assert dict(spread(ranked, index, diversity=diversity)) == dict(ranked), "scores stay with their passages"
    assert spread(ranked, index, diversity=0) == ranked


def test_a_budget_takes_the_best_that_fit(embedder: Embedder) -> None:
    question = "The lamp costs nine crowns. The lamp is blue."
    everything = ids(chosen(embedder, question, passages=5))
    assert everything[0] == "lamp.md#2"
    found = chosen(embedder, question, passages=5, budget_tokens=16)
    assert sum(words([one.text for one in found])) <= 16
    assert ids(found)[0] == "lamp.md#2"
    assert ids(found) == [name for name in everything if name in ids(found)], "in their order"


def test_a_budget_that_no_passage_fits_hands_nothing_over(embedder: Embedder) -> None:
    index = indexed(embedder)
    settings = Retrieval(chunk_tokens=16, budget_tokens=16, passages=3)
    selection = Selection(index, settings, lambda texts: [99] * len(texts))
    assert selection.hand_over([(0, 1.0), (1, 0.5)]) == ()


def test_small_passages_are_found_and_the_stretches_around_them_handed_over(embedder: Embedder) -> None:
    question = "What does the lamp cost? nine crowns costs blue"
    found = chosen(embedder, question, parents=True, passages=2, parent_tokens=64)
    assert ids(found)[0] == "lamp.md#p1"
    assert found[0].text == PARENTS["lamp.md#p1"]
    assert ids(found)[1] == "chair.md#p1", "three passages of one stretch count once"


def test_the_reranker_decides_among_what_was_found(embedder: Embedder, toy_reranker: Path) -> None:
    question = "What does the lamp cost? nine crowns costs"
    before = ids(chosen(embedder, question, passages=5))
    found = chosen(embedder, question, passages=5, reranker=toy_reranker)
    scores = load_reranker(str(toy_reranker)).score(question, [CORPUS[name] for name in before])
    by_score = dict(zip(before, scores, strict=True))
    assert ids(found) == sorted(before, key=lambda name: -by_score[name])
    assert [one.score for one in found] == pytest.approx([by_score[one.id] for one in found], abs=1e-5)
    two = chosen(embedder, question, passages=2, reranker=toy_reranker, rerank_from=2)
    assert set(ids(two)) == set(before[:2]), "it reads no more than it is given"
    middle = sorted(scores)[2]
    above = chosen(embedder, question, passages=5, reranker=toy_reranker, least_score=middle)
    assert set(ids(above)) == {name for name, score in by_score.items() if score >= middle - 1e-6}


def test_whole_documents_best_first_as_many_as_fit(embedder: Embedder) -> None:
    question = "What does the lamp cost? nine crowns costs"
    found = chosen(embedder, question, documents=DOCUMENTS, whole_documents=True, budget_tokens=22)
    assert ids(found)[0] == "lamp.md#whole"
    assert found[0].text == DOCUMENTS["lamp.md"]
    assert len(found) == 2
    assert sum(words([one.text for one in found])) <= 22


def test_of_a_document_that_has_no_room_its_best_passage_is_handed_over(embedder: Embedder) -> None:
    long = DOCUMENTS | {"lamp.md": "The lamp costs nine crowns. " * 50}
    found = chosen(embedder, "The lamp costs nine crowns.", documents=long, whole_documents=True, budget_tokens=16)
    assert ids(found)[0] == "lamp.md#1"
    assert "lamp.md#whole" not in ids(found)


def test_a_corpus_that_fits_is_handed_over_in_its_own_order(embedder: Embedder) -> None:
    settings = Retrieval(chunk_tokens=16, chunk_overlap=0, whole_documents=True, budget_tokens=1000)
    selection = Selection(indexed(embedder), settings, words, None, DOCUMENTS)
    assert selection.all_fit
    assert ids(selection.everything(None)) == [f"{name}#whole" for name in DOCUMENTS]
    assert ids(selection.everything("chair.md")) == ["lamp.md#whole", "ferry.md#whole"]
    tight = settings.model_copy(update={"budget_tokens": 20})
    assert not Selection(indexed(embedder), tight, words, None, DOCUMENTS).all_fit
