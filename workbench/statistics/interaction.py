"""Whether a difference between two candidates is another one within a segment of the items than outside it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import LEAST_P


@dataclass(frozen=True)
class Interaction:
    """A mean difference inside a segment and outside it, and the two-sided p-value of their difference."""

    inside: float
    outside: float
    p: float


def interaction(
    differences: Floats, segment: NDArray[np.bool_], clusters: Clusters, *, seed_variance: float = 0.0
) -> Interaction:
    """Compare (n,) paired differences inside and outside ``segment`` (n,), both not empty.

    Cluster-robust (Liang and Zeger 1986), with a t quantile for the smaller side's groups; ``seed_variance``: of the
    compared quantity over training seeds. Never surer than one discordant item on either side allows.
    """
    inside, outside = float(differences[segment].mean()), float(differences[~segment].mean())
    counts = float(segment.sum()), float((~segment).sum())
    residual = np.where(segment, (differences - inside) / counts[0], -(differences - outside) / counts[1])
    totals = clusters.sums(residual[:, None])[:, 0]
    least = sum(max(1 - 1 / n, 0.5) / n**2 for n in counts)
    variance = max(float(totals @ totals) * clusters.correction, least) + seed_variance
    groups = [Clusters(np.unique(clusters.codes[side], return_inverse=True)[1]) for side in (segment, ~segment)]
    df = max(min(one.effective for one in groups) - 1, 0.5)
    t = (inside - outside) / np.sqrt(variance)
    return Interaction(inside, outside, max(LEAST_P, 2 * float(special.stdtr(df, -abs(t)))))


def holm(p: Floats) -> Floats:
    """Adjusted p-values (m,): at most alpha of such families hold a false finding (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * (len(p) - np.arange(len(p)))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
