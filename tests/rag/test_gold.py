"""Which passages answer an example, by its evidence or by its answer, and what stands beside them."""

from pathlib import Path

import numpy as np
import pytest

from rag.chunking import Chunk
from rag.embed import Embedder, load_embedder
from rag.gold import Gold, answered_by, holds, told_apart
from rag.index import IndexMeta, build
from rag.selection import Selection
from rag.steps import Embedders, make_index, retrieve
from tests.rag.test_rag_steps import example, make_step, workspace  # noqa: F401
from workbench.candidate import Retrieval
from workbench.run import Apart
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl

CHUNKS = [
    Chunk("lamp#1", "lamp", "The lamp is made of oak."),
    Chunk("lamp#2", "lamp", "The lamp costs nine crowns."),
    Chunk("chair#1", "chair", "The chair costs five crowns."),
    Chunk("ferry#1", "ferry", "The ferry leaves on Sunday."),
    Chunk("bread#1", "bread", "Bread costs five crowns."),
]


@pytest.fixture(scope="module")
def embedder(toy_embedder: Path) -> Embedder:
    return load_embedder(str(toy_embedder))


@pytest.fixture(scope="module")
def gold(embedder: Embedder) -> Gold:
    meta = IndexMeta(
        embedder="toy", digest=embedder.digest, dimension=embedder.dimension, passages=len(CHUNKS), chunk_tokens=16,
        chunk_overlap=0,
    )  # fmt: skip
    return Gold(build(meta, CHUNKS, embedder.passages([chunk.text for chunk in CHUNKS])))


def asked(question: str, target: str, *evidence: str, identity: str = "x") -> Example:
    return example(identity, question).model_copy(update={"target": target, "evidence": evidence})


def test_an_answer_stands_in_a_text_word_for_word() -> None:
    assert holds("It costs NINE crowns.", "nine crowns")
    assert not holds("It costs nine or ten crowns.", "nine crowns")
    assert not holds("Nineteen crowns.", "nine")
    assert not holds("Anything", "?!")


def test_evidence_names_the_passage_that_holds_the_answer(gold: Gold, embedder: Embedder) -> None:
    cases = [
        (asked("Is the lamp made of oak?", "nine crowns", "lamp"), ("lamp#2",)),
        (asked("What is the lamp made of?", "not said", "lamp"), ("lamp#1",)),
        (asked("Which is dearer?", "nine crowns", "chair", "lamp", "chair"), ("chair#1", "lamp#2")),
        (asked("Where?", "x", "nowhere"), ()),
        (asked("When does the ferry leave?", "Sunday", "ferry", identity="ferry"), ()),
        (asked("When?", "on Sunday"), ("ferry#1",)),
        (asked("What does it cost?", "five crowns"), ()),
        (asked("What does it cost?", "a million"), ()),
        (asked("When?", "on Sunday", identity="ferry"), ()),
    ]
    examples = [one for one, _ in cases]
    found = answered_by(gold, examples, embedder.questions([one.question for one in examples]))
    assert [sorted(ids) for ids in found] == [sorted(ids) for _, ids in cases]


def test_distractors_are_of_other_documents_the_best_first(gold: Gold, embedder: Embedder) -> None:
    one = asked("What does the lamp cost?", "nine crowns", "lamp")
    (vector,) = embedder.questions([one.question])
    selection = Selection(gold.index, Retrieval(), lambda texts: [len(text.split()) for text in texts])
    (ranked,) = gold.index.rank(vector[np.newaxis], 5, without=[None])
    apart = told_apart(gold, one, vector, ranked, beside=2, hand_over=selection.hand_over)
    assert [passage.id for passage in apart.gold] == ["lamp#2"]
    assert len(apart.others) == 3, "one more, to stand in for the passage that answers"
    assert "lamp" not in {passage.document for passage in apart.others}
    assert [p.score for p in apart.others] == sorted((p.score for p in apart.others), reverse=True)


@pytest.mark.usefixtures("workspace")
def test_the_step_tells_apart_only_where_it_is_asked_to(tmp_path: Path) -> None:
    embedders, index, plain = Embedders(), Step(tmp_path / "steps/index-a"), Step(tmp_path / "steps/retrieve-b")
    make_index(index, embedders=embedders)
    retrieve(plain, embedders=embedders)
    assert not plain.path("apart.jsonl").exists()
    deep = make_step(
        tmp_path, "retrieve-c", inputs=plain.record.inputs | {"beside": 1}, files=plain.record.files,
        needs=plain.record.needs,
    )  # fmt: skip
    retrieve(deep, embedders=embedders)
    assert deep.path("retrieved.jsonl").read_text().count("\n") == 62
    found = [Apart.parse(record, where="test") for record in read_jsonl(deep.path("apart.jsonl"))]
    assert len(found) == 62
    assert found[0].gold == ()
    told = make_step(
        tmp_path, "retrieve-d", inputs=deep.record.inputs | {"evidence": {"q1": ["lamp"]}}, files=plain.record.files,
        needs=plain.record.needs,
    )  # fmt: skip
    retrieve(told, embedders=embedders)
    confirmed = Apart.parse(next(iter(read_jsonl(told.path("apart.jsonl")))), where="test")
    assert [one.document for one in confirmed.gold] == ["lamp"]
    assert len(found[0].others) == 1
