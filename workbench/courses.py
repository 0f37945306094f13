"""The steps that one candidate takes with one seed: passages, stages of training, answers, scores."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.base_models import hosted_name, identity
from workbench.candidate import Candidate, Decoding, Hosted, Retrieval
from workbench.case import SPLITS, Case
from workbench.errors import ConfigError
from workbench.plan import Plan
from workbench.stage import (
    Cpt,
    Distill,
    Drawn,
    Grpo,
    Helper,
    Imitating,
    Kto,
    Preferences,
    Qlora,
    Reinforced,
    RejectionSampling,
    Reward,
    Rlhf,
    Stage,
    queue_of,
    reads_pairs,
    reads_requests,
)
from workbench.usecase import MetricName, Split
from workbench.workspace import StepKind, file_digest

OPENAI = "https://api.openai.com/v1"
ANSWERS_DRAWN = 16
"""Answers to each request by which is measured whether right ones come up at all."""
MOST_REQUESTS = 100
"""Requests for which that is measured."""
ALL_REQUESTS = 10**9
"""No bound on the requests for which answers are drawn."""
INDEXED = ("chunking", "parent_tokens", "vectors")
"""Settings of retrieval that change its index."""
SEARCHED = ("search", "reranker", "diversity", "least_score", "budget_tokens", "whole_documents")
"""Settings that change what is found in it."""


@dataclass(frozen=True)
class Asked:
    """Whose requests a step is given: those of a split, of pairs or of ratings, by the name of what finds passages."""

    name: str
    role: str
    """What the step knows their file as."""
    path: Path
    requests: Path
    """The same as examples, for retrieval."""
    digest: str = ""
    """Of the file, where that is not made yet."""

    def identity(self) -> str:
        """What identifies the file."""
        return self.digest or file_digest(self.path)


def asked_of(case: Case, split: Split, share: float = 1.0) -> Asked:
    """The requests of a split, or of a share of the training examples."""
    if split != "train" or share == 1:
        return Asked(split, "examples", case.split_path(split), case.split_path(split))
    path = case.share_path(share)
    return Asked("train", "examples", path, path, f"{case.split_digest('train')}, share {share:g}")


def asked_by(case: Case, stage: Stage) -> Asked:
    """What a stage learns from that reads preferences."""
    queue = queue_of(stage)
    if queue:
        return Asked(f"labels-{queue}", "pairs", case.labelled_path(queue), case.labelled_requests_path(queue))
    if learns_from_ratings(case, stage):
        return Asked("ratings", "ratings", case.ratings_path, case.rating_requests_path)
    return Asked("pairs", "pairs", case.pairs_path, case.pair_requests_path)


def endpoint_of(hosted: Hosted) -> str:
    """The base URL that a hosted model is asked at."""
    return (hosted.endpoint or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI).rstrip("/")


def helper_identity(helper: Helper | None) -> str:
    """What identifies a helping model that is loaded here; behind an endpoint its name must do."""
    return identity(helper.model) if helper is not None and helper.endpoint is None else ""


def measures_stages(case: Case, candidate: Candidate) -> bool:
    """Whether a candidate is measured on the development set before and after each of its stages: if it has several."""
    return len(candidate.training) > 1 and bool(case.split_path("dev").stat().st_size)


def looks_at_dev(case: Case, stage: Stage) -> bool:
    """Whether a stage looks at the development set on its way."""
    return bool(stage.looks) and not isinstance(stage, Reward) and bool(case.split_path("dev").stat().st_size)


def learns_from_ratings(case: Case, stage: Stage) -> bool:
    """Whether a stage that takes good and bad answers takes the use case's ratings, which come before its pairs."""
    return isinstance(stage, Kto) and reads_pairs(stage) and case.ratings_path.exists()


def plan_score(plan: Plan, split: Split, title: str, answers: str, *, metrics: Sequence[MetricName]) -> str:
    """Plan that answers to a split are scored by some metrics."""
    return plan.add(
        "score",
        title,
        inputs={
            "metrics": sorted(set(metrics)),
            "primary": plan.case.use_case.metric,
            "examples": plan.case.split_digest(split),
        },
        needs={"answers": answers},
        files={"examples": relative(plan.case, split)},
    )


def plan_scores(plan: Plan, split: Split, title: str, answers: str) -> str:
    """The step that scores answers to one split."""
    use_case = plan.case.use_case
    return plan_score(plan, split, title, answers, metrics=[use_case.metric, *use_case.secondary_metrics])


def plan_measures(plan: Plan, of: str, steps: Mapping[str, str]) -> dict[str, str]:
    """The steps that measure what a candidate found and how its answers rest on it: by words and, if asked, a model."""
    case = plan.case
    known, model = case.confirmed(plan.split), case.support
    examples = {"examples": case.split_digest(plan.split)}
    files = {"examples": relative(case, plan.split)}
    retrieve = steps[f"retrieve-{plan.split}"]
    found = {
        "measure": plan.add(
            "measure",
            f"measure what {of} found",
            inputs=examples | ({"evidence": known} if known else {}),
            needs={"index": steps["index"], "retrieve": retrieve, "answers": steps["answer"]},
            files=files,
        )
    }
    asked = {"support": model.model_dump(mode="json"), "support_model": model.identity} if model is not None else {}
    if model is not None:
        found["support"] = plan.add(
            "support",
            f"let {model.name} check what supports the answers of {of}",
            inputs=examples | asked,
            needs={"retrieve": retrieve, "answers": steps["answer"]},
            files=files,
        )
    if case.claim_labels_path.exists():
        found["labelled"] = plan.add(
            "support",
            "hold what supports a claim against what people say",
            inputs=asked | {"claims": file_digest(case.claim_labels_path)},
            files={"claims": str(case.claim_labels_path.relative_to(case.workspace))},
        )
    return found


class Course:
    """One candidate with one seed, as far as its steps are planned."""

    def __init__(self, plan: Plan, candidate: Candidate, seed: int, steps: dict[str, str]) -> None:
        self.plan, self.case, self.candidate, self.seed, self.steps = plan, plan.case, candidate, seed, steps
        self.stages: dict[str, str] = {}
        """The steps that trained the weights so far, by their role."""
        self.four_bit = False
        base, prompt = str(candidate.base_model), candidate.prompt
        self.weights: dict[str, Any] = {"base_model": base, "base": identity(base)}
        self.how: dict[str, Any] = {}
        if hosted_name(base) is not None:
            if candidate.training:
                raise ConfigError(
                    f"{candidate.name} would train {base}, which is hosted: its weights are not here.",
                    "Train a model that is downloaded, or take in its answers: `workbench import`.",
                )
            self.weights["endpoint"] = endpoint_of(candidate.hosted)
            self.how = candidate.hosted.model_dump(mode="json")
        told = plan.case.use_case.instruction if prompt.instruction is None else prompt.instruction
        self.prompt: dict[str, Any] = {"instruction": told, "shots": prompt.examples}
        self.shown: dict[str, str] = {}
        if candidate.retrieval is not None and candidate.retrieval.cite:
            self.prompt["cite"] = True
        if prompt.examples:
            self.prompt["shots_from"] = plan.case.split_digest("train")
            self.shown = {"shots": relative(plan.case, "train")}

    def add(
        self,
        kind: StepKind,
        title: str,
        *,
        asked: Asked | None,
        inputs: dict[str, Any],
        needs: Mapping[str, str] = MappingProxyType({}),
        files: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Plan a step of the model as it is so far; ``asked``: whose requests it is given, in the prompt."""
        given, found = dict(self.weights), {}
        if asked is not None:
            given |= {**self.prompt, asked.role: asked.identity()}
            files = {**files, **self.shown, asked.role: str(asked.path.relative_to(self.case.workspace))}
            if self.candidate.retrieval is not None:
                found = {"retrieve": self.steps[f"retrieve-{asked.name}"]}
        elif kind == "train":
            given["documents"] = self.case.documents_digest()
            files = {**files, "documents": _documents(self.case)}
        # What the untrained base answers greedily is the same for every seed of training.
        seed = self.seed if self.stages or kind != "answer" else 0
        given |= {**inputs, "four_bit": self.four_bit, "seed": seed}
        built = self.stages | found | dict(needs)
        return self.plan.add(kind, title, inputs=given, needs=built, files=dict(files), how=self.how)

    def train(self, stage: Stage, number: int) -> None:
        """Plan a stage and what has to be there before it."""
        self.four_bit = self.four_bit or isinstance(stage.adapter, Qlora)
        inputs: dict[str, Any] = {"stage": stage.model_dump(mode="json")}
        asked: Asked | None = self.train_examples()
        needs = {}
        match stage:
            case Cpt():
                asked = None
                if stage.paraphrases:
                    needs["paraphrases"] = self.steps[f"paraphrases-{number}"] = self.paraphrased(stage)
            case Preferences(pairs=Drawn() as wanted):
                needs["pairs"] = self.paired(stage, wanted, number)
            case Preferences():
                asked = asked_by(self.case, stage)
            case Grpo() | Rlhf():
                inputs["metric"] = metric = self.case.use_case.metric
                if isinstance(stage, Grpo) and stage.judge is not None:
                    inputs["judge_model"] = helper_identity(stage.judge)
                many = {"metric": metric, "answers": ANSWERS_DRAWN, "most": MOST_REQUESTS}
                split: Split = "dev" if self.case.split_path("dev").stat().st_size else "train"
                needs["passes"] = self.draw(stage, split, stage, **many)
                if isinstance(stage, Rlhf):
                    needs["reward"] = self.steps["reward"]
            case RejectionSampling():
                inputs["metric"] = metric = self.case.use_case.metric
                needs["rows"] = self.draw(
                    stage, "train", stage, metric=metric, answers=stage.answers, most=ALL_REQUESTS
                )
            case Distill():
                inputs["teacher"] = identity(stage.teacher)
                if stage.mode == "off-policy":
                    needs["rows"] = self.taught(stage)
        for role, made in needs.items():
            if role in ("passes", "rows", "pairs"):
                self.steps[f"{role}-{number}"] = made
        if isinstance(stage, Imitating) and stage.general_share and stage.general_rows:
            inputs["general"] = file_digest(Path(stage.general_rows))
        if self.prompt.get("cite") and isinstance(stage, Imitating) and (known := self.case.confirmed("train")):
            inputs["evidence"] = known
        files = {}
        if looks_at_dev(self.case, stage):
            files = {**self.shown, "dev": relative(self.case, "dev")}
            tokens = self.candidate.decoding.max_new_tokens
            inputs |= {**self.prompt, "dev": self.case.split_digest("dev"), "answer_tokens": tokens}
            if stage.patience is not None or not isinstance(stage, Imitating | Cpt):
                inputs["metric"] = self.case.use_case.metric
            if self.candidate.retrieval is not None:
                needs["retrieve-dev"] = self.steps["retrieve-dev"]
        several = f", stage {number}" if len(self.candidate.training) > 1 else ""
        title = f"train {self.candidate.name}, seed {self.seed}{several}"
        name = self.add("train", title, asked=asked, inputs=inputs, needs=needs, files=files)
        if isinstance(stage, Reward):
            self.steps["reward"] = name  # Nothing that answers is built on it.
        else:
            role = f"train-{len(self.stages) + 1}"
            self.stages = self.stages | {role: name}
            self.steps[role] = name

    def train_examples(self) -> Asked:
        """The training examples that this candidate learns from."""
        return asked_of(self.case, "train", self.candidate.train_share)

    def train_file(self) -> str:
        """Their file, below the workspace."""
        return str(self.train_examples().path.relative_to(self.case.workspace))

    def measure(self, split: Split, number: int) -> None:
        """Plan that the model as it is so far answers a split and is scored on it."""
        of = f"{self.candidate.name}, seed {self.seed}, " if number else ""
        after = f"{of}after stage {number}" if number else f"{self.candidate.base_model} before training"
        answers = self.add(
            "answer",
            f"answer the {split} set with {after}",
            asked=asked_of(self.case, split),
            inputs={"decoding": self.candidate.decoding.model_dump(mode="json"), "timed": 0},
        )
        self.steps[f"{split}-answer-{number}"] = answers
        self.steps[f"{split}-score-{number}"] = plan_scores(self.plan, split, f"score {after}", answers)

    def draw(self, stage: Stage, split: Split, how: Reinforced | RejectionSampling | Drawn, **asked: Any) -> str:
        """The step that draws several answers to each request, by the model as it is so far."""
        return self.add(
            "draw",
            f"draw answers for {stage.method} of {self.candidate.name}, seed {self.seed}",
            asked=self.train_examples() if split == "train" else asked_of(self.case, split),
            inputs={"temperature": how.temperature, "max_new_tokens": how.max_new_tokens, **asked},
        )

    def paired(self, stage: Stage, wanted: Drawn, number: int) -> str:
        """The step that makes preference pairs of answers by the model as it is so far, and the one that draws them."""
        metric = self.case.use_case.metric
        rows = self.draw(stage, "train", wanted, metric=metric, answers=wanted.answers, most=ALL_REQUESTS)
        self.steps[f"rows-{number}"] = rows
        judge = wanted.judge.model_dump(mode="json") if wanted.judge else None
        found = {"retrieve": self.steps["retrieve-train"]} if self.candidate.retrieval else {}
        return self.plan.add(
            "judge",
            f"choose between answers for {stage.method} of {self.candidate.name}, seed {self.seed}",
            inputs={
                **self.prompt,
                "judge": judge,
                "judge_model": helper_identity(wanted.judge),
                "examples": self.train_examples().identity(),
            },
            needs={"rows": rows, **found},
            files={**self.shown, "examples": self.train_file()},
        )

    def paraphrased(self, stage: Cpt) -> str:
        """The step in which the documents are told in other words: the same for every seed."""
        assert stage.paraphraser is not None
        return self.plan.add(
            "paraphrase",
            f"tell the documents in other words, {stage.paraphrases} times",
            inputs={
                "paraphrases": stage.paraphrases,
                "paraphraser": stage.paraphraser.model_dump(mode="json"),
                "paraphraser_model": helper_identity(stage.paraphraser),
                "documents": self.case.documents_digest(),
            },
            files={"documents": _documents(self.case)},
        )

    def taught(self, stage: Distill) -> str:
        """The step in which the teacher answers the training examples."""
        decoding = Decoding(max_new_tokens=stage.max_new_tokens)
        found = {"retrieve": self.steps["retrieve-train"]} if self.candidate.retrieval else {}
        return self.plan.add(
            "answer",
            f"let {stage.teacher} answer the training examples",
            inputs={
                **self.prompt,
                "base_model": stage.teacher,
                "base": identity(stage.teacher),
                "decoding": decoding.model_dump(mode="json"),
                "timed": 0,
                "examples": self.train_examples().identity(),
                "four_bit": False,
                "seed": 0,
            },
            needs=found,
            files={**self.shown, "examples": self.train_file()},
        )


def plan_retrieval(plan: Plan, candidate: Candidate, *, answered: Sequence[Asked] = ()) -> dict[str, str]:
    """The steps that find passages for the answers and, where the candidate is trained, for its training rows.

    ``answered``: the requests that are answered, where these are not the plan's whole split.
    """
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
                **turned(retrieval, INDEXED),
            },
            files={"documents": _documents(case)},
        )
    }
    asked = {one.name: one for one in answered or [asked_of(case, plan.split)]}
    if any(map(reads_requests, candidate.training)):
        asked["train"] = asked_of(case, "train", candidate.train_share)
    reinforced = any(isinstance(stage, Reinforced) for stage in candidate.training)
    looks = any(looks_at_dev(case, stage) for stage in candidate.training)
    if looks or measures_stages(case, candidate) or (reinforced and case.split_path("dev").stat().st_size):
        asked["dev"] = asked_of(case, "dev")
    preferring = [asked_by(case, stage) for stage in candidate.training if reads_pairs(stage)]
    asked |= {one.name: one for one in preferring}
    searched = turned(retrieval, SEARCHED)
    if retrieval.reranker is not None:
        searched |= {"rerank_from": retrieval.rerank_from, "reranker_model": identity(retrieval.reranker)}
    read = {"documents": _documents(case)} if retrieval.whole_documents else {}
    for name, one in asked.items():
        how = ({"gold": True} if retrieval.gold and name == plan.split else {}) | searched
        if "gold" in how and (known := case.confirmed(plan.split)):
            how["evidence"] = known
        steps[f"retrieve-{name}"] = plan.add(
            "retrieve",
            f"find passages for the {name} examples" if name in SPLITS else f"find passages for the {name}",
            inputs={"passages": retrieval.passages, "examples": one.digest or file_digest(one.requests), **how},
            needs={"index": steps["index"]},
            files={"examples": str(one.requests.relative_to(case.workspace)), **read},
        )
    return steps


def turned(retrieval: Retrieval, names: Sequence[str]) -> dict[str, Any]:
    """Those of some settings that are not left at their defaults, so that new ones change no key."""
    found = retrieval.model_dump(mode="json", include=set(names), exclude_defaults=True)
    return {name: found[name] for name in names if name in found}


def relative(case: Case, split: Split) -> str:
    """A split's file, below the workspace."""
    return str(case.split_path(split).relative_to(case.workspace))


def _documents(case: Case) -> str:
    return str((case.folder / "documents").relative_to(case.workspace))
