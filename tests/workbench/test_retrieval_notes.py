"""A report says in words what of a candidate's retrieval did not go as asked for."""

from pathlib import Path
from typing import Any

import pytest

from tests.toys import finished_case, toy_case
from workbench.candidate import Retrieval
from workbench.case import presets
from workbench.planning import make_plan
from workbench.results import load_results
from workbench.retrieval_notes import Prepared, retrieval_notes
from workbench.rows import Took


def test_what_is_used_as_it_comes_needs_no_word(tmp_path: Path) -> None:
    found = load_results(finished_case(tmp_path)).find("rag-sft")
    assert found.took().prepared == Prepared()
    assert retrieval_notes("rag-sft", found.took().prepared) == ()


def test_what_the_steps_noted_is_carried(tmp_path: Path) -> None:
    case = finished_case(tmp_path)
    results = load_results(case)
    one = results.find("rag-sft")
    train = one.steps[0]["train-1"]
    train.note(rows_with_gold=30, rows_with_distractors_alone=8, rows_without_evidence=2)
    one.steps[0]["retrieve-test"].note(examples=60, fell_back={"empty": 3})
    embedder = one.steps[0]["index"]
    embedder.note(pairs=40, without_a_passage=1, dev_questions=0, optimiser_steps=9)
    more = {"queries-test": one.steps[0]["retrieve-test"], "embedder": embedder}
    prepared = type(one)(**{**vars(one), "steps": tuple(steps | more for steps in one.steps)}).took().prepared
    assert prepared.rows == {"rows_with_gold": 30, "rows_with_distractors_alone": 8, "rows_without_evidence": 2}
    assert (prepared.requests, prepared.as_they_are) == (60, {"empty": 3})
    assert prepared.embedder == {"pairs": 40, "without_a_passage": 1, "dev_questions": 0}
    assert Took.parse(Took(prepared=prepared).model_dump(mode="json"), where="test").prepared == prepared


def test_the_roles_of_a_plan_are_those_that_are_looked_for(tmp_path: Path) -> None:
    case = toy_case(tmp_path, "product-facts", "shop")
    one = presets()["rag-tuned-embedder"]
    assert one.retrieval is not None
    retrieval = Retrieval.parse(one.retrieval.model_dump() | {"query": "rewritten"}, where="test")
    plan = make_plan(case, [one.model_copy(update={"retrieval": retrieval})])
    assert {"queries-test", "embedder"} <= set(plan.runs[one.name, 0].steps)


@pytest.mark.parametrize(
    ("as_they_are", "end"),
    [
        ({}, "searches for 5 of 5 requests by what a model made of them, too."),
        (
            {"too long": 1, "empty": 2},
            "searches for 2 of 5 requests by what a model made of them, too; the others are searched for as they are, "
            "since nothing of use was made of them (2 empty and 1 too long).",
        ),
    ],
)
def test_requests_that_were_not_rewritten_are_counted(as_they_are: dict[str, int], end: str) -> None:
    assert retrieval_notes("rag", Prepared(requests=5, as_they_are=as_they_are)) == (f"rag {end}",)


TUNED = {"pairs": 40, "without_a_passage": 1}


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({"dev_questions": 0}, "(1 training example says none); no development example says"),
        ({"kept_step": 0, "dev_questions": 9, "dev_recall": 0.5, "dev_recall_before": 0.5}, "it was left as it was."),
        (
            {"kept_step": 8, "dev_questions": 10, "dev_recall": 0.9, "dev_recall_before": 0.5},
            "Of 10 development questions 50% found theirs first before, 90% after.",
        ),
    ],
)
def test_what_tuning_the_embedder_brought_is_said(facts: dict[str, Any], end: str) -> None:
    (note,) = retrieval_notes("rag", Prepared(embedder=TUNED | facts))
    assert "was tuned on 40 pairs" in note
    assert end in note


def test_the_rows_of_a_training_are_told_apart() -> None:
    rows = {"rows_with_gold": 30, "rows_with_distractors_alone": 8, "rows_without_evidence": 2}
    assert retrieval_notes("raft", Prepared(rows=rows)) == (
        "raft was trained on 30 rows with the passage that answers among distractors and 8 with distractors alone; "
        "2 name no evidence and kept the passages that were found.",
    )
