"""The long version of the calibration: how often each promise is broken, by family of made-up worlds.

``python -m tests.calibrate [--reps N]`` prints Markdown tables, and so does ``make calibrate``; what it printed stands
in the README. The tests do it shorter, with bounds.
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tests.workbench.generators import Tally, World, study
from tests.workbench.test_segments import world as two_kinds_of_requests
from workbench.cost import Measured
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.usecase import UseCase

UNEQUAL = (40, 30, 20, 15, 12, 10, 9, 8, 7, 6, 5, 5, 4, 4, 4, *(3,) * 15)
"""Thirty groups of items, a few of which hold most."""
FAMILIES: Mapping[str, World] = {
    "logistic-normal": World(200, ()),
    "heavy tails (t, 3 df)": World(200, (), ability="heavy"),
    "two kinds of items": World(200, (), ability="two kinds"),
    "candidates hardly differ by item": World(200, (), item_sd=3.0, noise=0.3),
    "20 groups of 10": World(200, (), sizes=(10,) * 20, cluster_sd=0.8),
    "30 unequal groups": World(sum(UNEQUAL), (), sizes=UNEQUAL, cluster_sd=0.8),
    "n = 50": World(50, ()),
}
EQUAL, CEILING = (0.7,) * 4, (0.96,) * 4
LADDER = (0.62, 0.66, 0.70, 0.74)
GAP = (0.6, 0.6, 0.7)


def spread_world(family: World, rng: np.random.Generator) -> World:
    """Five candidates whose accuracies are drawn with a standard deviation of 5 points."""
    drawn = np.clip(rng.normal(0.7, 0.05, 5), 0.4, 0.95).round(3)
    return replace(family, accuracies=tuple(drawn.tolist()))


@dataclass(frozen=True)
class Row:
    """What came of one family."""

    name: str
    equal: Tally
    ceiling: Tally
    ladder: Tally
    seeds: Tally
    spread: Tally
    gap: Tally


def family(name: str, reps: int) -> Row:
    """All studies of one family."""
    base = FAMILIES[name]

    def of(accuracies: Sequence[float], **more: object) -> Tally:
        return study(replace(base, accuracies=tuple(accuracies), **more), reps=reps)  # type: ignore[arg-type]

    return Row(
        name, of(EQUAL), of(CEILING), of(LADDER), of((0.7, 0.7), seeds=(0, 3), seed_sd=0.2),
        study(partial(spread_world, base), reps=reps), of(GAP),
    )  # fmt: skip


def rate(share: float, reps: int) -> str:
    """A share with its Monte-Carlo standard error."""
    return f"{share:.3f} ± {np.sqrt(max(share * (1 - share), 1 / reps / 4) / reps):.3f}"


def show_families(reps: int) -> None:
    """One row for each family."""
    heads = (
        "family", "false claim, 4 equals", "the same at 96 %", "all intervals hold, ladder", "best in the set, ladder",
        "loses more than its bound", "lucky recipe wins (3 seeds)", "confident and wrong", "decided",
        "loss foretold / come true", "+10 points found",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |")
    print(f"|---|{'---:|' * (len(heads) - 1)}")
    with ProcessPoolExecutor(os.cpu_count() or 2) as pool:
        for row in pool.map(partial(family, reps=reps), FAMILIES):
            cells = [
                rate(row.equal.false_claim, reps), rate(row.ceiling.false_claim, reps), rate(row.ladder.covered, reps),
                rate(row.ladder.best_kept, reps), rate(max(row.ladder.bound_broken), reps),
                rate(row.seeds.false_winner, reps), rate(row.spread.wrong, reps), rate(row.spread.decided, reps),
                f"{row.spread.predicted / row.spread.realised:.2f}", rate(row.gap.decided, reps),
            ]  # fmt: skip
            print(f"| {row.name} | {' | '.join(cells)} |", flush=True)


# --- Scenarios, through the function that the page calls -----------------------------------------------

Judged = Callable[[int], bool]


def judged(
    of: Panel, *, delta: float = 0.03, seconds: Mapping[str, float] | None = None, **more: object
) -> Recommendation:
    """The recommendation for a panel, every answer timed."""
    use_case = UseCase.model_validate({"name": "case", "smallest_difference": delta, **more})
    each = seconds or {}
    measured = {
        one.name: Measured(
            seconds=tuple(each.get(one.name, 0.2) * np.linspace(0.7, 1.3, 100)), timed=of.items[:100],
            train_seconds=60.0 if one.trained else None,
        )
        for one in of.candidates
    }  # fmt: skip
    return recommend(use_case, of, measured, rng=np.random.default_rng(0))


def routed(seed: int) -> bool:
    """RAG 25 points better on 30 % of the requests, 5 worse on the rest: routed, or the segments named as a reason."""
    found = judged(two_kinds_of_requests(1_000, knowledge=(0.45, 0.70), form=(0.80, 0.75), seed=seed), delta=0.02)
    named = any("segments disagree" in reason.text for reason in found.reasons)
    return found.headline.startswith(("Route", "Lean towards routing")) or named


def falsely_routed(seed: int) -> bool:
    """Tags that mean nothing, two equals."""
    found = judged(two_kinds_of_requests(300, knowledge=(0.6, 0.6), form=(0.6, 0.6), seed=seed))
    return found.segments is not None and bool(found.segments.router)


def too_slow(seed: int) -> bool:
    """The best breaks the latency limit: it is ruled out by name and another is chosen."""
    of = _three((0.5, 0.70, 0.78), seed)
    found = judged(of, seconds={"c": 2.6, "b": 1.1}, limits={"max_p95_seconds": 2.0})
    return found.choice == "b" and [one.candidate for one in found.ruled_out] == ["c"]


def by_value(seed: int) -> bool:
    """Twice as good and ten times as dear: both are named, with a value between the ends."""
    of = _three((0.3, 0.3, 0.75), seed)
    money = {"value_of_success": 0.0005, "value_at_most": 0.5}
    found = judged(of, seconds={"c": 2.0}, machine_cost_per_hour=3.6, money=money)
    return found.ground == "value" and "if " in found.headline and "c" in found.headline


def equals_by_money(seed: int) -> bool:
    """Three that earn the same: nobody is said to earn most."""
    of = _three((0.7, 0.7, 0.7), seed)
    return judged(of, machine_cost_per_hour=3.6, money={"value_of_success": 1.0}).ground == "winner"


def _three(accuracies: Sequence[float], seed: int) -> Panel:
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1.2, 400)
    items = tuple(f"i{n:04d}" for n in range(400))
    found = []
    for name, accuracy in zip("abc", accuracies, strict=True):
        centre = np.log(accuracy / (1 - accuracy)) * 1.25
        values = (rng.random((1, 400)) < 1 / (1 + np.exp(-centre - ability))).astype(float)
        found.append(Scores(name, "RAG" if name == "c" else "prompting", False, values))
    return Panel(tuple(found), items, items, "exact_match")


SCENARIOS: Sequence[tuple[str, str, Judged]] = (
    ("4", "segments disagree: routed, or said", routed),
    ("4, tags mean nothing", "a router appears (at most .05)", falsely_routed),
    ("6", "the best is too slow: ruled out by name", too_slow),
    ("value", "depends on what a right answer is worth: said so", by_value),
    ("money, three equals", "somebody is said to earn most (at most .05)", equals_by_money),
)


def show_scenarios(reps: int) -> None:
    """How often the public function says what it should."""
    print("\n| scenario | what is counted | share |\n|---|---|---:|")
    with ProcessPoolExecutor(os.cpu_count() or 2) as pool:
        for number, what, judge in SCENARIOS:
            share = float(np.mean(list(pool.map(judge, range(reps), chunksize=10))))
            print(f"| {number} | {what} | {rate(share, reps)} |", flush=True)


def main() -> None:
    """Print both tables; takes about ten minutes on two cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=400, help="made-up tests for each figure")
    options = parser.parse_args()
    began = time.perf_counter()
    show_families(options.reps)
    show_scenarios(max(50, options.reps // 2))
    print(f"\n{options.reps} made-up tests for each figure; {time.perf_counter() - began:.0f} s.")


if __name__ == "__main__":
    main()
