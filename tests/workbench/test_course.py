"""What each stage brought: planned after every stage, measured against the stage before."""

from pathlib import Path

import numpy as np
import pytest

from tests.toys import toy_case
from workbench.candidate import Candidate
from workbench.case import Case, presets
from workbench.course import stations
from workbench.pairs import Pair
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.results import load_results
from workbench.sections.stages import stages
from workbench.workspace import write_jsonl


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A slice of tickets with a few pairs."""
    found = toy_case(tmp_path, "ticket-json", "shop-tickets")
    pairs = [Pair(id=one.id, messages=one.messages, chosen=one.target, rejected="?") for one in found.examples("train")]
    found.freeze_pairs(pairs)
    return found


def _measured(case: Case, candidate: Candidate, shares: dict[int, float]) -> Plan:
    """A plan whose answers count as scored: the first ``share`` of the examples right, after each stage."""
    plan = make_plan(case, [candidate])
    plan.write()
    for run in plan.runs.values():
        for role, name in run.steps.items():
            step = plan.step(name)
            step.update(status="done", facts={"seconds": 1.0})
            if "score" not in role:
                continue
            split = "dev" if role.startswith("dev") else "test"
            examples = case.examples(split)  # type: ignore[arg-type]
            right = shares[int(role.rsplit("-", 1)[1]) if split == "dev" else max(shares)] * len(examples)
            rows = [
                {"metric": metric, "item": one.id, "value": float(n < right)}
                for n, one in enumerate(examples)
                for metric in (case.use_case.metric, *case.use_case.secondary_metrics)
            ]
            write_jsonl(step.path("scores.jsonl"), rows)
            write_jsonl(plan.step(run.steps["answer"]).path("responses.jsonl"), [])
    return plan


def test_dev_is_answered_before_and_after_each_stage_that_answers(case: Case) -> None:
    plan = make_plan(case, [presets()["rlhf"]])
    for run in plan.runs.values():
        asked = [role for role in run.steps if role.startswith("dev-answer")]
        assert asked == ["dev-answer-0", "dev-answer-1", "dev-answer-3"], "a reward model answers nothing"
    first, second = (run.steps for (_, seed), run in plan.runs.items())
    assert first["dev-answer-0"] == second["dev-answer-0"], "the base is measured once"
    assert first["dev-answer-1"] != second["dev-answer-1"]
    alone = make_plan(case, [presets()["sft"]])
    assert not any("dev-answer" in role for run in alone.runs.values() for role in run.steps)


def test_a_stage_that_two_candidates_share_is_trained_once(case: Case) -> None:
    plan = make_plan(case, [presets()["sft"], presets()["dpo"], presets()["kto"]])
    firsts = {(seed, run.steps["train-1"]) for (_, seed), run in plan.runs.items()}
    assert len(firsts) == 2, "one for each seed"
    assert len([name for name in plan.steps if name.startswith("train-")]) == 2 + 2 + 2


def test_gains_are_paired_differences(case: Case) -> None:
    dpo = presets()["dpo"]
    _measured(case, dpo, {0: 0.0, 1: 0.25, 2: 1.0})
    results = load_results(case, [dpo])
    start, tuned, preferred = stations(results, results.candidates[0])
    n = len(case.examples("dev"))
    assert (start.n, start.seeds, start.mean, start.gain) == (n, 2, 0.0, None)
    assert tuned.gain is not None
    assert tuned.gain.delta == pytest.approx(np.ceil(0.25 * n) / n)
    assert tuned.whole == tuned.gain
    assert preferred.gain is not None
    assert preferred.whole is not None
    assert preferred.whole.delta == 1
    assert preferred.gain.low < preferred.gain.delta < preferred.gain.high
    assert preferred.gain.shown


def test_a_stage_that_is_not_measured_yet_leaves_the_table_out(case: Case) -> None:
    dpo = presets()["dpo"]
    plan = _measured(case, dpo, {0: 0.0, 1: 0.25, 2: 1.0})
    plan.step(plan.runs["dpo", 1].steps["dev-score-1"]).update(status="waiting")
    results = load_results(case, [dpo])
    assert stations(results, results.candidates[0]) == ()


def test_the_table_says_what_is_shown(case: Case) -> None:
    from types import SimpleNamespace

    dpo = presets()["dpo"]
    _measured(case, dpo, {0: 0.0, 1: 1.0, 2: 1.0})
    found = stages(SimpleNamespace(results=load_results(case, [dpo])))  # type: ignore[arg-type]
    table = next(block for block in found if block.kind == "table")
    assert [row.cells[-1] for row in table.rows] == ["where it starts", "the stage helped", "no change is shown"]
    assert table.rows[1].cells[1] == "1: supervised fine-tuning"
    assert stages(SimpleNamespace(results=load_results(case, [presets()["zero-shot"]]))) == []  # type: ignore[arg-type]
