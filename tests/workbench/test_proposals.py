"""Passages are proposed where the answer stands in them, as retrieval ranks them."""

import json
from argparse import Namespace
from pathlib import Path

import pytest

from tests.toys import finish, toy_case
from workbench.case import Case
from workbench.confirmed import read_standings
from workbench.errors import ConfigError, DataError
from workbench.evidence_verb import evidence
from workbench.proposals import Passages, plan_finding, progress_of_evidence, unnamed
from workbench.provenance import provenance
from workbench.run import Passage
from workbench.usecase import Example, Message
from workbench.views.evidence_html import marked, proposal_html
from workbench.workspace import read_jsonl, write_jsonl


def passages(*texts: str) -> Passages:
    return Passages(
        tuple(Passage(id=f"d{n}#1", document=f"d{n}", text=text, score=0.0) for n, text in enumerate(texts))
    )


def asked(answer: str, question: str = "What does the red lamp cost?", name: str = "q") -> Example:
    return Example(id=name, messages=(Message(role="user", content=question),), target=answer)


SHOP = passages("The chair costs 49 crowns.", "The lamp\nis red and costs 49  Crowns.", "It costs 149 crowns.", "Red.")


def test_the_answer_must_stand_there_as_whole_words() -> None:
    found = SHOP.propose(asked("49 crowns."), [])
    # Of passages that retrieval did not rank, those that share more words come first.
    assert [one.passage.id for one in found] == ["d1#1", "d0#1"]
    assert all(one.holds and one.rank is None for one in found)
    assert found[0].overlap > found[1].overlap


def test_they_come_as_retrieval_ranks_them() -> None:
    found = SHOP.propose(asked("49 crowns"), ["d3#1", "d0#1", "gone#1"])
    assert [(one.passage.id, one.rank) for one in found] == [("d0#1", 2), ("d1#1", None)]


def test_where_the_answer_stands_nowhere_the_best_ranked_are_proposed_and_said_to_lack_it() -> None:
    found = SHOP.propose(asked("12 pounds"), ["d3#1", "d0#1", "d1#1", "d2#1"])
    assert [one.passage.id for one in found] == ["d3#1", "d0#1", "d1#1"]
    assert not any(one.holds for one in found)
    assert SHOP.propose(asked("12 pounds"), []) == ()


def test_all_values_of_json_must_stand_there() -> None:
    found = SHOP.propose(asked('{"colour": "red", "price": "49 crowns"}'), [])
    assert [one.passage.id for one in found] == ["d1#1"]


def test_nobody_is_proposed_his_own_document() -> None:
    assert [one.passage.id for one in SHOP.propose(asked("49 crowns", name="d1"), [])] == ["d0#1"]


def test_an_answer_that_stands_everywhere_is_looked_for_in_what_was_found() -> None:
    many = passages(*("No." for _ in range(2_000)), "No, it is not.")
    found = many.propose(asked("no", "Is it so, or is it not?"), ["d2000#1"])
    assert (found[0].passage.id, found[0].rank) == ("d2000#1", 1)
    assert len(found) == 5


def test_the_answer_is_marked_and_nothing_of_a_document_is_markup() -> None:
    assert marked("It costs 49\nCrowns <b>now</b>, not 149 crowns", "49 crowns.") == (
        "It costs <mark>49\nCrowns</mark> &lt;b&gt;now&lt;/b&gt;, not 149 crowns"
    )
    (proposal, *_) = SHOP.propose(asked("<script>"), ["d0#1"])
    assert "<script>" not in proposal_html(1, proposal, answer="<script>", now=True, verdict="no")


# --- The command --------------------------------------------------------------------------------------


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A use case without evidence whose passages were found."""
    case = toy_case(tmp_path, "product-facts", "shop")
    case.freeze("test", [one.model_copy(update={"evidence": ()}) for one in case.examples("test")][:12])
    plan = plan_finding(case, "test").plan
    plan.write()
    for name in plan.unfinished():
        finish(plan, name, used=provenance(()))
    return case


def options(case: Case, **more: object) -> Namespace:
    usual = {"split": "test", "export": None, "confirm": None, "annotator": "ann", "json": False}
    return Namespace(workspace=case.workspace, name=case.name, **(usual | more))


def test_export_and_confirm(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "evidence.jsonl"
    assert evidence(options(case, export=out)) == 0
    rows = list(read_jsonl(out))
    by_example = {row["example"]: row for row in reversed(rows)}
    assert len(by_example) == 12
    assert all(row["answer_stands_in_it"] for row in by_example.values())
    for n, row in enumerate(by_example.values()):
        row["verdict"] = "" if n == 0 else "none" if n == 1 else "Yes"
    write_jsonl(out, list(by_example.values()))
    assert evidence(options(case, confirm=out)) == 0
    assert progress_of_evidence(case, "test") == (1, 11)
    assert sum(bool(one.documents) for one in read_standings(case.evidence_path).values()) == 10
    capsys.readouterr()
    assert evidence(options(case, json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"examples": 12, "name_evidence": 0, "confirmed": 10, "none": 1, "open": 1}
    assert evidence(options(case)) == 0
    said = capsys.readouterr().out
    assert "10 have confirmed evidence" in said
    assert "answer:" in said


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"example": "EX", "passage": "a#1", "verdict": "perhaps"}, "'perhaps' is no verdict"),
        ({"example": "nobody", "passage": "a#1", "verdict": "yes"}, "'nobody' is no example that names no evidence"),
        ({"example": "EX", "passage": "", "verdict": "yes"}, "names no document"),
    ],
)
def test_verdicts_that_cannot_be_taken_are_named_by_row(
    case: Case, tmp_path: Path, row: dict[str, str], problem: str
) -> None:
    name = unnamed(case.examples("test"))[0].id
    write_jsonl(tmp_path / "in.jsonl", [{key: value.replace("EX", name) for key, value in row.items()}])
    with pytest.raises(DataError, match=problem):
        evidence(options(case, confirm=tmp_path / "in.jsonl"))
    assert read_standings(case.evidence_path) == {}


def test_a_file_without_a_verdict_is_refused(case: Case, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", [{"example": "x", "passage": "a#1", "verdict": ""}])
    with pytest.raises(ConfigError, match="holds no verdict"):
        evidence(options(case, confirm=tmp_path / "in.jsonl"))
