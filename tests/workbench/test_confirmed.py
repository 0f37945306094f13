"""Evidence that people confirm: stored click by click, taken back, and told to the steps that look at evidence."""

from pathlib import Path

import pytest

from tests.toys import toy_case
from workbench.candidate import Candidate, Retrieval
from workbench.case import Case
from workbench.confirmed import Click, Verdict, note, read_standings, with_confirmed
from workbench.errors import DataError
from workbench.examples import Examples
from workbench.planning import make_plan
from workbench.usecase import Split


def click(example: str, verdict: Verdict, document: str = "") -> Click:
    return Click(example=example, verdict=verdict, document=document, passage=f"{document}#1" if document else "")


def test_what_holds_is_what_was_not_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "case" / "evidence.jsonl"
    assert read_standings(path) == {}
    note(path, [click("a", "no", "x"), click("a", "yes", "y"), click("b", "none")])
    note(path, [click("c", "yes", "z"), click("c", "undo"), click("d", "undo"), click("a", "yes", "x")])
    found = read_standings(path)
    assert set(found) == {"a", "b"}
    assert found["a"].documents == ("y", "x")
    assert found["a"].judged == {"x#1", "y#1"}
    assert found["a"].settled
    assert found["b"].settled
    assert found["b"].empty
    note(path, [click("a", "undo"), click("a", "undo")])
    assert not read_standings(path)["a"].settled


def test_a_click_that_was_being_written_when_the_process_died_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    note(path, [click("a", "yes", "x")])
    with path.open("a") as out:
        out.write('{"example": "b", "verd')
    assert set(read_standings(path)) == {"a"}
    note(path, [click("c", "skip")])
    assert set(read_standings(path)) == {"a", "c"}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_text("no json\n")
    with pytest.raises(DataError, match=r"evidence\.jsonl is damaged"):
        read_standings(path)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A use case of which half of the test and training examples name their evidence."""
    case = toy_case(tmp_path, "product-facts", "shop")
    splits: tuple[Split, ...] = ("train", "test")
    for split in splits:
        examples = case.examples(split)
        bare = (one.model_copy(update={"evidence": ()}) if n % 2 else one for n, one in enumerate(examples))
        case.freeze(split, bare)
    return case


def keys(case: Case, retrieval: Retrieval) -> dict[str, str]:
    (run,) = make_plan(case, [Candidate(name="one", retrieval=retrieval)]).runs.values()
    return run.steps


def test_splits_and_answers_stay_and_only_what_looks_at_evidence_is_done_again(case: Case) -> None:
    before, digest = keys(case, Retrieval()), case.split_digest("test")
    examples = case.examples("test")
    note(case.evidence_path, [click(examples[1].id, "yes", "lamp.md"), click(examples[3].id, "none")])
    assert case.confirmed("test") == {examples[1].id: ["lamp.md"], examples[3].id: []}
    assert case.confirmed("train") == {}
    after = keys(case, Retrieval())
    assert {role for role in after if after[role] != before[role]} == {"measure"}
    assert case.split_digest("test") == digest
    handed = keys(case, Retrieval(gold=True))
    note(case.evidence_path, [click(examples[1].id, "undo")])
    assert keys(case, Retrieval(gold=True))["retrieve-test"] != handed["retrieve-test"]


def test_evidence_that_an_example_names_is_never_overruled(case: Case) -> None:
    examples = case.examples("test")
    note(case.evidence_path, [click(examples[0].id, "yes", "other.md")])
    assert case.confirmed("test") == {}
    assert with_confirmed(examples, {examples[0].id: ["other.md"]}) == examples


def test_confirmed_evidence_fills_what_is_not_named(case: Case) -> None:
    examples = case.examples("test")
    found = with_confirmed(examples, {examples[1].id: ["a.md", "b.md"], examples[3].id: []})
    assert isinstance(found, Examples)
    assert found[1].evidence == ("a.md", "b.md")
    assert found[3].evidence == ()
    assert found.numbers == examples.numbers
