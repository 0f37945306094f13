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
from scipy import special

from tests.workbench.generators import Tally, World, draw, study
from tests.workbench.test_segments import world as two_kinds_of_requests
from workbench.candidate import Approach
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


# --- Scenarios of two or more candidates whose accuracies are known, family by family ---------------------

SHAPES: Mapping[str, World] = {
    name: FAMILIES[name]
    for name in (
        "logistic-normal", "heavy tails (t, 3 df)", "two kinds of items", "candidates hardly differ by item",
        "30 unequal groups",
    )
}  # fmt: skip
"""The families that a scenario is told in."""


@dataclass(frozen=True)
class Scenario:
    """What is true, how many examples there are, and which verdict is counted."""

    number: str
    what: str
    n: int
    accuracies: tuple[float, ...]
    counted: Callable[[Tally], float]
    delta: float = 0.03
    seeds: tuple[int, ...] = ()
    thin: int = 1
    """Only every so many repetitions are made: these take longest."""


def verdict(*names: str) -> Callable[[Tally], float]:
    """The share of repetitions that end in one of these verdicts."""
    return partial(_verdicts, names)


def _verdicts(names: Sequence[str], tally: Tally) -> float:
    return sum(tally.verdicts[name] for name in names)


SEED_SD = 0.3
"""On the logit scale: about 4.7 points of accuracy."""
WORLDS: Sequence[Scenario] = (
    Scenario("1", "equals, n = 1,500: winner (at most .07)", 1_500, (0.7, 0.7), verdict("winner")),
    Scenario("1", "equals, n = 1,500: the simpler is good enough", 1_500, (0.7, 0.7), verdict("good_enough")),
    Scenario("1", "equals, n = 50: winner (at most .07)", 50, (0.7, 0.7), verdict("winner")),
    Scenario("2", "2 points apart, n = 50: undecided (at least .7)", 50, (0.70, 0.72), verdict("need_more_data"), 0.01),
    Scenario("2", "2 points apart, n = 50: winner (at most .08)", 50, (0.70, 0.72), verdict("winner"), 0.01),
    Scenario("2", "the same, n = 6,000: winner", 6_000, (0.70, 0.72), verdict("winner"), 0.01, thin=4),
    Scenario("3", "10 points apart, n = 300: winner (at least .8)", 300, (0.6, 0.7), verdict("winner")),
    Scenario("5", "equals, 1 lucky seed, n = 800: winner (none)", 800, (0.7, 0.7), verdict("winner"), seeds=(0, 1)),
    Scenario("5", "equals, 3 seeds, n = 800: winner (at most .08)", 800, (0.7, 0.7), verdict("winner"), seeds=(0, 3)),
    Scenario("11", "equals, 20 groups of 10: winner (at most .08)", 0, (0.7, 0.7), verdict("winner"), 0.02),
    Scenario("12", "11 equals, n = 200: winner (at most .06)", 200, (0.7,) * 11, verdict("winner"), thin=2),
)


def told(task: tuple[Scenario, str], reps: int) -> float:
    """One scenario in one family."""
    scenario, name = task
    base = SHAPES[name]
    world = replace(
        base, accuracies=scenario.accuracies, seeds=scenario.seeds, seed_sd=SEED_SD if scenario.seeds else 0.0
    )
    if not scenario.n:
        world = replace(world, n=200, sizes=(10,) * 20, cluster_sd=0.8)
    elif base.sizes is not None:
        times = max(1, round(scenario.n / base.n))
        world = replace(world, n=times * base.n, sizes=base.sizes * times)
    else:
        world = replace(world, n=scenario.n)
    return scenario.counted(study(world, reps=reps // scenario.thin, delta=scenario.delta))


def show_worlds(reps: int) -> None:
    """One row for each scenario, one column for each family."""
    print(f"\n| scenario | what is counted | {' | '.join(SHAPES)} |")
    print(f"|---|---|{'---:|' * len(SHAPES)}")
    tasks = [(scenario, name) for scenario in WORLDS for name in SHAPES]
    with ProcessPoolExecutor(os.cpu_count() or 2) as pool:
        shares = list(pool.map(partial(told, reps=reps), tasks))
    for n, scenario in enumerate(WORLDS):
        cells = [rate(share, reps // scenario.thin) for share in shares[n * len(SHAPES) : (n + 1) * len(SHAPES)]]
        print(f"| {scenario.number} | {scenario.what} | {' | '.join(cells)} |", flush=True)


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


def two_and_two(accuracies: Sequence[float], seed: int) -> Panel:
    """Two that only prompt and two that were trained three times each, as recipes differ: 400 examples."""
    world = World(400, tuple(accuracies), seeds=(0, 0, 3, 3), seed_sd=0.2)
    drawn = draw(world, np.random.default_rng(seed))
    ways: tuple[Approach, ...] = ("prompting", "prompting", "fine-tuning", "fine-tuning")
    of = tuple(replace(one, approach=way) for one, way in zip(drawn.candidates, ways, strict=True))
    return replace(drawn, candidates=of)


def approach_of_equals(seed: int) -> bool:
    """Four equals of two approaches: one of the two is said to be the best."""
    found = judged(two_and_two((0.7,) * 4, seed))
    return (found.strength, found.ground) == ("clear", "approach")


def wrong_approach(seed: int) -> bool:
    """Four of two approaches, drawn with a standard deviation of 5 points: a clear approach that the best is not of."""
    accuracies = np.clip(np.random.default_rng(10_000 + seed).normal(0.7, 0.05, 4), 0.4, 0.95)
    found = judged(two_and_two(tuple(accuracies), seed))
    best: Approach = "prompting" if accuracies.argmax() < 2 else "fine-tuning"
    return (found.strength, found.ground) == ("clear", "approach") and found.approach != best


def approach_found(seed: int) -> bool:
    """Training brings 20 points, whichever of two recipes: that is clear."""
    found = judged(two_and_two((0.5, 0.5, 0.7, 0.7), seed))
    return (found.strength, found.approach) == ("clear", "fine-tuning")


def near_the_top(simple: float, trained: float, seed: int) -> bool:
    """One that prompts is called good enough beside one that was trained twice, with unlike luck: 5 points matter."""
    rng = np.random.default_rng(seed)
    ability, items = rng.normal(0, 1, 300), tuple(f"i{n:04d}" for n in range(300))
    shares = (simple, *np.clip(rng.normal(trained, (1 - trained) / 2, 2), 0.5, 0.9999))
    hard = special.ndtri(np.array(shares))[:, None] * np.sqrt(2)
    values = (ability + rng.normal(0, 1, (3, 300)) < hard).astype(float)
    scores = Scores("a", "prompting", False, values[:1]), Scores("b", "fine-tuning", True, values[1:])
    found = judged(Panel(scores, items, items, "exact_match"), delta=0.05)
    return (found.choice, found.strength, found.ground) == ("a", "clear", "good enough")


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
    ("approach, four equals", "one of two approaches is called the best (at most .05)", approach_of_equals),
    ("approach, spread", "the best is not of the one that is called the best (at most .05)", wrong_approach),
    ("approach, 20 points", "clear, whichever of its two recipes is the best", approach_found),
    ("near the top", "5.1 points behind 99.5 %: good enough (at most .05)", partial(near_the_top, 0.944, 0.995)),
    ("near the top", "98.5 % beside two trainings around 93 %: good enough", partial(near_the_top, 0.985, 0.93)),
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
    """Print the tables; takes about fifteen minutes on two cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=400, help="made-up tests for each figure")
    parser.add_argument("--only", action="append", choices=("families", "worlds", "scenarios"), help="only this table")
    options = parser.parse_args()
    began = time.perf_counter()
    if not options.only or "families" in options.only:
        show_families(options.reps)
    if not options.only or "worlds" in options.only:
        show_worlds(options.reps)
    if not options.only or "scenarios" in options.only:
        show_scenarios(max(50, options.reps // 2))
    print(f"\n{options.reps} made-up tests for each figure; {time.perf_counter() - began:.0f} s.")


if __name__ == "__main__":
    main()
