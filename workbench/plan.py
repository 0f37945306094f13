"""A plan: the steps that the runs of some candidates take, and the folder each of them is done in."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.case import Case, Part
from workbench.run import Run
from workbench.usecase import Split
from workbench.workspace import Step, StepKind, StepRecord, digest, write_atomically

VERSIONS: dict[StepKind, int] = {
    "index": 2,
    "retrieve": 2,
    "train": 1,
    "draw": 2,
    "judge": 1,
    "paraphrase": 1,
    "answer": 2,
    "import": 1,
    "score": 2,
    "measure": 1,
    "support": 1,
    "prefer": 1,
    "export": 1,
    "check": 3,
    "drift": 1,
}
"""Raised by one whenever the code of a kind of step changes what the step makes."""


@dataclass
class Plan:
    """All steps that the runs of some candidates take, in an order in which they can be done."""

    case: Case
    split: Split
    steps: dict[str, StepRecord] = field(default_factory=dict)
    """By folder name; each after those it needs."""
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    """By candidate and seed."""
    shares: set[float] = field(default_factory=set)
    """Shares of the training examples that steps read, each a file that is made before they start."""
    parts: set[Part] = field(default_factory=set)
    """Parts of splits that steps read, each such a file, too."""

    def step(self, name: str) -> Step:
        """The folder of a planned step."""
        return Step(self.case.workspace / "steps" / name)

    def unfinished(self) -> list[str]:
        """Names of the steps that are still to be done, in order."""
        return [name for name in self.steps if not is_done(self.step(name))]

    def add(self, kind: StepKind, title: str, **details: Any) -> str:
        """Plan a step, unless the same one is planned already; returns its folder name."""
        inputs, needs = details.get("inputs", {}), details.get("needs", {})
        key = digest({"kind": kind, "version": VERSIONS[kind], "inputs": inputs, "needs": needs})[:16]
        name = f"{kind}-{key}"
        if name not in self.steps:
            self.steps[name] = StepRecord(
                kind=kind, key=key, title=title, inputs=inputs, needs=needs, files=details.get("files", {}),
                how=details.get("how", {}),
            )  # fmt: skip
        return name

    def write(self) -> None:
        """Create the folders of all steps and runs that are not there yet, so that engines can start.

        How an unfinished step is to be done is written anew: it may have changed.
        """
        for share in self.shares:
            self.case.write_share(share)
        for part in self.parts:
            self.case.write_part(part)
        for name, record in self.steps.items():
            step = self.step(name)
            if not (step.folder / "step.json").exists():
                write_atomically(step.folder / "step.json", record.model_dump_json(indent=1))
            elif record.how and not is_done(step) and step.record.how != record.how:
                step.update(how=record.how)
        for run in self.runs.values():
            path = self.case.workspace / "runs" / run.id / "run.json"
            if not path.exists():
                write_atomically(path, run.model_dump_json(indent=1))


def with_needs(name: str, plan: Plan) -> list[str]:
    """A step and all that it needs, those first."""
    found: list[str] = []
    for need in plan.steps[name].needs.values():
        found += [one for one in with_needs(need, plan) if one not in found]
    return [*found, name]


def is_done(step: Step) -> bool:
    """Whether a step's folder is there and complete."""
    return (step.folder / "step.json").exists() and step.status == "done"


def run_folder(workspace: Path, run_id: str) -> Path:
    """The folder of a run."""
    return workspace / "runs" / run_id
