"""The interval of one candidate's share or mean by itself."""

from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Interval:
    """A closed interval."""

    low: float
    high: float


def wilson(share: float, n: float, *, alpha: float = 0.05, df: float = np.inf) -> Interval:
    """Interval for one share of ``n`` independent items, never empty, also at 0 and 1 (Wilson 1927).

    ``n`` may be an effective number of items (Dean and Pagano 2015), known with ``df`` degrees of freedom.
    """
    z = float(-special.stdtrit(df, alpha / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At 0 and 1 rounding would put the share itself outside.
    return Interval(max(0.0, min(share, float(centre - half))), min(1.0, max(share, float(centre + half))))


def mean_interval(mean: float, variance: float, *, n: float, df: float = np.inf, alpha: float = 0.05) -> Interval:
    """Interval for one mean in [0, 1] of given variance: Wilson's, with the number of items that it implies.

    ``variance`` may hold clusters and seeds; ``n`` clusters count where all scores are equal.
    """
    spread = mean * (1 - mean)
    effective = spread / variance if spread > 0 and variance > 1e-15 else float(n)
    return wilson(mean, effective, alpha=alpha, df=df)
