"""Suites are run once on the base and once on each training, and what they show stands in report, card and terminal."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.toys import finished_case
from workbench.case import Case, presets
from workbench.checked import gather
from workbench.checks import Checks, plan_checks
from workbench.create import audit_case
from workbench.export import card, find_run
from workbench.render_markdown import document
from workbench.report import assemble
from workbench.results import decide, load_results
from workbench.sections import Material
from workbench.sections.lost import lost
from workbench.suites import Suite
from workbench.workspace import Step, write_atomically, write_jsonl


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return finished_case(tmp_path)


def measured(checks: Checks, *, wrong: dict[str, int]) -> None:
    """Write what the suites gave: everything right, but for so many items of a suite in each training."""
    checks.plan.write()
    for name, record in checks.plan.steps.items():
        step = checks.plan.step(name)
        if record.kind == "drift":
            rows = [
                {"kind": kind, "way": way, "prompt": str(n), "nats": 0.1 * n, "tokens": 5}
                for kind in ("task", "neutral")
                for way in ("forward", "backward")
                for n in range(20)
            ]
            write_jsonl(step.path("drift.jsonl"), rows)
            step.update(status="done")
        elif record.kind == "check":
            write_panel(step, checks.suites["pocket"], wrong=wrong if record.needs else {})


def write_panel(step: Step, suites: Sequence[Suite], *, wrong: Mapping[str, int]) -> None:
    """What a check step leaves: everything right, but for so many items of a suite."""
    rows, asked = [], {}
    for suite in suites:
        for n in range(300):
            right = 1.0 if suite.metric == "nats" else float(n >= wrong.get(suite.name, 0))
            rows.append({"suite": suite.name, "item": str(n), "values": {suite.metric: right, "lenient": 1.0}})
        asked[suite.name] = {
            "metric": suite.metric, "lenient": suite.lenient, "higher_is_better": suite.higher_is_better, "items": 300
        }  # fmt: skip
    write_jsonl(step.path("items.jsonl"), rows)
    write_atomically(step.path("suites.json"), json.dumps(asked))
    step.update(status="done")


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
    measured(plan_checks(case, case.candidates()), wrong={"pocket_words": 45})
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
    assert "| words |" in card(case, find_run(case.workspace, "sft", seed=0))
    blocks = lost(Material(results, recommendation, audit_case(case)))
    table = next(block for block in blocks if block.kind == "table")
    assert len(table.rows) == 3 * 8


def test_what_was_kept_is_said(case: Case) -> None:
    measured(plan_checks(case, case.candidates()), wrong={})
    results = load_results(case)
    said = document(assemble(results, decide(results)))
    assert "sft is shown to have kept all that was measured." in said
