"""A weighted sum of several means on the same items, with what items and trainings do to its variance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import least_variance
from workbench.statistics.seeds import seed_spread


@dataclass(frozen=True, eq=False)
class Term:
    """One mean of the sum: ``values`` (S, n) with their weight."""

    values: Floats
    weight: float
    trained: str = ""
    """Names the trainings that the S rows come from; empty: they are no trainings, and their mean is what counts."""


@dataclass(frozen=True)
class Weighted:
    """Such a sum: its estimate, interval, standard error and degrees of freedom."""

    delta: float
    low: float
    high: float
    se: float
    df: float


def weighted(terms: Sequence[Term], clusters: Clusters, *, alpha: float = 0.05) -> Weighted:
    """The weighted sum of the terms' means with its interval; not bounded, since sums of shares are none.

    Paired by item and cluster-robust; the spread over trainings is nested. Where terms share their trainings and their
    weights cancel, it is told of the trainings that were done. Degrees of freedom by Satterthwaite (1946). Never of
    zero width.
    """
    groups: dict[str, Floats] = {}
    weights: dict[str, float] = {}
    for term in terms:
        rows = term.values if term.trained else term.values.mean(axis=0, keepdims=True)
        known = groups.get(term.trained)
        weights[term.trained] = weights.get(term.trained, 0.0) + term.weight
        groups[term.trained] = term.weight * rows if known is None else known + term.weight * rows
    differences = np.sum([rows.mean(axis=0) for rows in groups.values()], axis=0)
    n = len(differences)
    items = max(float(clusters.covariance(differences[:, None])[0, 0]), least_variance(n))
    spread = seed_spread(list(groups.values()), [bool(name) and abs(weights[name]) > 1e-9 for name in groups])
    seeds = float(spread.variance.sum())
    own = items**2 / clusters.df + float((spread.variance**2 / spread.df).sum())
    df = (items + seeds) ** 2 / own
    se = float(np.sqrt(items + seeds))
    delta, half = float(differences.mean()), float(-special.stdtrit(df, alpha / 2)) * se
    return Weighted(delta, delta - half, delta + half, se, df)
