"""Suites are run once on the base and once on each training, and what they show stands in report, card and terminal."""

from pathlib import Path

import pytest

from tests.toys import finished_case
from workbench.case import Case, presets
from workbench.checks import Checks, measured_losses, plan_checks
from workbench.create import audit_case
from workbench.errors import ConfigError
from workbench.export import card, find_run
from workbench.render_markdown import document
from workbench.report import assemble
from workbench.results import decide, load_results
from workbench.sections import Material
from workbench.sections.lost import lost
from workbench.workspace import write_jsonl


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return finished_case(tmp_path)


def measured(checks: Checks, *, wrong: dict[str, int]) -> None:
    """Write what the suites gave: everything right, but for so many items of a suite in each training."""
    checks.plan.write()
    for name, record in checks.plan.steps.items():
        rows = []
        for suite in checks.suites.values():
            missed = wrong.get(suite.name, 0) if record.needs else 0
            for n in range(300):
                right = 1.0 if suite.metric == "nats" else float(n >= missed)
                rows.append({"suite": suite.name, "item": str(n), "values": {suite.metric: right, "lenient": 1.0}})
        step = checks.plan.step(name)
        write_jsonl(step.path("items.jsonl"), rows)
        step.update(status="done")


def test_the_base_is_measured_once_and_prompts_not_at_all(case: Case) -> None:
    checks = plan_checks(case, case.candidates())
    assert set(checks.trained) == {"sft", "qlora", "rag-sft"}
    assert all(len(steps) == 2 for steps in checks.trained.values())
    assert len(checks.plan.steps) == 1 + 3 * 2
    (base,) = checks.bases.values()
    assert checks.plan.steps[base].needs == {}
    assert len(checks.plan.steps[base].inputs["suites"]) == 8
    assert checks.losses("sft") == ()
    with pytest.raises(ConfigError, match="No trained candidate"):
        plan_checks(case, [presets()["zero-shot"]])


def test_a_loss_is_told_everywhere(case: Case) -> None:
    assert measured_losses(case, case.candidates()) == {}
    results = load_results(case)
    recommendation = decide(results)
    before = document(assemble(results, recommendation))
    assert "What training cost" not in before
    assert "something else that it could do was not measured" in before
    measured(plan_checks(case, case.candidates()), wrong={"pocket_words": 45})
    found = measured_losses(case, case.candidates())
    worst = found["sft"][0]
    assert (worst.suite.name, worst.state) == ("pocket_words", "degraded")
    assert worst.change == pytest.approx(-0.15)
    assert worst.lenient_change == 0, "only the form was lost"
    assert {one.state for one in found["sft"][1:]} == {"kept"}
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
