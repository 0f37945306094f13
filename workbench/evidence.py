"""What is known about the candidates of a panel, and how surely, before anything is claimed."""

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from workbench.panel import Panel, Scores
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.contrasts import Estimate, contrasts
from workbench.statistics.draws import FEW_CLUSTERS, bootstrap_draws, mean_draws, t_draws
from workbench.statistics.family import Family, family
from workbench.statistics.paired import mcnemar
from workbench.statistics.pseudo_items import (
    FEW_DEPARTURES,
    FEW_DISAGREEMENTS,
    FEW_ITEMS,
    departures,
    with_pseudo_items,
)
from workbench.statistics.seeds import ONE_SEED_SD, SeedSpread, seed_spread


@dataclass(frozen=True, eq=False)
class Evidence:
    """The panel as arrays in a canonical order, and all that is simultaneously known about it.

    ``averages`` (n, k) over runs, costs taken off; ``grouped``: some items share a cluster; ``family``: None where
    there is one candidate only; ``pseudo`` (m,): pairs that got pseudo items; ``errors`` (draws, k) of the means.
    """

    candidates: tuple[Scores, ...]
    averages: Floats
    clusters: Clusters
    grouped: bool
    spread: SeedSpread
    estimate: Estimate
    family: Family | None
    pseudo: NDArray[np.bool_]
    errors: Floats


def _ordered(panel: Panel) -> tuple[tuple[Scores, ...], Floats, Clusters]:
    """Candidates, (n, k) averages over runs and clusters in an order that the input's order can't change.

    The candidates are ordered by what they scored, so that names don't matter either.
    """
    rows = sorted(range(len(panel.items)), key=lambda i: (panel.clusters[i], panel.items[i]))
    candidates = [replace(c, values=c.values[:, rows], abstained=None) for c in panel.candidates]
    averages = np.stack([c.values.mean(axis=0) - c.cost for c in candidates], axis=1)
    relative = (averages - averages.mean(axis=1, keepdims=True)).round(9) + 0.0

    def content(j: int) -> tuple[float, bool, bytes]:
        column = relative[:, j]
        return round(float(column.mean()), 9), candidates[j].trained, column.tobytes()

    order = sorted(range(len(candidates)), key=content)
    clusters = Clusters.of([panel.clusters[i] for i in rows])
    return tuple(candidates[j] for j in order), averages[:, order], clusters


_gathered: WeakKeyDictionary[Panel, dict[tuple[float, str], Evidence]] = WeakKeyDictionary()
"""By panel: what was gathered of it, for an error rate and a state of the generator. It depends on nothing else."""


def gather_evidence(panel: Panel, *, alpha: float, rng: np.random.Generator) -> Evidence:
    """All that the scores say about means and differences, with one error rate ``alpha`` for all pairs.

    The same panel is gathered once: other margins and other candidates to choose from need no new draws.
    """
    known, key = _gathered.setdefault(panel, {}), (alpha, repr(rng.bit_generator.state))
    if key not in known:
        known.clear()
        known[key] = _gather(panel, alpha=alpha, rng=rng)
    return known[key]


def _gather(panel: Panel, *, alpha: float, rng: np.random.Generator) -> Evidence:
    candidates, averages, clusters = _ordered(panel)
    n, k = averages.shape
    # What all candidates find hard says nothing about their differences.
    relative = averages - averages.mean(axis=1, keepdims=True)
    spread = seed_spread([c.values for c in candidates], [c.trained for c in candidates])
    own = spread.variance + np.array([c.cost_variance for c in candidates])
    estimate = Estimate(averages.mean(axis=0), clusters.covariance(relative), clusters.df, own, spread.df, n)
    errors = mean_draws(estimate, rng=rng)
    single = np.array([one.trained for one in candidates]) & (spread.seeds == 1)
    known, pseudo = None, np.zeros(0, dtype=bool)
    if k > 1:
        pairs = contrasts(estimate)
        binary: NDArray[np.bool_] = np.asarray(np.isin(averages, (0.0, 1.0)).all(axis=0))
        both = binary[pairs.left] & binary[pairs.right]
        enough = np.where(both, FEW_DISAGREEMENTS, FEW_DEPARTURES)
        pseudo = (departures(averages, pairs) < enough) | (both & (n < FEW_ITEMS))
        pairs = with_pseudo_items(pairs, relative, clusters, where=pseudo)
        nulls = [t_draws(estimate, pairs, errors, rng=rng)]
        if len(clusters.sizes) < FEW_CLUSTERS:
            nulls.append(bootstrap_draws(relative, clusters, pairs, rng=rng))
        known = _guarded(family(pairs, nulls, alpha=alpha), averages, pseudo & both)
    grouped = len(clusters.sizes) < n
    unseen = np.where(single, np.sqrt(np.maximum(ONE_SEED_SD**2 - spread.variance, 0)), 0.0)
    errors = errors + rng.standard_normal(errors.shape) * unseen
    return Evidence(candidates, averages, clusters, grouped, spread, estimate, known, pseudo, errors)


def _guarded(known: Family, averages: Floats, sparse: NDArray[np.bool_]) -> Family:
    """Where single answers (pairs in ``sparse``) seldom differ, no p-value below the mid-p McNemar test's."""
    p = known.p.copy()
    for r in np.flatnonzero(sparse):
        difference = averages[:, known.pairs.left[r]] - averages[:, known.pairs.right[r]]
        exact = mcnemar(int((difference > 0).sum()), int((difference < 0).sum()))
        p[r] = max(p[r], exact)
    return replace(known, p=p)
