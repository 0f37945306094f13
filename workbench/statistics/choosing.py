"""Choosing one of several settings by scores on few items, and how much of its lead is luck."""

from collections.abc import Sequence

import numpy as np

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import least_variance

HALVES = 50
"""Times the items are cut in two."""


def within_one_error(values: Floats, clusters: Clusters) -> list[int]:
    """Which rows of values (k, n) fall short of the best mean by no more than one standard error of the difference.

    The one-standard-error rule (Breiman et al. 1984), with the error of the paired difference: settings answer the same
    items, so what is easy for all of them does not count. Never less than one discordant item is allowed for.
    """
    behind = values[int(values.mean(axis=1).argmax())] - values
    totals = clusters.sums((behind - behind.mean(axis=1, keepdims=True)).T)
    variances = (totals**2).sum(axis=0) * clusters.correction / values.shape[1] ** 2
    errors = np.sqrt(np.maximum(variances, least_variance(values.shape[1])))
    return [int(row) for row in np.flatnonzero(behind.mean(axis=1) <= errors + 1e-12)]


def choose(values: Floats, clusters: Clusters, *, order: Sequence[int]) -> int:
    """The row that comes first in ``order``, the simplest first, of those within one standard error of the best."""
    eligible = within_one_error(values, clusters)
    return next(row for row in order if row in eligible)


def honest_gain(values: Floats, clusters: Clusters, *, order: Sequence[int], rng: np.random.Generator) -> float | None:
    """Choose on one half of the items and score on the other, many times: the mean gain; None with few clusters.

    The reference is the first row in ``order``. The mean of the chosen on the items that it was chosen by is
    optimistic; here it is not, but for what earlier looks at the same items left out of ``values``. Half as many items
    choose a little worse than all of them.
    """
    groups = int(clusters.codes.max()) + 1
    if groups < 4 or len(values) < 2:
        return None
    found = []
    for _ in range(HALVES):
        chosen_by = np.isin(clusters.codes, rng.permutation(groups)[: groups // 2])
        for half in (chosen_by, ~chosen_by):
            inside = Clusters(np.unique(clusters.codes[half], return_inverse=True)[1])
            row = choose(values[:, half], inside, order=order)
            found.append(float((values[row] - values[order[0]])[~half].mean()))
    return float(np.mean(found))
