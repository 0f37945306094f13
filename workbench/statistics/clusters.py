"""Items that belong together, and what that does to a variance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.statistics.arrays import Floats, Integers


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which items belong together: ``codes`` (n,) from 0 to G - 1, each used."""

    codes: Integers

    @classmethod
    def of(cls, labels: Sequence[str]) -> "Clusters":
        """From one label an item."""
        return cls(np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64))

    @classmethod
    def numbered(cls, codes: Integers) -> "Clusters":
        """From one number an item, of which any may be unused."""
        return cls(np.unique(codes, return_inverse=True)[1].astype(np.int64))

    @classmethod
    def singletons(cls, n: int) -> "Clusters":
        """Every item its own cluster."""
        return cls(np.arange(n))

    @cached_property
    def sizes(self) -> Floats:
        """Items in each cluster (G,)."""
        return np.bincount(self.codes).astype(np.float64)

    @property
    def effective(self) -> float:
        """Number of equally large clusters that say as much: n^2 / sum of squared sizes (Kish 1965).

        With equal sizes it is G. One document that holds half the questions brings it below 4, and there
        G - 1 degrees of freedom cover 62 to 89 % where 95 % was promised; this number covers.
        """
        return float(self.sizes.sum() ** 2 / (self.sizes**2).sum())

    @property
    def df(self) -> float:
        """Degrees of freedom of a cluster-robust variance."""
        return max(self.effective - 1, 0.5)

    @property
    def correction(self) -> float:
        """Factor that makes the sum of squared cluster totals unbiased: G / (G - 1) for equal sizes (CR1)."""
        return self.effective / max(self.effective - 1, 0.5)

    def sums(self, values: Floats) -> Floats:
        """Totals of (n, m) values by cluster: (G, m)."""
        if len(self.sizes) == len(self.codes):
            return values
        order = np.argsort(self.codes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(self.sizes[:-1])]).astype(np.int64)
        totals: Floats = np.add.reduceat(values[order], starts, axis=0)
        return totals

    def covariance(self, values: Floats) -> Floats:
        """Covariance (k, k) of the k column means of (n, k) values, cluster-robust (Liang and Zeger 1986)."""
        totals = self.sums(values - values.mean(axis=0))
        product: Floats = totals.T @ totals * (self.correction / len(values) ** 2)
        return product


def design_effect(clusters: Clusters, *, correlation: float) -> float:
    """By what factor clusters inflate a variance: 1 + (weighted mean size - 1) x intra-class correlation."""
    size = float((clusters.sizes**2).sum() / clusters.sizes.sum())
    return 1 + (size - 1) * correlation
