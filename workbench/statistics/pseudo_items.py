"""Pairs that hardly differ get two made-up items more, since their variance is hardly estimated."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.clusters import Clusters
from workbench.statistics.contrasts import Contrasts

FEW_DEPARTURES = 10
"""Below this many items that differ from the commonest difference, the variance is hardly estimated."""
FEW_DISAGREEMENTS = 25
"""The same for binary scores, where skewness makes one-sided bounds miss 7 % instead of 5 % below it."""
FEW_ITEMS = 50
"""Below this many items, binary scores get the Bonett-Price interval."""


def departures(scores: Floats, pairs: Contrasts) -> Integers:
    """For each pair, the items of (n, k) scores whose difference is not the commonest one: (m,)."""
    count = np.empty(len(pairs.left), dtype=np.int64)
    for r, (i, j) in enumerate(zip(pairs.left, pairs.right, strict=True)):
        difference = scores[:, i] - scores[:, j]
        # Where fewer than half depart, and only that matters here, the median is the commonest value.
        count[r] = np.count_nonzero(np.abs(difference - np.median(difference)) > 1e-9)
    return count


def with_pseudo_items(pairs: Contrasts, scores: Floats, clusters: Clusters, *, where: NDArray[np.bool_]) -> Contrasts:
    """Two items more for the pairs in ``where`` (m,), one won by each side: Bonett and Price for any scores.

    For binary scores of independent items it is exactly their interval's centre and standard error.
    """
    n = len(scores)
    totals = clusters.sums(scores)
    gram, weighted = totals.T @ totals, clusters.sizes @ totals
    i, j = pairs.left[where], pairs.right[where]
    centre = pairs.delta[where] * n / (n + 2)
    squares = gram[i, i] + gram[j, j] - 2 * gram[i, j]
    squares = squares - 2 * centre * (weighted[i] - weighted[j]) + centre**2 * (clusters.sizes**2).sum()
    factor = 1.0 if len(clusters.sizes) == n else clusters.correction
    shared, new_centre = pairs.shared.copy(), pairs.centre.copy()
    shared[where] = factor * (np.maximum(squares, 0.0) + 2 + 2 * centre**2) / (n + 2) ** 2
    new_centre[where] = centre
    return replace(pairs, shared=shared, centre=new_centre)
