"""Suites are run once on the base and once on each training, and what they show stands in report, card and terminal."""

import re
from pathlib import Path

import pytest

from tests.toy_checks import check_case
from tests.toys import finished_case
from workbench.case import Case, presets
from workbench.checked import gather
from workbench.checks import plan_checks
from workbench.create import audit_case
from workbench.export import card, find_run
from workbench.flips import flips
from workbench.recommend import Recommendation
from workbench.render_markdown import document
from workbench.report import assemble
from workbench.results import decide, load_results
from workbench.sections import Material
from workbench.sections.bases import base_blocks
from workbench.sections.lost import lost
from workbench.usecase import Limits


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return finished_case(tmp_path)


def test_the_base_is_measured_once_and_prompts_not_at_all(case: Case) -> None:
    checks = plan_checks(case, case.candidates())
    assert set(checks.courses) == {"sft", "qlora", "rag-sft"}
    assert all(len(course.panels) == 2 for course in checks.courses.values())
    assert sum(record.kind == "check" for record in checks.plan.steps.values()) == 2 + 3 * 2, "the base twice"
    assert sum(record.kind == "drift" for record in checks.plan.steps.values()) == 3 * 2
    (base,) = checks.bases.values()
    assert checks.plan.steps[base].needs == {}
    assert len(checks.plan.steps[base].inputs["suites"]) == 8
    assert checks.losses("sft") == ()
    alone = plan_checks(case, [presets()["zero-shot"]])
    assert not alone.courses
    assert len(alone.plan.steps) == 1, "the base is measured all the same"


def test_a_loss_is_told_everywhere(case: Case) -> None:
    assert gather(case, case.candidates()).losses == {}
    results = load_results(case)
    recommendation = decide(results)
    before = document(assemble(results, recommendation))
    assert "What training cost" not in before
    assert "something else that it could do was not measured" in before
    check_case(case, wrong={"pocket_words": 45})
    found = gather(case, case.candidates()).losses
    worst = found["sft"][0]
    assert (worst.suite.name, worst.state) == ("pocket_words", "degraded")
    assert worst.change == pytest.approx(-0.15)
    assert worst.lenient_change == 0, "only the form was lost"
    assert {one.state for one in found["sft"][1:]} == {"kept"}
    results = load_results(case)
    after = document(assemble(results, recommendation))
    assert "sft is shown to have lost words (\u221215.0 points)" in after
    assert "something else that it could do was not measured" not in after
    assert re.search(r"^\| words +\|", card(case, find_run(case.workspace, "sft", seed=0)), re.MULTILINE)
    blocks = lost(Material(results, recommendation, audit_case(case)))
    table = next(block for block in blocks if block.kind == "table")
    assert len(table.rows) == 3 * 8


def test_what_was_kept_is_said(case: Case) -> None:
    check_case(case, wrong={})
    results = load_results(case)
    said = document(assemble(results, decide(results)))
    assert "sft is shown to have kept all that was measured." in said


def test_a_loss_beyond_the_limit_rules_out_and_an_open_one_blocks(case: Case) -> None:
    def judged(wrong: int, **limits: float) -> Recommendation:
        whole = {"max_p95_seconds": None, "max_forgetting": None, "max_over_refusal": None}
        case.save(case.use_case.model_copy(update={"limits": Limits(**(whole | limits))}))
        check_case(case, wrong={"pocket_words": wrong})
        return decide(load_results(case))

    without = judged(45)
    assert without.choice == "rag-sft"
    assert not without.ruled_out
    out = judged(45, max_forgetting=0.05)
    assert out.choice == "rag", "the best of those that lost nothing"
    ruled = {one.candidate: one for one in out.ruled_out}
    assert set(ruled) == {"sft", "qlora", "rag-sft"}
    assert "words lost 15.0 points" in ruled["sft"].figure
    limits = {(one.candidate, one.status) for one in out.limits}
    assert ("rag", "pass") in limits
    assert any("unchanged by construction" in one.text for one in out.limits if one.candidate == "rag")
    assert any("rag-sft fails: forgetting" in one.text or "but fails: forgetting" in one.text for one in out.reasons)


def test_what_was_not_measured_blocks_a_clear_recommendation(case: Case) -> None:
    limits = Limits(max_forgetting=0.05, max_over_refusal=0.1)
    case.save(case.use_case.model_copy(update={"limits": limits, "smallest_difference": 0.005}))
    case.choose(presets()[name] for name in ("zero-shot", "sft"))
    found = decide(load_results(case))
    unsure = {(one.candidate, one.limit) for one in found.limits if one.status == "unsure"}
    assert unsure >= {("sft", "forgetting"), ("sft", "over-refusal"), ("zero-shot", "over-refusal")}
    assert found.strength != "clear"
    check_case(case)
    found = decide(load_results(case))
    assert all(one.status == "pass" for one in found.limits)


def test_over_refusal_is_a_limit_of_its_own(case: Case) -> None:
    case.save(case.use_case.model_copy(update={"limits": Limits(max_over_refusal=0.05)}))
    check_case(case, wrong={"pocket_alarming": 90})
    found = decide(load_results(case))
    ruled = {one.candidate: one.figure for one in found.ruled_out}
    assert set(ruled) == {"sft", "qlora", "rag-sft"}
    assert "refuses 30.0 % of harmless requests" in ruled["sft"]


def test_a_sweep_proposes_the_adapter_that_keeps_most_and_loses_nothing(case: Case) -> None:
    case.choose(presets()[name] for name in ("zero-shot", "sft"))
    check_case(case, wrong={"pocket_words": 45}, sweep=True)
    one = gather(case, case.candidates()).candidates["sft"]
    assert one.frontier is not None
    assert [place.at for place in one.frontier.along("alpha")] == [0.25, 0.5, 0.75, 1.0]
    assert one.frontier.proposed == 0.5, "it loses 3 of 100 items, which counts as none; 0.75 loses 8"
    said = document(assemble(results := load_results(case), decide(results)))
    assert "at alpha 0.5 it keeps" in said


def test_the_base_alone_is_told_of(case: Case) -> None:
    case.choose([presets()["zero-shot"]])
    checks = check_case(case)
    table = next(block for block in base_blocks(checks) if block.kind == "table")
    assert len(table.rows) == 8
    assert table.rows[0].cells[3] == "100.0 %"


def test_flipped_items_are_shown_before_and_after(case: Case) -> None:
    checks = check_case(case, wrong={"pocket_words": 3})
    found = flips(checks, "sft", "pocket_words")
    assert len(found) == 3
    assert all(one.lost and one.trainings == 2 for one in found)
    assert (found[0].before, found[0].after) == ("answer 0", "{}")
    assert flips(checks, "sft", "pocket_text") == ()
