"""How runs stand: read from folders that are changed under the reader's eyes."""

import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest

from workbench.case import open_case
from workbench.follow import WEIGHTS, RunState, curve, follow
from workbench.plan import VERSIONS, Plan
from workbench.planning import make_plan
from workbench.waves import ENGINES
from workbench.workspace import StepKind, write_jsonl


@pytest.fixture
def plan(full_workspace: Path) -> Plan:
    case = open_case(full_workspace, "shop-tickets")
    return make_plan(case, case.candidates())


def states(plan: Plan) -> dict[tuple[str, int], RunState]:
    return {(each.run.candidate.name, each.run.seed): each for each in follow(plan)}


def test_each_run_says_the_worst_of_its_steps(plan: Plan) -> None:
    found = {key: each.status for key, each in states(plan).items()}
    assert found == {
        ("zero-shot", 0): "done",
        ("few-shot", 0): "waiting",
        ("sft", 0): "failed",
        ("sft", 1): "running",
        ("qlora", 0): "stopped",
        ("qlora", 1): "waiting",
    }


def test_shares_grow_with_what_is_done(plan: Plan) -> None:
    found = states(plan)
    assert found["zero-shot", 0].share == 1.0
    assert found["few-shot", 0].share == 0.0
    assert 0 < found["sft", 0].share < found["sft", 1].share < found["qlora", 0].share < 1


def test_the_running_step_is_the_one_to_look_at(plan: Plan) -> None:
    current = states(plan)["sft", 1].current
    assert current is not None
    assert current.phase == "training"
    assert current.seconds_left == pytest.approx(11.2)
    assert set(current.figures) == {"loss", "learning_rate", "gradient_norm"}
    assert states(plan)["zero-shot", 0].current is None


def test_time_left_follows_the_pace_where_a_step_does_not_say(plan: Plan) -> None:
    step = plan.step(plan.runs["sft", 1].steps["train-1"])
    lines = [{"at": 100.0 + 2 * n, "phase": "answering", "step": n, "total": 50} for n in (10, 20, 30)]
    write_jsonl(step.path("progress.jsonl"), lines)
    current = states(plan)["sft", 1].current
    assert current is not None
    assert current.seconds_left == pytest.approx(2 * 20)


def test_a_step_whose_process_died_counts_as_stopped(plan: Plan) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    plan.step(plan.runs["sft", 1].steps["train-1"]).update(process=gone.pid)
    each = states(plan)["sft", 1]
    assert each.status == "stopped"
    assert each.current is not None
    assert each.current.message
    assert each.current.hint


def test_before_anything_is_written_all_wait(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-tickets")
    case.save(case.use_case.model_copy(update={"instruction": "Something else."}))
    assert {each.status for each in follow(make_plan(case, case.candidates()))} == {"waiting"}


def test_steps_done_for_an_earlier_run_are_reused(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    found = states(make_plan(case, case.candidates()))
    assert [step.kind for step in found["rag-sft", 0].steps if step.reused] == ["index", "retrieve"]
    assert not any(step.reused for step in found["rag", 0].steps)


def test_the_later_line_of_a_resumed_training_counts(plan: Plan) -> None:
    step = plan.step(plan.runs["qlora", 0].steps["train-1"])
    first = [{"phase": "training", "step": n, "total": 4, "loss": 9.0, "at": 0.0} for n in (1, 2, 3)]
    again = [{"phase": "training", "step": n, "total": 4, "loss": 1.0, "at": 1.0} for n in (2, 3, 4)]
    write_jsonl(step.path("progress.jsonl"), [{"phase": "loading", "step": None, "at": 0.0}, *first, *again])
    found = curve(step, "qlora")
    assert found.steps == (1, 2, 3, 4)
    assert found.values == (9.0, 1.0, 1.0, 1.0)


def test_long_curves_are_thinned(plan: Plan) -> None:
    step = plan.step(plan.runs["qlora", 0].steps["train-1"])
    write_jsonl(step.path("progress.jsonl"), [{"step": n, "loss": 1 / n, "at": 0.0} for n in range(1, 5001)])
    assert len(curve(step, "qlora", most=100).steps) == 100


def test_following_many_runs_is_quick(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    plan = make_plan(case, case.candidates())
    follow(plan)
    began = time.perf_counter()
    follow(plan)
    assert time.perf_counter() - began < 1.0


def test_every_kind_of_step_has_a_share_of_the_bar() -> None:
    assert set(WEIGHTS) == set(get_args(StepKind)) == set(VERSIONS) == set(ENGINES)
