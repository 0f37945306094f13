"""By how many standard errors all differences at once must be bounded, read off simulated ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workbench.statistics.arrays import Floats
from workbench.statistics.contrasts import Contrasts
from workbench.statistics.paired import LEAST_P


def to_normal(t: Floats, df: Floats | float) -> Floats:
    """A t value on the scale of a normal one, sign kept (Wallace 1959): exact to about 0.001 from df 3 on."""
    z: Floats = np.sign(t) * np.sqrt(df * np.log1p(t * t / df)) * (8 * df + 1) / (8 * df + 3)
    return z


def _from_normal(z: float, df: Floats) -> Floats:
    """The inverse of ``to_normal`` for one positive z."""
    exponent = np.minimum((z * (8 * df + 3) / (8 * df + 1)) ** 2 / df, 600.0)
    t: Floats = np.sqrt(df * np.expm1(exponent))
    return t


def _constant(largest: Floats, alpha: float) -> float:
    """The 1 - alpha quantile of the null's largest statistic; infinite where there are too few draws."""
    above = int(np.floor(alpha * (len(largest) + 1)))
    return float(np.partition(largest, -above)[-above]) if above >= 1 else np.inf


def _limited(zs: Sequence[float], df: Floats, *, tests: int, level: float) -> Floats:
    """Constants by pair: the simulated one, at most Bonferroni's; then the largest over the null draws."""
    constants = np.asarray(-special.stdtrit(df, level / tests), dtype=np.float64)
    if tests > 1:
        np.minimum(constants, _from_normal(zs[0], df), out=constants)
    for z in zs[1:]:
        np.maximum(constants, _from_normal(z, df), out=constants)
    return constants


def two_sided(nulls: Sequence[Floats], pairs: Contrasts, alpha: float) -> tuple[Floats, Floats]:
    """Constants and adjusted p-values (m,); ``nulls`` on the normal scale, the most cautious one counts."""
    m = len(pairs.left)
    t = np.abs(pairs.centre) / pairs.se
    observed = to_normal(t, pairs.df)
    bonferroni = m * 2 * special.stdtr(pairs.df, -t)
    zs, adjusted = [], np.full(m, LEAST_P)
    for order, null in enumerate(nulls):
        largest = np.sort(np.abs(null).max(axis=1))
        zs.append(_constant(largest, alpha))
        p = (1 + len(largest) - np.searchsorted(largest, observed, side="left")) / (len(largest) + 1)
        if order == 0:
            p = bonferroni if m == 1 else np.minimum(p, bonferroni)
        adjusted = np.maximum(adjusted, p)
    return _limited(zs, pairs.df, tests=m, level=alpha / 2), np.minimum(adjusted, 1.0)


def one_sided(nulls: Sequence[Floats], pairs: Contrasts, alpha: float, *, among: NDArray[np.bool_]) -> Floats:
    """Constants (k, k): row i for the bounds of the others in ``among`` (k,) minus i."""
    k = pairs.k
    constants = np.zeros((k, k))
    for i in range(k):
        above = np.flatnonzero((pairs.right == i) & among[pairs.left])
        below = np.flatnonzero((pairs.left == i) & among[pairs.right])
        others = np.concatenate([pairs.left[above], pairs.right[below]])
        if not len(others):
            continue
        df = np.concatenate([pairs.df[above], pairs.df[below]])
        zs = [_constant(np.concatenate([null[:, above], -null[:, below]], axis=1).max(axis=1), alpha) for null in nulls]
        constants[i, others] = _limited(zs, df, tests=len(others), level=alpha)
    return constants
