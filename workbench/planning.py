"""Use case x candidates x seeds -> steps in order: shared ones once, finished ones skipped."""

import time
from collections.abc import Sequence

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.courses import (
    ANSWERS_DRAWN,
    MOST_REQUESTS,
    Course,
    asked_of,
    measures_stages,
    plan_measures,
    plan_retrieval,
    plan_scores,
    relative,
)
from workbench.errors import ConfigError
from workbench.plan import Plan
from workbench.run import Run
from workbench.stage import Reward
from workbench.usecase import MetricName, Split, UseCase

TIMED_REQUESTS = 60
"""Requests that are also answered alone, for the latency: 59 are the fewest that bound a 95th percentile."""


def make_plan(case: Case, candidates: Sequence[Candidate], *, split: Split = "test") -> Plan:
    """Plan the runs of candidates over one split; trained candidates once for every seed.

    Raises ConfigError where a candidate cannot run on this use case, and NotFound where its base model is not there.
    """
    if not candidates:
        raise ConfigError("No candidate is chosen.", "Choose some on the Candidates page or with --candidates.")
    plan = Plan(case, split)
    use_case = case.use_case
    for candidate in candidates:
        whole = case.whole(candidate)
        runs = use_case.seeds if whole.training else 1
        for seed in range(len(whole.imported.answers) if whole.imported is not None else runs):
            _plan_run(plan, use_case, whole, seed)
    return plan


def plan_draws(plan: Plan, candidate: Candidate, *, split: Split, metric: MetricName, temperature: float) -> str:
    """Plan that an untrained candidate answers requests of a split several times each; returns the step that does.

    Raises ConfigError and NotFound as ``make_plan`` does.
    """
    case = plan.case
    whole = case.whole(candidate)
    course = Course(plan, whole, 0, plan_retrieval(plan, whole))
    return course.add(
        "draw",
        f"draw {ANSWERS_DRAWN} answers to each of some {split} requests from {whole.base_model}, untrained",
        asked=asked_of(case, split),
        inputs={
            "temperature": temperature,
            "max_new_tokens": whole.decoding.max_new_tokens,
            "metric": metric,
            "answers": ANSWERS_DRAWN,
            "most": MOST_REQUESTS,
        },
    )


def plan_answers(case: Case, candidates: Sequence[Candidate], *, split: Split, most: int) -> Plan:
    """Plan that candidates, each trained once, answer some requests of a split; nothing is timed or scored.

    Raises ConfigError and NotFound as ``make_plan`` does.
    """
    plan = Plan(case, split)
    use_case = case.use_case
    for candidate in candidates:
        whole = case.whole(candidate)
        _plan_run(plan, use_case, whole, 0, most=most)
    return plan


def refuse_lacking(case: Case, candidate: Candidate) -> None:
    """Raise ConfigError where a use case has not all that a candidate needs."""
    lacking = case.lacks(candidate)
    if lacking:
        raise ConfigError(
            f"The candidate {candidate.name} needs {lacking} and the use case {case.name} has none.",
            "Add them, or leave this candidate out.",
        )


def _plan_run(plan: Plan, use_case: UseCase, candidate: Candidate, seed: int, *, most: int | None = None) -> None:
    case = plan.case
    refuse_lacking(case, candidate)
    if candidate.imported is not None:
        _plan_imported(plan, candidate, seed)
        return
    if candidate.train_share < 1:
        plan.shares.add(candidate.train_share)
    course = Course(plan, candidate, seed, plan_retrieval(plan, candidate))
    several = measures_stages(case, candidate)
    if several:
        course.measure("dev", 0)
    for number, stage in enumerate(candidate.training, 1):
        course.train(stage, number)
        if several and not isinstance(stage, Reward):
            course.measure("dev", number)
    steps = course.steps
    told = f", seed {seed}" if candidate.training else ""
    timed = TIMED_REQUESTS if seed == 0 and plan.split == "test" and most is None else 0
    steps["answer"] = course.add(
        "answer",
        f"answer with {candidate.name}{told}",
        asked=asked_of(case, plan.split),
        inputs={
            "decoding": candidate.decoding.model_dump(mode="json"),
            "timed": timed,
            **weakened(candidate),
            **({} if most is None else {"most": most}),
        },
    )
    if most is None:
        steps["score"] = plan_scores(plan, plan.split, f"score {candidate.name}{told}", steps["answer"])
        if candidate.retrieval is not None and plan.split == "test":
            steps |= plan_measures(plan, f"{candidate.name}{told}", steps)
    _note_run(plan, candidate, seed, steps)


def _plan_imported(plan: Plan, candidate: Candidate, seed: int) -> None:
    """Answers from elsewhere are only read and scored; of other splits than the test there are none."""
    case = plan.case
    assert candidate.imported is not None
    if plan.split != "test":
        raise ConfigError(
            f"The answers of {candidate.name} were given elsewhere, to the test requests alone.",
            "Leave this candidate out here.",
        )
    told = f", seed {seed}" if len(candidate.imported.answers) > 1 else ""
    path = case.imported_path(candidate.name, seed)
    answers = plan.add(
        "import",
        f"take in {candidate.name}{told}",
        inputs={"answers": candidate.imported.answers[seed], "examples": case.split_digest(plan.split)},
        files={"answers": str(path.relative_to(case.workspace)), "examples": relative(case, plan.split)},
    )
    scores = plan_scores(plan, plan.split, f"score {candidate.name}{told}", answers)
    _note_run(plan, candidate, seed, {"answer": answers, "score": scores})


def _note_run(plan: Plan, candidate: Candidate, seed: int, steps: dict[str, str]) -> None:
    last = steps.get("score", steps["answer"])
    plan.runs[candidate.name, seed] = Run(
        id=f"{candidate.name}-{seed}-{last.rpartition('-')[2]}",
        use_case=plan.case.name,
        candidate=candidate,
        seed=seed,
        steps=steps,
        examples=plan.case.split_digest(plan.split),
        created=time.time(),
    )


def weakened(candidate: Candidate) -> dict[str, float | bool]:
    """What steps are told of weights that are not just as training left them at its end; empty where they are."""
    scale = {"scale": candidate.adapter_scale} if candidate.adapter_scale != 1 else {}
    return scale | ({"after_steps": candidate.after_steps} if candidate.after_steps is not None else {})
