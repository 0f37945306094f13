"""Training steps on the toy, made and done by hand; and stopped in the middle."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recipes.bases import Bases
from recipes.pairing import make_pairs
from recipes.paraphrase import paraphrase
from recipes.rewrite import rewrite
from recipes.steps import answer, draw_answers, train
from workbench.engine import do_step
from workbench.errors import Stopped
from workbench.stage import Qlora, Stage
from workbench.workspace import Step, StepKind, StepRecord, write_atomically

FILES = {
    "examples": "train.jsonl",
    "dev": "dev.jsonl",
    "pairs": "pairs.jsonl",
    "ratings": "ratings.jsonl",
    "documents": "documents",
}


def make(
    workspace: Path, base: Path, kind: StepKind, name: str, *, needs: Mapping[str, str] | None = None, **inputs: Any
) -> Step:
    """A step's folder; ``inputs`` beside the plain ones, files as in FILES."""
    plain = {"base_model": str(base), "seed": 1, "instruction": "", "shots": 0, "four_bit": False, "metric": "regex"}
    files = {
        role: file for role, file in FILES.items() if role not in ("dev", "ratings") or (workspace / file).exists()
    }
    record = StepRecord(kind=kind, key=name, title=name, inputs=plain | inputs, needs=dict(needs or {}), files=files)
    folder = workspace / "steps" / name
    write_atomically(folder / "step.json", record.model_dump_json())
    return Step(folder)


def make_training(workspace: Path, base: Path, stage: Stage, *, name: str = "train-a", **needs: str) -> Step:
    """The step of one stage."""
    four_bit = isinstance(stage.adapter, Qlora)
    return make(workspace, base, "train", name, needs=needs, stage=stage.model_dump(mode="json"), four_bit=four_bit)


def do(step: Step, bases: Bases | None = None) -> Step:
    """Do a step in this process."""
    shared = bases or Bases()
    known: dict[str, Callable[[Step], None]] = {
        "train": lambda one: train(one, bases=shared),
        "draw": lambda one: draw_answers(one, bases=shared),
        "answer": lambda one: answer(one, bases=shared),
        "paraphrase": lambda one: paraphrase(one, bases=shared),
        "rewrite": lambda one: rewrite(one, bases=shared),
        "judge": lambda one: make_pairs(one, bases=shared),
    }
    do_step(step, known, packages=[])
    return step


def stop(step: Step, *, phase: str, at: int | None = None) -> None:
    """Do a step until it reports this phase, and this position in it; then it is stopped."""
    report = Step.report

    def stopping(self: Step, now: str, **figures: Any) -> None:
        report(self, now, **figures)
        if now == phase and at in (None, figures.get("step")):
            self.ask_to_stop()

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(Step, "report", stopping)
        do(step)
    assert step.status == "stopped"


def same_adapters(one: Step, other: Step) -> bool:
    """Whether two trainings left the very same weights."""
    first, second = (load_file(each.path("adapter") / "adapter_model.safetensors") for each in (one, other))
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)
