"""How runs stand while they are under way: read from the folders of their steps, never from an engine's memory."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import NotFound
from workbench.health import reported
from workbench.plan import Plan, run_folder
from workbench.run import Run
from workbench.workspace import Status, Step, StepKind, read_jsonl

WEIGHTS: Mapping[StepKind, float] = {
    "embedder": 6,
    "index": 1,
    "rewrite": 3,
    "retrieve": 1,
    "train": 12,
    "draw": 4,
    "judge": 2,
    "paraphrase": 4,
    "answer": 6,
    "import": 0.5,
    "score": 0.5,
    "measure": 0.5,
    "support": 4,
    "prefer": 4,
    "export": 2,
    "check": 8,
    "drift": 4,
}
"""What the kinds of step take beside each other, by and large: for bars only."""
ORDER: tuple[Status, ...] = ("failed", "running", "stopped", "waiting", "done")
"""Of the states of a run's steps, the first of these is the run's."""


@dataclass(frozen=True)
class StepState:
    """One step of a run as it stands now."""

    step: Step
    kind: StepKind
    title: str
    status: Status
    phase: str
    """What it is doing, in its own words; empty before it begins."""
    share: float
    """How much of it is done, from 0 to 1."""
    seconds_left: float | None
    """Of this phase; None where it cannot be told yet."""
    figures: Mapping[str, float]
    message: str
    hint: str
    seconds: float | None
    """What it took, once it is done."""
    ended: float | None
    """When it was done, in seconds since 1970."""
    reused: bool
    """Whether it was done before this run asked for it."""


@dataclass(frozen=True)
class RunState:
    """One run as it stands now."""

    run: Run
    steps: tuple[StepState, ...]

    @property
    def status(self) -> Status:
        """The worst that can be said of its steps; waiting only where none has begun."""
        found = {state.status for state in self.steps}
        return next(status for status in ORDER if status in found)

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        whole = sum(WEIGHTS[state.kind] for state in self.steps)
        return sum(WEIGHTS[state.kind] * state.share for state in self.steps) / whole

    @property
    def current(self) -> StepState | None:
        """The step to look at: the failed, running or stopped one, or the next; None where all are done."""
        for status in ORDER[:-1]:
            for state in self.steps:
                if state.status == status:
                    return state
        return None

    @property
    def seconds(self) -> float | None:
        """What its finished steps took in all, those it shares with other runs included."""
        took = [state.seconds for state in self.steps if state.seconds is not None]
        return sum(took) if took else None

    @property
    def training(self) -> tuple[StepState, ...]:
        """Its training steps in order."""
        return tuple(state for state in self.steps if state.kind == "train")


def follow(plan: Plan) -> tuple[RunState, ...]:
    """How every run of a plan stands, in the plan's order."""
    seen: dict[str, StepState] = {}
    states = []
    for run in plan.runs.values():
        began = _asked_for(plan, run)
        for name in run.steps.values():
            if name not in seen:
                seen[name] = _look(plan, name)
        steps = tuple(_for_run(seen[name], began) for name in dict.fromkeys(run.steps.values()))
        states.append(RunState(run, steps))
    return tuple(states)


def _asked_for(plan: Plan, run: Run) -> float:
    """When this run was first asked for; now, where it has not been yet."""
    path = run_folder(plan.case.workspace, run.id) / "run.json"
    try:
        return Run.load(path).created
    except NotFound:
        return time.time()


def _for_run(state: StepState, began: float) -> StepState:
    reused = state.status == "done" and state.ended is not None and state.ended < began
    return StepState(**{**vars(state), "reused": reused})


def _look(plan: Plan, name: str) -> StepState:
    planned, step = plan.steps[name], plan.step(name)
    try:
        record = step.record
        status = step.status
    except NotFound:
        record, status = planned, "waiting"
    lines = step.read_progress() if status in ("running", "stopped", "failed") else []
    last = lines[-1] if lines else {}
    return StepState(
        step=step,
        kind=planned.kind,
        title=record.title,
        status=status,
        phase=str(last.get("phase", "")),
        share=1.0 if status == "done" else _share(last),
        seconds_left=_seconds_left(lines) if status == "running" else None,
        figures={name: float(last[name]) for name in reported([last])},
        message=record.message or ("The process that did it died." if status == "stopped" else ""),
        hint=record.hint or ("Run it again to go on from where it was." if status == "stopped" else ""),
        seconds=record.facts.get("seconds") if status == "done" else None,
        ended=record.provenance.get("ended"),
        reused=False,
    )


def _share(line: Mapping[str, Any]) -> float:
    """How far the phase of a line of progress has come."""
    done, total = line.get("step"), line.get("total")
    return min(1.0, done / total) if done is not None and total else 0.0


def _seconds_left(lines: Sequence[Mapping[str, Any]]) -> float | None:
    """Of the phase that the last line is in: as the step says, or by the pace so far."""
    if not lines:
        return None
    last = lines[-1]
    if last.get("seconds_left") is not None:
        return float(last["seconds_left"])
    same = [line for line in lines if line.get("phase") == last.get("phase") and line.get("step") is not None]
    if len(same) < 2 or not last.get("total"):
        return None
    done = last["step"] - same[0]["step"]
    pace = (last["at"] - same[0]["at"]) / done if done > 0 else None
    return None if pace is None else max(0.0, pace * (last["total"] - last["step"]))


@dataclass(frozen=True)
class Curve:
    """A figure of a training step over the optimiser's steps."""

    name: str
    """Whose it is, in a few words."""
    steps: tuple[int, ...]
    values: tuple[float, ...]


def curve(step: Step, name: str, *, figure: str = "loss", most: int = 1_000) -> Curve:
    """The course of one figure; where a training was resumed, the later line of a step counts.

    At most about ``most`` points are kept, evenly spaced: a screen has no more.
    """
    found = {
        int(line["step"]): float(line[figure])
        for line in read_jsonl(step.path("progress.jsonl"))
        if line.get(figure) is not None and line.get("step") is not None
    }
    every = max(1, len(found) // most)
    kept = sorted(found)[::every]
    return Curve(name, tuple(kept), tuple(found[n] for n in kept))
