"""Which steps of a plan can be done now, by which engine, and in which order."""

from collections.abc import Sequence
from typing import Literal

from workbench.plan import Plan, is_done
from workbench.workspace import StepKind

Engine = Literal["rag", "recipes", "evals", "evals.checks", "evals.support"]
ENGINES: dict[StepKind, Engine] = {
    "embedder": "rag",
    "index": "rag",
    "rewrite": "recipes",
    "retrieve": "rag",
    "train": "recipes",
    "draw": "recipes",
    "judge": "recipes",
    "paraphrase": "recipes",
    "answer": "recipes",
    "import": "evals",
    "score": "evals",
    "measure": "evals",
    "support": "evals.support",
    "prefer": "recipes",
    "export": "recipes",
    "check": "evals.checks",
    "drift": "recipes",
}
"""The package that does each kind of step."""
ENGINE_ORDER: tuple[Engine, ...] = ("rag", "recipes", "evals", "evals.checks", "evals.support")
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


# --- Side by side -------------------------------------------------------------------------------------

WEIGHTS: dict[StepKind, int] = {"train": 10, "check": 4, "answer": 3, "drift": 3, "draw": 3, "rewrite": 2}
"""Roughly how long steps of a kind take beside one another; others 1."""


def side_by_side(plan: Plan, names: Sequence[str], *, most: int) -> list[list[str]]:
    """Steps of a wave that can be done now, in at most so many lists that need nothing of each other.

    Steps that measure how long an answer takes come last, one after the other, with nothing beside them.
    """
    timed = [name for name in names if plan.steps[name].inputs.get("timed")]
    quick: list[str] = []
    for name in names:
        if name not in timed and not set(plan.steps[name].needs.values()) & (set(names) - set(quick)):
            quick.append(name)
    if not quick:
        return [timed]
    lanes: list[list[str]] = [[] for _ in range(max(1, most))]
    for chain in sorted(_chains(plan, quick), key=lambda chain: -_weight(plan, chain)):
        min(lanes, key=lambda lane: _weight(plan, lane)).extend(chain)
    place = {name: n for n, name in enumerate(quick)}
    return [sorted(lane, key=place.__getitem__) for lane in lanes if lane]


def _chains(plan: Plan, names: Sequence[str]) -> list[list[str]]:
    """The steps in groups of those that need one another."""
    chains: list[list[str]] = []
    for name in names:
        needed = set(plan.steps[name].needs.values())
        mine = [chain for chain in chains if needed & set(chain)]
        chains = [chain for chain in chains if chain not in mine]
        chains.append([*(step for chain in mine for step in chain), name])
    return chains


def _weight(plan: Plan, names: Sequence[str]) -> int:
    return sum(WEIGHTS.get(plan.steps[name].kind, 1) for name in names)
