"""What a run will take: from what comparable steps took, or no figure at all."""

from pathlib import Path

import pytest

from workbench.bill import demo_minutes, estimate, history
from workbench.candidate import Candidate, Prompt
from workbench.case import open_case
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.stage import Grpo, Lora, Qlora, RejectionSampling, Sft


def test_nothing_comparable_gives_no_figure(full_workspace: Path, tmp_path: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    bill = estimate(make_plan(case, [Candidate(name="new", prompt=Prompt(examples=9))]), history(tmp_path / "nowhere"))
    assert bill.seconds is None
    assert bill.memory_mb is None
    assert bill.steps == 2


def test_what_is_done_costs_nothing(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    plan = make_plan(case, case.candidates())
    bill = estimate(plan, history(full_workspace))
    assert (bill.steps, bill.reused, bill.seconds) == (0, len(plan.steps), 0.0)


def test_twice_the_epochs_take_twice_the_training(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    past = history(full_workspace)

    def seconds(epochs: float) -> float:
        tuned = Candidate(name="tuned", training=(Sft(epochs=epochs, adapter=Lora(rank=7)),))
        found = estimate(make_plan(case, [tuned]), past).seconds
        assert found is not None
        return found

    assert seconds(20) - seconds(10) == pytest.approx(seconds(30) - seconds(20))
    assert seconds(20) > 1.5 * seconds(10)


def test_reinforcement_is_billed_by_the_answers_it_draws(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")

    def planned(steps: int) -> Plan:
        return make_plan(case, [Candidate(name="tuned", training=(Sft(), Grpo(steps=steps)))])

    plan = planned(10)
    plan.write()
    for name in plan.unfinished():
        plan.step(name).update(status="done", facts={"seconds": 60.0})
    past = history(full_workspace)
    assert estimate(plan, past).steps == 0
    twice, thrice = (estimate(planned(steps), past).seconds or 0 for steps in (20, 30))
    trained = [name for name in planned(20).unfinished() if name.startswith("train-")]
    assert thrice - twice == pytest.approx(60 * len(trained))


def test_what_draws_answers_is_part_of_the_run(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    stages = (Sft(), Grpo(), RejectionSampling())
    plan = make_plan(case, [Candidate(name="tuned", training=stages)])
    roles = [role for role in plan.runs["tuned", 0].steps if not role.startswith("dev-")]
    assert roles == ["train-1", "passes-2", "train-2", "rows-3", "train-3", "answer", "score"]
    assert set(plan.steps) == {name for run in plan.runs.values() for name in run.steps.values()}


def test_steps_on_another_base_say_nothing(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    other = Candidate(name="other", base_model="Qwen/Qwen3-0.6B")
    assert estimate(make_plan(case, [other]), history(full_workspace)).seconds is None


def test_memory_is_the_most_that_a_comparable_step_held(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    tuned = Candidate(name="tuned", training=(Sft(adapter=Qlora(rank=3)),))
    bill = estimate(make_plan(case, [tuned]), history(full_workspace))
    assert bill.memory_mb == 812.0


def test_a_damaged_step_is_passed_over(full_workspace: Path) -> None:
    damaged = next((full_workspace / "steps").glob("train-*")) / "step.json"
    damaged.write_text("{", encoding="utf-8")
    assert history(full_workspace).paces


def test_the_demo_takes_longer_on_one_core() -> None:
    assert demo_minutes(1) > demo_minutes(2) == demo_minutes(64)
