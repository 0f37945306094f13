"""The difference of two candidates on the same items."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters

LEAST_P = 1e-12
"""No p-value is reported below this: the models behind it are not that exact."""


@dataclass(frozen=True)
class Difference:
    """A mean difference with its interval, two-sided p-value, standard error and degrees of freedom."""

    delta: float
    low: float
    high: float
    p: float
    se: float
    df: float


def least_variance(n: int) -> float:
    """The variance of a mean difference of which one item in n is discordant: no less is believed."""
    return max(1 - 1 / n, 0.5) / n**2


def _difference(delta: float, centre: float, *, se: float, df: float, alpha: float) -> Difference:
    half = float(-special.stdtrit(df, alpha / 2)) * se
    p = max(LEAST_P, 2 * float(special.stdtr(df, -abs(centre) / se)))
    return Difference(delta, max(-1.0, centre - half), min(1.0, centre + half), p, se, df)


def paired_t(differences: Floats, *, clusters: Clusters | None = None, alpha: float = 0.05) -> Difference:
    """Paired t interval for (n,) differences, with cluster-robust variance where items share clusters.

    Never of zero width: the variance is at least that of one discordant item.
    """
    n = len(differences)
    clusters = clusters or Clusters.singletons(n)
    delta = float(differences.mean())
    variance = max(float(clusters.covariance(differences[:, None])[0, 0]), least_variance(n))
    return _difference(delta, delta, se=float(np.sqrt(variance)), df=clusters.df, alpha=alpha)


def bonett_price(only_first: int, only_second: int, n: int, *, alpha: float = 0.05) -> Difference:
    """Interval for the difference of two paired shares where few items differ (Bonett and Price 2012).

    It adds one item to each kind of disagreement. Use it for binary scores with n < 50 or few
    disagreements (``pseudo_items.FEW_DISAGREEMENTS``): there it covers 96 to 99 %, the paired t interval 93 to 95 %.
    """
    first, second = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    centre = first - second
    se = float(np.sqrt((first + second - centre**2) / (n + 2)))
    return _difference((only_first - only_second) / n, centre, se=se, df=np.inf, alpha=alpha)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided mid-p McNemar test of two paired shares; 1 where they never disagree (Fagerland 2013)."""
    both, fewer = only_first + only_second, min(only_first, only_second)
    if both == 0:
        return 1.0
    p = 2 * stats.binom.cdf(fewer, both, 0.5) - stats.binom.pmf(fewer, both, 0.5)
    return float(np.clip(p, LEAST_P, 1.0))
