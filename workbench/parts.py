"""The steps by which a candidate answers a split part by part, so that more examples cost only what they add."""

from collections.abc import Sequence

from workbench.candidate import Candidate
from workbench.case import Case, Part
from workbench.courses import Asked, Course, plan_retrieval
from workbench.plan import Plan
from workbench.planning import refuse_lacking, weakened


def asked_in(case: Case, part: Part) -> Asked:
    """The requests of a part of a split."""
    split, first, after = part
    path = case.part_path(part)
    digest = f"{case.split_digest(split)}, {first} to {after}"
    return Asked(f"{split}-{first}-{after}", "examples", path, path, digest)


def plan_parts(plan: Plan, candidate: Candidate, parts: Sequence[Part]) -> tuple[str, ...]:
    """Plan that a candidate, trained once, answers parts of a split and is scored on each; returns what scores them.

    Nothing is timed, and stages are not measured on their way. Raises ConfigError and NotFound as ``make_plan`` does.
    """
    case = plan.case
    whole = case.whole(candidate)
    refuse_lacking(case, whole)
    if whole.train_share < 1:
        plan.shares.add(whole.train_share)
    plan.parts.update(parts)
    asked = [asked_in(case, part) for part in parts]
    course = Course(plan, whole, 0, plan_retrieval(plan, whole, answered=asked))
    for number, stage in enumerate(whole.training, 1):
        course.train(stage, number)
    return tuple(_plan_part(course, one) for one in asked)


def _plan_part(course: Course, asked: Asked) -> str:
    """The steps of one part."""
    plan, candidate = course.plan, course.candidate
    decoding = candidate.decoding.model_dump(mode="json")
    answers = course.add(
        "answer",
        f"answer {asked.name} with {candidate.name}",
        asked=asked,
        inputs={"decoding": decoding, "timed": 0, **weakened(candidate)},
    )
    metric = plan.case.use_case.metric
    return plan.add(
        "score",
        f"score {candidate.name} on {asked.name}",
        inputs={"metrics": [metric], "primary": metric, "examples": asked.digest},
        needs={"answers": answers},
        files={"examples": str(asked.path.relative_to(plan.case.workspace))},
    )
