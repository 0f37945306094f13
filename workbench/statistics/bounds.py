"""One-sided bounds of a percentile or a mean of what answers take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats


@dataclass(frozen=True)
class Bounds:
    """An estimate with one-sided bounds; None: so few values bound nothing on that side."""

    estimate: float
    low: float | None
    high: float | None


def percentile_bounds(values: Sequence[float], *, share: float = 0.95, confidence: float = 0.95) -> Bounds:
    """One-sided bounds of a percentile from order statistics, without any model of the values.

    The upper bound of a 95th percentile needs 59 values. Each bound alone holds with ``confidence``
    (David and Nagaraja 2003). ``values`` must not be empty.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    at_most = stats.binom.cdf(np.arange(n), n, share)
    over, under = np.flatnonzero(at_most >= confidence), np.flatnonzero(at_most <= 1 - confidence)
    high = float(ordered[over[0]]) if len(over) else None
    low = float(ordered[under[-1]]) if len(under) else None
    return Bounds(float(np.quantile(ordered, share)), low, high)


def mean_bounds(values: Sequence[float], *, confidence: float = 0.95) -> Bounds:
    """One-sided t bounds of a mean; none from a single value. ``values`` must not be empty."""
    array = np.asarray(values, dtype=np.float64)
    n, mean = len(array), float(array.mean())
    if n < 2:
        return Bounds(mean, None, None)
    half = float(special.stdtrit(n - 1, confidence)) * float(array.std(ddof=1)) / float(np.sqrt(n))
    return Bounds(mean, mean - half, mean + half)
