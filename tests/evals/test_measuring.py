"""The steps that measure what was found and what answers rest on, from folders as the engines leave them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evals.measuring import measure_answers
from workbench.errors import WorkbenchError
from workbench.examples import write_examples
from workbench.measures import Measures
from workbench.usecase import Example, Message
from workbench.workspace import Step, StepRecord, read_jsonl, write_atomically, write_jsonl

TEXTS = {
    "lamp": "Lamps of the shop\nThe lamp costs 49 crowns.",
    "chair": "The chair is blue.",
    "desk": "The desk weighs 7 kilos.",
}


def example(name: str, question: str, target: str, *evidence: str) -> Example:
    return Example(id=name, messages=(Message(role="user", content=question),), target=target, evidence=evidence)


EXAMPLES = [
    example("by-id", "What does the lamp cost?", "49 crowns", "lamp"),
    example("by-title", "What does the lamp cost?", "49 crowns", "Lamps of the shop"),
    example("by-repeat", "What does the lamp cost?", "49 crowns", "old-lamp"),
    example("several", "What do they cost?", "49 crowns", "lamp", "chair"),
    example("elsewhere", "How old is the bridge?", "90 years", "bridge"),
    example("unnamed", "What colour has the chair?", "blue"),
    example("desk", "What does it weigh?", "7 kilos", "desk"),
]


def passage(document: str) -> dict[str, Any]:
    return {"id": f"{document}#1", "document": document, "text": TEXTS[document], "score": 1.0}


def step(workspace: Path, kind: str, **fields: Any) -> Step:
    folder = workspace / "steps" / f"{kind}-a"
    record = StepRecord(kind=kind, key="a", title=kind, **({"inputs": {}} | fields))  # type: ignore[arg-type]
    write_atomically(folder / "step.json", record.model_dump_json())
    return Step(folder)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    write_examples(tmp_path / "test.jsonl", EXAMPLES)
    index = step(tmp_path, "index")
    write_jsonl(
        index.path("passages.jsonl"), [{k: v for k, v in passage(one).items() if k != "score"} for one in TEXTS]
    )
    write_atomically(index.path("meta.json"), json.dumps({"duplicates": {"old-lamp": "lamp"}}))
    found = {"example": "", "passages": [passage("chair"), passage("lamp")], "ranking": ["chair#1", "lamp#1", "desk#1"]}
    retrieve = step(tmp_path, "retrieve")
    write_jsonl(retrieve.path("retrieved.jsonl"), [found | {"example": one.id} for one in EXAMPLES])
    answers = step(tmp_path, "answer")
    write_jsonl(answers.path("responses.jsonl"), [response(one.id, "49 crowns [2]") for one in EXAMPLES])
    return tmp_path


def response(name: str, marked: str, text: str | None = None) -> dict[str, Any]:
    said = {"text": text if text is not None else marked.partition(" [")[0], "marked": marked}
    return {"example": name, "prompt_tokens": 1, "completion_tokens": 1, "passages": ["chair#1", "lamp#1"], **said}


def measure(workspace: Path, **inputs: Any) -> dict[str, Measures]:
    needs = {"index": "index-a", "retrieve": "retrieve-a", "answers": "answer-a"}
    made = step(workspace, "measure", inputs=inputs, needs=needs, files={"examples": "test.jsonl"})
    measure_answers(made)
    rows = [Measures.parse(record, where="test") for record in read_jsonl(made.path("measures.jsonl"))]
    assert [one.example for one in rows] == [one.id for one in EXAMPLES]
    return {one.example: one for one in rows}


def test_evidence_is_found_by_id_title_and_what_it_repeats(workspace: Path) -> None:
    found = measure(workspace)
    for name in ("by-id", "by-title", "by-repeat"):
        assert found[name].values["recall@1"] == 0
        assert found[name].values["recall@3"] == found[name].values["in_prompt"] == 1
        assert found[name].values["reciprocal_rank"] == 0.5
    assert found["several"].values["coverage"] == found["several"].values["recall@3"] == 1
    assert "coverage" not in found["by-id"].values


def test_what_cannot_be_measured_has_a_reason(workspace: Path) -> None:
    found = measure(workspace)
    assert found["elsewhere"].reasons["recall@1"] == "its evidence is not among the documents"
    assert found["unnamed"].reasons["ndcg@10"] == "it names no evidence"
    # The document of the example itself may not be retrieved, so that it is no evidence to find.
    assert found["desk"].reasons["recall@5"] == "its evidence is not among the documents"
    assert all(not (one.values.keys() & one.reasons.keys()) for one in found.values())


def test_confirmed_evidence_counts_where_none_is_named(workspace: Path) -> None:
    found = measure(workspace, evidence={"unnamed": ["chair"], "by-id": ["desk"]})
    assert found["unnamed"].values["recall@1"] == 1
    assert found["by-id"].values["recall@1"] == 0  # It names its own.
    none = measure(workspace, evidence={"unnamed": []})
    assert none["unnamed"].reasons["recall@1"] == "a person found no passage that supports it"


def test_answers_are_held_against_their_passages(workspace: Path) -> None:
    said = {
        "by-id": response("by-id", "49 crowns [1]"),
        "several": response("several", "50 crowns [2]"),
        "unnamed": response("unnamed", "I do not know."),
        "desk": response("desk", "", "49 crowns"),
    }
    rows = [said.get(one.id, response(one.id, "49 crowns [2]")) for one in EXAMPLES]
    write_jsonl(workspace / "steps" / "answer-a" / "responses.jsonl", rows)
    found = measure(workspace)
    rest = ("grounded", "citation_precision", "citation_recall")
    assert [found["by-title"].values[name] for name in rest] == [1, 1, 1]
    assert [found["by-id"].values[name] for name in rest] == [1, 0, 0]
    assert [found["several"].values[name] for name in rest] == [0, 0, 0]
    assert found["unnamed"].reasons["grounded"] == "it says that it does not know"
    assert found["desk"].values["grounded"] == 1
    assert found["desk"].reasons["citation_recall"] == "citations were not asked for"
    claims = {row["example"]: row["claims"] for row in read_jsonl(workspace / "steps" / "measure-a" / "claims.jsonl")}
    assert claims["by-id"] == [{"claim": "49 crowns", "cites": [1], "supported": [False, True]}]
    assert claims["unnamed"] == []


def test_a_retrieval_without_a_ranking_is_measured_as_deep_as_it_goes(workspace: Path) -> None:
    def row(name: str, passages: list[Mapping[str, Any]]) -> dict[str, Any]:
        return {"example": name, "passages": passages}

    both = [passage("chair"), passage("lamp")]
    rows = [row(one.id, [] if one.id == "by-title" else both) for one in EXAMPLES]
    write_jsonl(workspace / "steps" / "retrieve-a" / "retrieved.jsonl", rows)
    found = measure(workspace)
    assert found["by-id"].values["recall@1"] == 0
    assert found["by-id"].reasons["recall@10"] == "only the first 2 passages were kept"
    assert found["by-title"].values["recall@10"] == 0  # Nothing at all was found: that is known.
    assert found["by-title"].reasons["grounded"] == "no passage was in its prompt"


def test_answers_to_other_examples_are_refused(workspace: Path) -> None:
    write_jsonl(workspace / "steps" / "answer-a" / "responses.jsonl", [response("by-id", "49 crowns [2]")])
    with pytest.raises(WorkbenchError, match="6 of 7 examples have no response"):
        measure(workspace)
