"""A trained run is handed on: which one, and what is written where."""

import json
from pathlib import Path
from typing import Literal

from workbench.candidate import Candidate
from workbench.card import card
from workbench.case import Case, open_case
from workbench.errors import ConfigError, NotFound, WorkbenchError
from workbench.phrases import listed
from workbench.plan import Plan, is_done, run_folder
from workbench.planning import weakened
from workbench.run import Run
from workbench.stage import Full

ExportForm = Literal["merged", "adapter"]
MARKER = "workbench-export.json"
"""Names the step that wrote an exported folder, so that nothing else is ever replaced."""


def find_run(workspace: Path, name: str, *, seed: int | None = None) -> Run:
    """A run by its id, or by its candidate's name where only one fits.

    Raises NotFound where there is none, and ConfigError where there are several.
    """
    exact = run_folder(workspace, name) / "run.json"
    if exact.is_file():
        return Run.load(exact)
    every = [Run.load(path) for path in sorted((workspace / "runs").glob("*/run.json"))]
    found = [run for run in every if run.candidate.name == name and seed in (None, run.seed)]
    current = [run for run in found if _is_current(workspace, run)]
    if not found:
        known = sorted({run.candidate.name for run in every})
        raise NotFound(
            f"There is no run {name!r}.", f"Known candidates: {', '.join(known) or 'none was run yet'}; or name an id."
        )
    if len(current or found) > 1:
        raise ConfigError(
            f"{name} was run more than once.",
            f"Name one of {listed([run.id for run in current or found], word='or')}, or a seed with --seed.",
        )
    return (current or found)[0]


def _is_current(workspace: Path, run: Run) -> bool:
    """Whether a run's data are still those of its use case."""
    try:
        return open_case(workspace, run.use_case).split_digest("test") == run.examples
    except (WorkbenchError, OSError):
        return False


def plan_export(case: Case, run: Run, *, to: Path, form: ExportForm) -> tuple[Plan, str]:
    """The plan that writes a run's model to a folder, and the name of the step that does it.

    Raises ConfigError where there is nothing to write, or where it would overwrite something else.
    """
    candidate = run.candidate
    stages = {role: name for role, name in run.steps.items() if role.startswith("train-")}
    if not stages:
        raise ConfigError(
            f"{candidate.name} is not trained: it is its base model {candidate.base_model} with a prompt.",
            "Export a candidate with training.",
        )
    if form == "adapter":
        _refuse_adapter(candidate, len(stages))
    to = to.resolve()
    if not is_ours(to):
        raise ConfigError(f"{to} holds something else.", "Name a folder that is not there yet.")
    plan = Plan(case, "test")
    split: Literal["dev", "test"] = "dev" if case.split_path("dev").stat().st_size else "test"
    last = plan.step(stages[f"train-{len(stages)}"])
    if not is_done(last):
        raise ConfigError(f"{run.id} is not finished.", f"Finish it with `workbench run {case.name}`.")
    trained = last.record.inputs
    prompt = {name: trained[name] for name in ("instruction", "shots", "cite") if name in trained}
    told = case.use_case.instruction if candidate.prompt.instruction is None else candidate.prompt.instruction
    retrieved = run.steps.get(f"retrieve-{split}")
    files = {"examples": str(case.split_path(split).relative_to(case.workspace))}
    if candidate.prompt.examples:
        files["shots"] = str(case.split_path("train").relative_to(case.workspace))
    name = plan.add(
        "export",
        f"export {run.id}",
        inputs={
            "instruction": told,
            "shots": candidate.prompt.examples,
            **prompt,
            "base_model": trained["base_model"],
            "base": trained["base"],
            "four_bit": trained["four_bit"],
            **weakened(candidate),
            "decoding": candidate.decoding.model_dump(mode="json"),
            "examples": case.split_digest(split),
            "to": str(to),
            "form": form,
            "card": card(case, run),
        },
        needs=stages | ({"retrieve": retrieved} if retrieved else {}),
        files=files,
    )
    step = plan.step(name)
    if is_done(step) and _written_by(to) != step.name:
        step.update(status="waiting")  # What it wrote is gone.
    return plan, name


def is_ours(to: Path) -> bool:
    """Whether a folder may be replaced: it is not there, is empty, or was written by an export."""
    if not to.exists():
        return True
    return to.is_dir() and (not any(to.iterdir()) or bool(_written_by(to)))


def _written_by(to: Path) -> str:
    """The step that wrote a folder; empty where none did."""
    try:
        return str(json.loads((to / MARKER).read_text(encoding="utf-8"))["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refuse_adapter(candidate: Candidate, stages: int) -> None:
    if stages > 1:
        raise ConfigError(
            f"The last adapter of {candidate.name} rests on the stages before it.", "Export the merged weights."
        )
    if isinstance(candidate.training[0].adapter, Full):
        raise ConfigError(f"{candidate.name} trained all weights and has no adapter.", "Export the merged weights.")
