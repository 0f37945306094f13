"""Questions that stand in a document with their answers are a leak; documents that tell the answer are none."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.toys import finish, toy_case
from workbench.case import Case
from workbench.create import audit_case, retrieve_solved_examples
from workbench.planning import make_plan
from workbench.report import render
from workbench.results import Results, decide, load_results
from workbench.usecase import Example, Message
from workbench.verbatim import verbatim_pairs

ASKED = (
    ("price", "What is the price of the Laikio 300 lamp?", "49 crowns"),
    ("ferry", "When does the blue ferry leave the old harbour?", "at nine"),
    ("maker", "The maker of the Brotodiom table lamp", "Veabo"),
    ("form", "Which colour and price has the Pewak chair?", '{"colour": "red", "price": "20 crowns"}'),
)


def examples(*asked: tuple[str, str, str]) -> list[Example]:
    return [
        Example(id=name, messages=(Message(role="user", content=text),), target=target) for name, text, target in asked
    ]


def found(**texts: str) -> dict[str, str]:
    return {one.example: one.document for one in verbatim_pairs(examples(*ASKED), texts)}


@pytest.mark.parametrize(
    "text",
    [
        "Q: What is the price of the Laikio 300 lamp?\nA: It is 49 crowns.",
        "what is the price of the LAIKIO 300  lamp? 49 crowns",
        "Question: What's the price of the Laikio 300 lamp\nAnswer: 49 crowns",
        "First this. What is the prize of the Laikio 300 lamp? Well, at our shop you pay 49 crowns for it.",
    ],
)
def test_a_question_with_its_answer_is_found_word_for_word_or_nearly(text: str) -> None:
    assert found(other="The ferry.", faq=text) == {"price": "faq"}


@pytest.mark.parametrize(
    "text",
    [
        "The price of the Laikio 300 lamp is 49 crowns.",
        "The maker of the Brotodiom table lamp is Veabo.",
        "What is the price of the Laikio 300 lamp? We do not know.",
        "What is the price of the Laikio 400 chair? 49 crowns",
        "What is the price of the Laikio 300 lamp? " + "Nobody has told us yet. " * 12 + "49 crowns",
        "49 crowns. What is the price of the Laikio 300 lamp?",
        "",
    ],
)
def test_documents_that_tell_an_answer_or_ask_a_question_are_no_leak(text: str) -> None:
    assert found(document=text) == {}


def test_a_request_that_is_no_question_needs_something_between_it_and_the_answer() -> None:
    assert found(list="The maker of the Brotodiom table lamp\nVeabo") == {"maker": "list"}


def test_all_values_of_an_answer_in_json_stand_there() -> None:
    asked = "Which colour and price has the Pewak chair?"
    assert found(faq=f"{asked} It is red and costs 20 crowns.") == {"form": "faq"}
    assert found(faq=f"{asked} It is red.") == {}


def test_questions_that_are_too_short_and_answers_that_are_too_long_are_not_looked_for() -> None:
    asked = examples(("short", "What costs it?", "nine"), ("long", "What is the story of the lamp?", "so " * 20))
    assert verbatim_pairs(asked, {"faq": "What costs it? nine\nWhat is the story of the lamp? " + "so " * 20}) == []


# --- In a use case ------------------------------------------------------------------------------------


def leaky(workspace: Path, count: int) -> Case:
    """A use case whose documents hold some of its test questions with their answers, and its runs."""
    case = toy_case(workspace, "product-facts", "leaky")
    test: Sequence[Example] = list(case.examples("test"))
    pairs = "\n\n".join(f"Q: {one.question}\nA: {one.target}" for one in test[:count])
    (case.folder / "documents" / "faq.md").write_text(pairs, encoding="utf-8")
    case.choose(one for one in case.candidates() if one.name in ("zero-shot", "rag"))
    return case


def run(case: Case) -> Results:
    plan = make_plan(case, case.candidates())
    plan.write()
    for name in plan.unfinished():
        finish(plan, name, used={})
    return load_results(case)


def test_the_audit_names_them_before_anything_is_run_and_after(tmp_path: Path) -> None:
    case = leaky(tmp_path, 20)
    wanted = {one.id for one in list(case.examples("test"))[:20]}
    made = audit_case(case)
    assert set(made.verbatim_ids) == wanted
    (told,) = (one for one in made.findings if one.kind == "verbatim")
    assert told.severity == "warning"
    assert set(told.rows) == wanted
    assert "20 of 60 test examples stand in the documents, question and answer together" in told.message
    assert "faq.md" in told.message
    assert not told.mendable
    results = run(case)
    assert set(results.audit().verbatim_ids) == wanted
    assert not results.leaked, "they stay in the comparison"


def test_solved_examples_are_documents_on_purpose(tmp_path: Path) -> None:
    case = leaky(tmp_path, 0)
    retrieve_solved_examples(case)
    assert audit_case(case).verbatim_ids == ()


def test_the_report_says_what_rests_on_them_and_what_is_left(tmp_path: Path) -> None:
    results = run(leaky(tmp_path, 20))
    metric = results.use_case.metric
    copied = np.arange(len(results.examples)) < 20
    # As if retrieval answered these by copying, and nothing else.
    candidates = tuple(
        replace(one, values={**one.values, metric: np.where(copied, 1.0, 0.0)[None]}) if one.name == "rag" else one
        for one in results.candidates
    )
    made = replace(results, candidates=candidates)
    text = render(made, decide(made), to="md").decode()
    assert "20 of the test examples stand in the documents, question and answer together" in text
    assert "100.0 % of the right answers of rag rest on them" in text
    assert decide(made).choice == "rag"
    assert "Without them it would read" in text
    same = render(results, decide(results), to="md").decode()
    assert "The recommendation is the same without them." in same


def test_who_retrieves_nothing_owes_them_nothing(tmp_path: Path) -> None:
    results = run(leaky(tmp_path, 20))
    alone = load_results(results.case, [one for one in results.case.candidates() if one.name == "zero-shot"])
    assert "question and answer together:" not in render(alone, decide(alone), to="md").decode()
