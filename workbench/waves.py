"""Which steps of a plan can be done now, by which engine, and in which order."""

from collections.abc import Sequence
from typing import Literal

from workbench.plan import Plan, is_done
from workbench.workspace import StepKind

Engine = Literal["rag", "recipes", "evals", "evals.checks"]
ENGINES: dict[StepKind, Engine] = {
    "index": "rag",
    "retrieve": "rag",
    "train": "recipes",
    "draw": "recipes",
    "judge": "recipes",
    "paraphrase": "recipes",
    "answer": "recipes",
    "score": "evals",
    "prefer": "recipes",
    "export": "recipes",
    "check": "evals.checks",
    "drift": "recipes",
}
"""The package that does each kind of step."""
ENGINE_ORDER: tuple[Engine, ...] = ("rag", "recipes", "evals", "evals.checks")
"""Of the engines that could go on, the first is started."""


def next_wave(plan: Plan, waiting: Sequence[str]) -> tuple[Engine, list[str]] | None:
    """The engine that can go on now, and all of the waiting steps that it can do in one go, in the best order.

    A step comes after those it needs; among those that could come next, the ones that share a loaded base model
    stand next to each other. None where no waiting step has all that it needs.
    """
    for engine in ENGINE_ORDER:
        mine = [name for name in waiting if ENGINES[plan.steps[name].kind] == engine]
        chosen: list[str] = []
        while ready := [name for name in mine if name not in chosen and _is_ready(plan, name, after=chosen)]:
            last = _loads(plan, chosen[-1]) if chosen else None
            chosen.append(min(ready, key=lambda name: (_loads(plan, name) != last, _loads(plan, name))))
        if chosen:
            return engine, chosen
    return None


def _is_ready(plan: Plan, name: str, *, after: Sequence[str]) -> bool:
    return all(need in after or is_done(plan.step(need)) for need in plan.steps[name].needs.values())


def _loads(plan: Plan, name: str) -> tuple[bool, str]:
    """The base model that a step loads."""
    inputs = plan.steps[name].inputs
    return bool(inputs.get("four_bit")), str(inputs.get("base_model", ""))
