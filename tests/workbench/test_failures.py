"""Failures by cause: each answer that is not wholly right has one, and with the score they make up the whole."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tests.toys import finished_case
from workbench.blocks import Examples, Table
from workbench.case import Case, open_case
from workbench.failures import CAUSES, Failures, failures_of
from workbench.planning import make_plan
from workbench.report import assemble, render
from workbench.results import CandidateResults, Results, decide, load_results
from workbench.score import LENIENT
from workbench.sections.failures import failure_blocks, note, sentence
from workbench.sought import Sought, Where
from workbench.statistics.arrays import Floats
from workbench.verify import verify


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    made = finished_case(tmp_path_factory.mktemp("failures"))
    made.choose(one for one in made.candidates() if one.name in ("zero-shot", "rag"))
    return made


@dataclass(frozen=True, eq=False, kw_only=True)
class Known(Results):
    """Results of which it is given what became of the passages."""

    given_sought: Sought | None = None

    def sought(self, name: str) -> Sought | None:
        return self.given_sought


def made(
    case: Case, values: Floats, where: list[Where], *, lenient: Floats | None = None, abstained: tuple[int, ...] = (),
    too_long: tuple[int, ...] = (), named: int = 0,
) -> Failures:  # fmt: skip
    """The failures of ``rag`` had it these values (runs, 6) on the first examples and 1 on all others."""
    results = load_results(case)
    n = len(results.examples)
    rag = results.find("rag")
    whole = np.ones((len(values), n))
    whole[:, :6] = values
    said = np.zeros(whole.shape, dtype=np.bool_)
    said[:, list(abstained)] = True
    one = replace(
        rag, values={**rag.values, results.use_case.metric: whole}, abstained=said,
        failed={"too long": tuple(tuple(too_long) for _ in values)},
    )  # fmt: skip
    full: Floats = np.ones(whole.shape)
    if lenient is not None:
        full[:, :6] = lenient
    sought = Sought(
        where=(*where, *["there"] * (n - 6)), by_answer=tuple(range(named)),
        lenient=() if lenient is None else tuple(tuple(row.tolist()) for row in full),
    )  # fmt: skip
    fields = {name: getattr(results, name) for name in Results.__dataclass_fields__}
    found = failures_of(Known(**(fields | {"candidates": (one,)}), given_sought=sought), one)
    assert found is not None
    assert found.score + sum(each.lost.value for each in found.causes) == pytest.approx(1)
    return found


EVERYWHERE: list[Where] = ["absent", "missed", "there", "there", "unknown", "there"]


def test_each_failure_has_one_cause(case: Case) -> None:
    found = made(case, np.zeros((1, 6)), EVERYWHERE, abstained=(0, 3), too_long=(5,))
    causes = {each.cause: each.examples for each in found.causes}
    ids = [example.id for example in case.examples("test")]
    assert causes == {
        "absent": (ids[0],), "missed": (ids[1],), "unread": (ids[2],), "abstained": (ids[3],), "unknown": (ids[4],),
        "no room": (ids[5],),
    }  # fmt: skip
    assert found.failed == 6


def test_what_is_right_in_substance_fails_for_its_form_wherever_its_passages_were(case: Case) -> None:
    lenient = np.array([[0, 1, 1, 0, 0.5, 0]])
    found = made(case, np.zeros((1, 6)), EVERYWHERE, lenient=lenient, abstained=(3,))
    assert {each.cause: each.answers for each in found.causes}["form"] == 2
    assert found.read_leniently
    assert "were not read leniently" in note(made(case, np.zeros((1, 6)), EVERYWHERE))


def test_an_answer_that_is_half_right_loses_half_and_seeds_are_counted_apart(case: Case) -> None:
    values = np.array([[0.5, 1, 1, 1, 1, 1], [0.0, 1, 1, 1, 1, 1.0]])
    found = made(case, values, EVERYWHERE)
    (only,) = found.causes
    assert (only.cause, only.answers) == ("absent", 2)
    assert only.lost.value == pytest.approx(0.75 / found.answers * 2)
    assert only.lost.low <= only.lost.value <= only.lost.high


def test_the_largest_loss_comes_first_with_what_helps(case: Case) -> None:
    found = made(case, np.zeros((1, 6)), ["missed", "missed", "missed", "there", "absent", "missed"])
    assert found.causes[0].cause == "missed"
    assert "better retrieval is worth most" in sentence(found)
    assert "It loses most, 6.7 of 10.0 points" in sentence(found)
    (table,) = (block for block in failure_blocks(found) if isinstance(block, Table))
    assert [row.cells[1] for row in table.rows] == ["4", "1", "1"]
    assert table.rows[0].cells[2] == "66.7 %"
    assert {row.cells[0] for row in table.rows} <= {title for title, _ in CAUSES.values()}
    assert "not retrieved: a right passage is among the documents" in note(found).lower()
    assert "3 examples name no evidence" in note(made(case, np.zeros((1, 6)), EVERYWHERE, named=3))


def test_where_all_is_right_nothing_is_lost(case: Case) -> None:
    found = made(case, np.ones((1, 6)), EVERYWHERE)
    assert not found.causes
    (said,) = failure_blocks(found)
    assert "nothing is lost" in str(said)


# --- From the folders ---------------------------------------------------------------------------------


def test_a_retrieving_candidate_is_read_leniently_beside_its_score(case: Case) -> None:
    plan = make_plan(case, case.candidates())
    zero, rag = (plan.runs[name, 0].steps for name in ("zero-shot", "rag"))
    assert "score-lenient" not in zero
    assert plan.steps[rag["score-lenient"]].inputs["metrics"] == [LENIENT]
    assert plan.steps[rag["score"]].inputs["metrics"] != [LENIENT]
    assert "score-lenient" not in make_plan(case, [case.candidates()[1]], split="dev").runs["rag", 0].steps


def test_what_became_of_the_passages_is_read_from_the_folders(case: Case) -> None:
    results = load_results(case)
    sought = results.sought("rag")
    assert sought is not None
    assert results.sought("zero-shot") is None
    retrieved = results.find("rag").retrieved()
    for example, where in zip(results.examples, sought.where, strict=True):
        right = {passage.document for passage in retrieved[example.id].passages} & set(example.evidence)
        assert (where == "there") == bool(right)
    assert len(sought.lenient) == 1
    rag = results.find("rag")
    right = rag.values[results.use_case.metric][0] == 1
    assert np.array(sought.lenient[0])[right].min() == 1, "what is right is right in substance, too"


def test_a_run_that_was_finished_before_has_its_report(case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.workspace, tmp_path / "copy")
    there = open_case(tmp_path / "copy", case.name)
    steps = make_plan(there, there.candidates()).runs["rag", 0].steps
    for role in ("score-lenient", "measure"):
        shutil.rmtree(there.workspace / "steps" / steps[role])
    results = load_results(there)
    text = render(results, decide(results), to="md").decode()
    assert "answers were not read leniently yet" in text


def test_nothing_is_said_of_the_form_before_the_answers_are_read_leniently(case: Case) -> None:
    results = load_results(case)
    rag: CandidateResults = results.find("rag")
    steps = tuple({role: step for role, step in own.items() if role != "score-lenient"} for own in rag.steps)
    unread = replace(results, candidates=(replace(rag, steps=steps),))
    found = failures_of(unread, unread.candidates[0])
    assert found is not None
    assert not found.read_leniently


def test_the_report_counts_them_and_a_check_counts_them_again(case: Case, tmp_path: Path) -> None:
    results = load_results(case)
    told = decide(results)
    report = assemble(results, told)
    names = [block.text for block in report.blocks if block.kind == "heading"]
    assert "Where answers are lost" in names
    found = failures_of(results, results.find("rag"))
    assert found is not None
    shown = next(block for block in report.blocks if isinstance(block, Examples))
    causes = {CAUSES[each.cause][0].lower() for each in found.causes}
    assert {one.answers[0].remark.split(";")[0] for one in shown.examples} == causes
    path = tmp_path / "report.json"
    path.write_bytes(render(results, told, to="json"))
    assert verify(path).wrong == ()
    data = json.loads(path.read_text())
    (rag,) = (one for one in data["grounds"]["candidates"] if one["candidate"]["name"] == "rag")
    rag["sought"]["where"] = ["missed"] * len(rag["sought"]["where"])
    path.write_text(json.dumps(data))
    assert any("Where answers are lost" in text for text in verify(path).wrong)
    rag["sought"]["where"] = ["missed"]
    path.write_text(json.dumps(data))
    with pytest.raises(Exception, match="what became of their passages"):
        verify(path)
