"""The means of many candidates and all their pairwise differences."""

from dataclasses import dataclass

import numpy as np

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.paired import least_variance


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means of k candidates and how surely they are known, whatever they were estimated from.

    ``means`` (k,); ``covariance`` (k, k) of the part that candidates share, read for differences only, with
    ``df`` degrees of freedom; ``own`` (k,) variance that each adds independently (training seeds), with
    ``own_df`` (k,), infinite where it is assumed; ``n`` items.
    """

    means: Floats
    covariance: Floats
    df: float
    own: Floats
    own_df: Floats
    n: int


@dataclass(frozen=True, eq=False)
class Contrasts:
    """All m = k(k - 1)/2 differences ``means[left] - means[right]``, each array (m,).

    ``centre`` is what the interval is built around, ``shared`` and ``own`` the two parts of the variance.
    """

    left: Integers
    right: Integers
    delta: Floats
    centre: Floats
    shared: Floats
    own: Floats
    df: Floats
    least: float

    @property
    def se(self) -> Floats:
        """Standard errors, at least that of one discordant item."""
        root: Floats = np.sqrt(np.maximum(self.shared + self.own, self.least))
        return root

    @property
    def k(self) -> int:
        """Number of candidates."""
        return int(self.right[-1]) + 1 if len(self.right) else 1

    def square(self, upper: Floats, lower: Floats) -> Floats:
        """Values by pair (m,), above and below the diagonal, as a (k, k) array with 0 on it."""
        square = np.zeros((self.k, self.k))
        square[self.left, self.right], square[self.right, self.left] = upper, lower
        return square


def contrasts(estimate: Estimate) -> Contrasts:
    """All pairwise differences, with degrees of freedom by Satterthwaite (1946)."""
    left, right = np.triu_indices(len(estimate.means), 1)
    diagonal = np.diag(estimate.covariance)
    shared = np.maximum(diagonal[left] + diagonal[right] - 2 * estimate.covariance[left, right], 0.0)
    own = estimate.own[left] + estimate.own[right]
    share_of_df = shared**2 / estimate.df
    for side in (left, right):
        share_of_df = share_of_df + estimate.own[side] ** 2 / estimate.own_df[side]
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(share_of_df > 0, (shared + own) ** 2 / share_of_df, estimate.df)
    delta = estimate.means[left] - estimate.means[right]
    return Contrasts(left, right, delta, delta, shared, own, np.maximum(df, 0.5), least_variance(estimate.n))
