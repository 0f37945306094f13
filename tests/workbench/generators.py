"""Made-up panels whose truth is known: the worlds in which the judgement is calibrated."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy import optimize, special, stats

from workbench.candidate import APPROACHES
from workbench.compare import Panel, Scores

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


def _quantiles(ability: Ability, item_sd: float, at: np.ndarray) -> np.ndarray:
    if ability == "heavy":
        return item_sd / np.sqrt(3) * stats.t.ppf(at, 3)
    if ability == "two kinds":
        return item_sd * np.where(at < 0.5, -1.0, 1.0) * 1.6
    return item_sd * special.ndtri(at)


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
