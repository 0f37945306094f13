"""Use case x candidates x seeds -> steps in order: shared ones once, finished ones skipped."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from workbench.base_models import identity
from workbench.candidate import Candidate
from workbench.case import SPLITS, Case
from workbench.errors import ConfigError
from workbench.run import Run
from workbench.stage import Cpt, Dpo, Kto, Preferences, Qlora, Reward, Sft, Stage
from workbench.usecase import Split, UseCase
from workbench.workspace import Step, StepKind, StepRecord, digest, file_digest, write_atomically

Engine = Literal["rag", "recipes", "evals"]
ENGINES: dict[StepKind, Engine] = {
    "index": "rag",
    "retrieve": "rag",
    "train": "recipes",
    "answer": "recipes",
    "score": "evals",
}
"""The package that does each kind of step."""
VERSIONS: dict[StepKind, int] = {"index": 1, "retrieve": 1, "train": 1, "answer": 1, "score": 1}
"""Raised by one whenever the code of a kind of step changes what the step makes."""
TIMED_REQUESTS = 60
"""Requests that are also answered alone, for the latency: 59 are the fewest that bound a 95th percentile."""


@dataclass
class Plan:
    """All steps that the runs of some candidates take, in an order in which they can be done."""

    case: Case
    split: Split
    steps: dict[str, StepRecord] = field(default_factory=dict)
    """By folder name; each after those it needs."""
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    """By candidate and seed."""

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
                kind=kind, key=key, title=title, inputs=inputs, needs=needs, files=details.get("files", {})
            )
        return name

    def write(self) -> None:
        """Create the folders of all steps and runs that are not there yet, so that engines can start."""
        for name, record in self.steps.items():
            step = self.step(name)
            if not (step.folder / "step.json").exists():
                write_atomically(step.folder / "step.json", record.model_dump_json(indent=1))
        for run in self.runs.values():
            path = self.case.workspace / "runs" / run.id / "run.json"
            if not path.exists():
                write_atomically(path, run.model_dump_json(indent=1))


def is_done(step: Step) -> bool:
    """Whether a step's folder is there and complete."""
    return (step.folder / "step.json").exists() and step.status == "done"


def make_plan(case: Case, candidates: Sequence[Candidate], *, split: Split = "test") -> Plan:
    """Plan the runs of candidates over one split; trained candidates once for every seed.

    Raises ConfigError where a candidate cannot run on this use case, and NotFound where its base model is not there.
    """
    if not candidates:
        raise ConfigError("No candidate is chosen.", "Choose some on the Candidates page or with --candidates.")
    plan = Plan(case, split)
    use_case = case.use_case
    for candidate in candidates:
        whole = candidate.model_copy(update={"base_model": candidate.base_model or use_case.base_model})
        for seed in range(use_case.seeds if whole.training else 1):
            _plan_run(plan, use_case, whole, seed)
    return plan


def _plan_run(plan: Plan, use_case: UseCase, candidate: Candidate, seed: int) -> None:
    case, base = plan.case, str(candidate.base_model)
    training = bool(candidate.training)
    lacking = case.lacks(candidate)
    if lacking:
        raise ConfigError(
            f"The candidate {candidate.name} needs {lacking} and the use case {case.name} has none.",
            "Add them, or leave this candidate out.",
        )
    weights = {"base_model": base, "base": identity(base)}
    prompt, shown = _prompt(case, use_case, candidate)
    steps = _plan_retrieval(plan, candidate)
    stages: dict[str, str] = {}
    four_bit = False
    for number, stage in enumerate(candidate.training, 1):
        four_bit = four_bit or isinstance(stage.adapter, Qlora)
        fed = _rows_for(case, candidate, stage, steps)
        name = plan.add(
            "train",
            f"train {candidate.name}, seed {seed}" + (f", stage {number}" if len(candidate.training) > 1 else ""),
            inputs={
                **weights,
                **(prompt if fed.prompted else {}),
                **fed.inputs,
                "stage": stage.model_dump(mode="json"),
                "four_bit": four_bit,
                "seed": seed,
            },
            needs=stages | fed.needs,
            files=(shown if fed.prompted else {}) | fed.files,
        )
        if isinstance(stage, Reward):
            steps["reward"] = name  # Nothing that answers is built on it.
        else:
            stages = stages | {f"train-{len(stages) + 1}": name}
    steps |= stages
    needs = stages | ({"retrieve": steps[f"retrieve-{plan.split}"]} if candidate.retrieval else {})
    steps["answer"] = plan.add(
        "answer",
        f"answer with {candidate.name}" + (f", seed {seed}" if training else ""),
        inputs={
            **weights,
            **prompt,
            "decoding": candidate.decoding.model_dump(mode="json"),
            "seed": seed,
            "examples": case.split_digest(plan.split),
            "four_bit": four_bit,
            "timed": TIMED_REQUESTS if seed == 0 else 0,
        },
        needs=needs,
        files=shown | {"examples": _relative(case, plan.split)},
    )
    metrics = sorted({use_case.metric, *use_case.secondary_metrics})
    steps["score"] = plan.add(
        "score",
        f"score {candidate.name}" + (f", seed {seed}" if training else ""),
        inputs={"metrics": metrics, "examples": case.split_digest(plan.split)},
        needs={"answers": steps["answer"]},
        files={"examples": _relative(case, plan.split)},
    )
    plan.runs[candidate.name, seed] = Run(
        id=f"{candidate.name}-{seed}-{steps['score'].removeprefix('score-')}",
        use_case=case.name,
        candidate=candidate,
        seed=seed,
        steps=steps,
        examples=case.split_digest(plan.split),
        created=time.time(),
    )


def _prompt(case: Case, use_case: UseCase, candidate: Candidate) -> tuple[dict[str, Any], dict[str, str]]:
    """What decides the words around a request, and the file that they are taken from."""
    instruction = use_case.instruction if candidate.prompt.instruction is None else candidate.prompt.instruction
    inputs: dict[str, Any] = {"instruction": instruction, "shots": candidate.prompt.examples}
    if not candidate.prompt.examples:
        return inputs, {}
    return inputs | {"shots_from": case.split_digest("train")}, {"shots": _relative(case, "train")}


@dataclass(frozen=True)
class _Fed:
    """What a stage learns from."""

    inputs: dict[str, Any]
    files: dict[str, str]
    needs: dict[str, str] = field(default_factory=dict)
    prompted: bool = True
    """Whether its rows are requests in the candidate's prompt."""


def _rows_for(case: Case, candidate: Candidate, stage: Stage, steps: dict[str, str]) -> _Fed:
    match stage:
        case Cpt():
            return _Fed({"documents": case.documents_digest()}, {"documents": _documents(case)}, prompted=False)
        case Sft():
            needs = {"retrieve": steps["retrieve-train"]} if candidate.retrieval else {}
            return _Fed({"examples": case.split_digest("train")}, {"examples": _relative(case, "train")}, needs)
        case Dpo() | Kto() | Reward():
            needs = {"retrieve": steps["retrieve-pairs"]} if candidate.retrieval else {}
            pairs = str(case.pairs_path.relative_to(case.workspace))
            return _Fed({"pairs": file_digest(case.pairs_path)}, {"pairs": pairs}, needs)


def _plan_retrieval(plan: Plan, candidate: Candidate) -> dict[str, str]:
    """The steps that find passages for the answers and, where the candidate is trained, for its training rows."""
    retrieval = candidate.retrieval
    if retrieval is None:
        return {}
    case = plan.case
    documents = case.documents_digest()
    steps = {
        "index": plan.add(
            "index",
            "index the documents",
            inputs={
                "chunk_tokens": retrieval.chunk_tokens,
                "chunk_overlap": retrieval.chunk_overlap,
                "embedder": retrieval.embedder,
                "documents": documents,
            },
            files={"documents": _documents(case)},
        )
    }
    asked: dict[str, Path] = {plan.split: case.split_path(plan.split)}
    if any(isinstance(stage, Sft) for stage in candidate.training):
        asked["train"] = case.split_path("train")
    if any(isinstance(stage, Preferences) for stage in candidate.training):
        asked["pairs"] = case.pair_requests_path
    for name, path in asked.items():
        steps[f"retrieve-{name}"] = plan.add(
            "retrieve",
            f"find passages for the {name} examples" if name in SPLITS else f"find passages for the {name}",
            inputs={"passages": retrieval.passages, "examples": file_digest(path)},
            needs={"index": steps["index"]},
            files={"examples": str(path.relative_to(case.workspace))},
        )
    return steps


def _relative(case: Case, split: Split) -> str:
    return str(case.split_path(split).relative_to(case.workspace))


def _documents(case: Case) -> str:
    return str((case.folder / "documents").relative_to(case.workspace))


def order_for(engine: Engine, names: Sequence[str], plan: Plan) -> list[str]:
    """Unfinished steps of one engine in the best order: those that share a loaded base model next to each other."""
    mine = [name for name in names if ENGINES[plan.steps[name].kind] == engine]

    def heavy(name: str) -> tuple[int, str]:
        inputs = plan.steps[name].inputs
        four_bit = inputs.get("four_bit") or inputs.get("stage", {}).get("adapter", {}).get("kind") == "qlora"
        return int(bool(four_bit)), str(inputs.get("base_model", ""))

    return sorted(mine, key=heavy)


def run_folder(workspace: Path, run_id: str) -> Path:
    """The folder of a run."""
    return workspace / "runs" / run_id
