"""What a run will take, from what earlier steps on this machine took; no figure where nothing comparable was done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from workbench.plan import Plan
from workbench.workspace import StepKind, StepRecord, finished_steps

DEMO_MINUTES = 8
"""The bundled demo from nothing to its report, on two cores."""
DEMO_CORES = 2
CHEAP: tuple[StepKind, ...] = ("index", "retrieve", "import", "score", "measure")
"""Kinds whose seconds may be left out where no such step was done yet."""


@dataclass(frozen=True)
class Bill:
    """What the unfinished steps of a plan will take."""

    steps: int
    """How many are still to be done."""
    reused: int
    """How many are done already."""
    seconds: float | None
    """None: no comparable step was done on this machine yet."""
    memory_mb: float | None
    """The most that a comparable step held."""


def demo_minutes(cores: int) -> int:
    """About how long the bundled demo takes here; more than two cores hardly help so small a model."""
    return round(DEMO_MINUTES * max(1.0, DEMO_CORES / cores))


@dataclass(frozen=True)
class History:
    """What finished steps of a workspace took, by what they were like."""

    paces: Mapping[str, Sequence[float]]
    """Seconds for each row and epoch."""
    memory: Mapping[str, float]
    """The most MB that one held."""


def history(workspace: Path) -> History:
    """What every finished step of a workspace took."""
    sizes = _Sizes(workspace)
    paces: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    for record in finished_steps(workspace):
        like, size = _like(record), sizes.of(record)
        if size:
            paces.setdefault(like, []).append(float(record.facts["seconds"]) / size)
        if record.facts.get("peak_memory_mb") is not None:
            memory[like] = max(memory.get(like, 0.0), float(record.facts["peak_memory_mb"]))
    return History(paces, memory)


def estimate(plan: Plan, past: History) -> Bill:
    """What it will take to finish a plan, by the median pace of comparable steps."""
    waiting = plan.unfinished()
    sizes = _Sizes(plan.case.workspace)
    seconds: float | None = 0.0
    for name in waiting:
        record = plan.steps[name]
        known = past.paces.get(_like(record))
        if known is None:
            seconds = seconds if record.kind in CHEAP else None
        elif seconds is not None:
            seconds += median(known) * sizes.of(record)
    held = [past.memory[like] for like in map(_like, (plan.steps[name] for name in waiting)) if like in past.memory]
    return Bill(
        steps=len(waiting),
        reused=len(plan.steps) - len(waiting),
        seconds=seconds,
        memory_mb=max(held, default=None) if seconds is not None else None,
    )


class _Sizes:
    """How much there is to do in a step: rows, times epochs in training; files are counted once.

    Answers that are drawn count each, in draws and in reinforcement.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.rows: dict[str, int] = {}

    def of(self, record: StepRecord) -> float:
        """The size; 1 row for an index and for documents to train on, which may be anywhere."""
        stage: Mapping[str, Any] = record.inputs.get("stage", {})
        if "steps" in stage:
            return float(stage["steps"] * stage["prompts"] * stage["answers"])
        source = next((record.files[role] for role in ("pairs", "ratings", "examples") if role in record.files), None)
        rows = float(self._rows(source)) if source else 1.0
        if record.kind == "draw":
            return min(rows, float(record.inputs["most"])) * float(record.inputs["answers"])
        turns = stage.get("epochs", record.inputs.get("tuning", {}).get("epochs", 1))
        return rows * float(turns)

    def _rows(self, relative: str) -> int:
        if relative not in self.rows:
            path = self.workspace / relative
            self.rows[relative] = path.read_bytes().count(b"\n") if path.is_file() else 0
        return self.rows[relative]


def _like(record: StepRecord) -> str:
    """Steps of one value take about the same for each row: kind, base model, prompt, method and adapter."""
    inputs: Mapping[str, Any] = record.inputs
    stage = inputs.get("stage", {})
    adapter = [stage.get("method"), stage.get("adapter", {}).get("kind")]
    parts = [inputs.get("base_model"), bool(inputs.get("shots")), "retrieve" in record.needs, inputs.get("four_bit")]
    return json.dumps([record.kind, *parts, adapter])
