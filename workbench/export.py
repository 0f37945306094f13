"""A trained run is handed on: what is written where, and the model card that goes with it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from workbench.analysis import Standing
from workbench.candidate import Candidate
from workbench.case import SPLITS, Case, open_case
from workbench.checked import gather
from workbench.errors import ConfigError, NotFound, WorkbenchError
from workbench.loss_words import loss_cells
from workbench.phrases import listed, percent
from workbench.plan import Plan, is_done, run_folder
from workbench.planning import weakened
from workbench.recommend import Recommendation
from workbench.results import Results, decide, load_results
from workbench.run import Run
from workbench.score import METRICS
from workbench.stage import Full
from workbench.workspace import file_digest

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


# --- The model card -----------------------------------------------------------------------------------


def card(case: Case, run: Run) -> str:
    """The model card: what it is for, from what it was made, how well it does, and what was not measured."""
    return "\n".join(_card(case, run)) + "\n"


def _card(case: Case, run: Run) -> Iterator[str]:
    candidate, use_case = run.candidate, case.use_case
    yield from ("---", f"base_model: {candidate.base_model}", "library_name: transformers", "---", "")
    yield from (f"# {case.name}: {candidate.name}", "")
    methods = " -> ".join(f"{stage.method} ({stage.adapter.kind})" for stage in candidate.training)
    yield from (f"{candidate.base_model}, trained for the use case {case.name}: {methods}; seed {run.seed}.", "")
    yield from ("## How to ask it", "")
    told = use_case.instruction if candidate.prompt.instruction is None else candidate.prompt.instruction
    yield f"System message: {told!r}." if told else "No system message."
    if candidate.prompt.examples:
        yield f"It was measured with {candidate.prompt.examples} solved examples before each request."
    if candidate.retrieval is not None:
        yield f"It was trained and measured with {candidate.retrieval.passages} retrieved passages in each request."
    yield from ("", "## How well it does", "")
    yield from _scores(case, run)
    yield from ("", "## What it lost", "")
    yield from _lost(case, run)
    yield from ("", "## From what it was made", "")
    for split in SPLITS:
        path = case.split_path(split)
        if path.exists():
            count = path.read_bytes().count(b"\n")
            yield f"- {split}: {count:,} examples, sha256 {file_digest(path)}"
    if case.documents is not None and candidate.retrieval is not None:
        yield f"- documents: sha256 {case.documents_digest()}"
    yield from ("", "## The candidate", "", "```yaml", candidate.to_yaml().strip(), "```")


def _lost(case: Case, run: Run) -> Iterator[str]:
    found = gather(case, [run.candidate]).losses.get(run.candidate.name, ())
    if not found:
        yield "Forgetting was not measured for this run: check what else it has to be able to do before you rely on it."
        return
    yield "Beside the untrained base, on the same items; the worst suite first:"
    yield from ("", "| Suite | Base | Trained | Change | 95 % interval | Shows |", "|---|---:|---:|---:|---:|---|")
    for one in found:
        before, after, change, interval, _, _, shows = loss_cells(one)
        yield f"| {one.suite.facet} | {before} | {after} | {change} | {interval} | {shows} |"


def _scores(case: Case, run: Run) -> Iterator[str]:
    try:
        results = load_results(case)
        recommendation = decide(results)
    except WorkbenchError as error:
        yield f"Not measured: {error.message}"
        return
    yield from _table(results, recommendation, run.candidate.name)


def _table(results: Results, recommendation: Recommendation, own: str) -> Iterator[str]:
    metric = METRICS[results.use_case.metric]
    yield f"{metric.title} on {recommendation.n:,} test examples that nobody trained on:"
    yield from ("", "| Candidate | Approach | Mean | 95 % interval | Seeds |", "|---|---|---:|---:|---:|")
    standings: Sequence[Standing] = recommendation.standings
    for one in standings:
        name = f"**{one.candidate}**" if one.candidate == own else one.candidate
        yield (
            f"| {name} | {one.approach} | {percent(one.mean)} | {100 * one.low:.1f} to {100 * one.high:.1f} | "
            f"{one.seeds} |"
        )
