"""Made-up panels whose truth is known: the worlds in which the judgement is calibrated."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy import optimize, special, stats

from workbench.analysis import Analysis
from workbench.candidate import APPROACHES
from workbench.compare import analyse
from workbench.panel import Panel, Scores
from workbench.statistics.arrays import Floats

Ability = Literal["normal", "heavy", "two kinds"]


@dataclass(frozen=True)
class World:
    """Item ability b, P(correct) = logistic(mu_j + b_i + W_cluster,j + u_seed,j + e): binary scores.

    ``accuracies`` are those of the recipe: the mean over items, clusters and seeds. ``seeds``: 0 where nothing
    is trained. Standard deviations are on the logit scale. ``sizes``: items in each cluster, or None.
    """

    n: int
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    seed_sd: float = 0.0
    sizes: tuple[int, ...] | None = None
    cluster_sd: float = 0.0
    ability: Ability = "normal"
    item_sd: float = 1.5
    noise: float = 0.7


def _quantiles(ability: Ability, item_sd: float, at: Floats) -> Floats:
    standard = {
        "normal": special.ndtri(at),
        "heavy": stats.t.ppf(at, 3) / np.sqrt(3),
        "two kinds": np.where(at < 0.5, -1.6, 1.6),
    }
    return np.asarray(item_sd * standard[ability], dtype=np.float64)


@cache
def _centre(accuracy: float, ability: Ability, item_sd: float, rest_sd: float) -> float:
    """The logit mu at which the accuracy comes out."""
    if accuracy in (0.0, 1.0):
        return 40.0 * (2 * accuracy - 1)
    b = _quantiles(ability, item_sd, (np.arange(1001) + 0.5) / 1001)
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    grid = b[:, None] + rest_sd * nodes

    def gap(mu: float) -> float:
        return float((special.expit(mu + grid) @ weights).mean() / weights.sum() - accuracy)

    return float(optimize.brentq(gap, -15, 15))


def draw(world: World, rng: np.random.Generator) -> Panel:
    """One panel of this world; candidate j is called ``c00``, ``c01``, ... and gets ever dearer approaches."""
    n, k = world.n, len(world.accuracies)
    seeds = world.seeds or (0,) * k
    sizes = np.array(world.sizes if world.sizes is not None else (1,) * n)
    assert sizes.sum() == n
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    b = _quantiles(world.ability, world.item_sd, rng.random(n))
    candidates = []
    for j, (accuracy, count) in enumerate(zip(world.accuracies, seeds, strict=True)):
        seed_sd = world.seed_sd if count else 0.0
        rest = float(np.sqrt(world.cluster_sd**2 + seed_sd**2 + world.noise**2))
        mu = _centre(accuracy, world.ability, world.item_sd, rest)
        runs = max(count, 1)
        logits = mu + b + rng.normal(0, world.cluster_sd, len(sizes))[cluster]
        logits = logits + rng.normal(0, seed_sd, (runs, 1)) + rng.normal(0, world.noise, (runs, n))
        values = (rng.random((runs, n)) < special.expit(logits)).astype(np.float64)
        approach = APPROACHES[min(j, 3)] if not world.seeds else APPROACHES[2 if count else min(j, 1)]
        candidates.append(Scores(f"c{j:02d}", approach, count > 0, values))
    items, labels = tuple(f"i{i:05d}" for i in range(n)), tuple(f"g{c:05d}" for c in cluster)
    return Panel(tuple(candidates), items, labels, "exact_match")


@dataclass(frozen=True)
class Tally:
    """How often what happened in repeated draws of a world; all but the regrets are shares of ``reps``."""

    reps: int
    verdicts: dict[str, float]
    covered: float
    """All pairwise intervals held the truth at once."""
    false_claim: float
    """Some candidate was shown to be better than one that is as good or better."""
    false_winner: float
    best_kept: float
    """The best (the first of equals) was in the best set."""
    size: float
    """Mean size of the best set."""
    bound_broken: tuple[float, ...]
    """For each candidate: its true regret was above its bound."""
    wrong: float
    """A winner or good enough candidate lost more than the smallest difference."""
    predicted: float
    """Mean expected regret of the provisional candidate."""
    realised: float
    """Its mean true regret."""

    @property
    def decided(self) -> float:
        return self.verdicts["winner"] + self.verdicts["good_enough"]


def study(world: World | Callable[[np.random.Generator], World], *, reps: int, delta: float = 0.03) -> Tally:
    """Draw, analyse and compare with the truth ``reps`` times; a callable gives a new world each time."""
    rng = np.random.default_rng(20_240_601)
    verdicts: Counter[str] = Counter({"winner": 0, "good_enough": 0, "lean": 0, "need_more_data": 0})
    sums: dict[str, float] = {}
    broken: list[int] = []
    for rep in range(reps):
        this = world(rng) if callable(world) else world
        analysis = analyse(draw(this, rng), smallest_difference=delta, rng=np.random.default_rng(rep))
        truth = {f"c{j:02d}": accuracy for j, accuracy in enumerate(this.accuracies)}
        regret = {name: max(truth.values()) - accuracy for name, accuracy in truth.items()}
        verdicts[analysis.verdict] += 1
        for event, happened in _events(analysis, truth, regret, delta).items():
            sums[event] = sums.get(event, 0.0) + happened
        standings = sorted(analysis.standings, key=lambda one: one.candidate)
        exceeded = [int(regret[one.candidate] > one.regret_bound + 1e-12) for one in standings]
        broken = [a + b for a, b in zip(broken or [0] * len(exceeded), exceeded, strict=True)]
    share = {event: total / reps for event, total in sums.items()}
    return Tally(
        reps=reps,
        verdicts={verdict: count / reps for verdict, count in verdicts.items()},
        bound_broken=tuple(count / reps for count in broken),
        **share,
    )


def _events(analysis: Analysis, truth: dict[str, float], regret: dict[str, float], delta: float) -> dict[str, float]:
    gaps = [truth[one.candidate] - truth[one.reference] for one in analysis.comparisons]
    pairs = list(zip(analysis.comparisons, gaps, strict=True))
    best = max(truth, key=lambda name: truth[name])
    provisional = next(one for one in analysis.standings if one.candidate == analysis.provisional)
    choice = analysis.choice if analysis.verdict in ("winner", "good_enough") else None
    return {
        "covered": all(one.low - 1e-12 <= gap <= one.high + 1e-12 for one, gap in pairs),
        "false_claim": any(
            (one.shown == "better" and gap <= 0) or (one.shown == "worse" and gap >= 0) for one, gap in pairs
        ),
        "false_winner": analysis.winner is not None
        and (regret[analysis.winner] > 0 or sum(value == 0 for value in regret.values()) > 1),
        "best_kept": best in analysis.best_set,
        "size": len(analysis.best_set),
        "wrong": choice is not None and regret[choice] > delta + 1e-9,
        "predicted": provisional.expected_regret,
        "realised": regret[provisional.candidate],
    }


def chance(nominal: float, reps: int) -> float:
    """Three Monte-Carlo standard errors of a rate: what a seeded test must allow for."""
    return 3 * float(np.sqrt(nominal * (1 - nominal) / reps))
