"""Which candidates may be the best, and how far each is from the best of the others."""

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.arrays import Floats
from workbench.statistics.family import Family


def best_set(
    claims: Family, *, among: NDArray[np.bool_] | None = None, hurdle: Floats | None = None
) -> NDArray[np.bool_]:
    """Which candidates (k,) no other is shown to beat: it holds the best with probability 1 - alpha.

    Hsu's multiple comparisons with the best (1981), paired. Rivals are those in ``among`` (k,); a lead below
    ``hurdle`` (k, k) excludes nobody.
    """
    k = claims.pairs.k
    rivals = np.ones(k, dtype=bool) if among is None else among
    lead = claims.pairs.square(-claims.pairs.delta, claims.pairs.delta)
    beaten = (claims.lower > 0) & (lead > (0.0 if hurdle is None else hurdle))
    kept: NDArray[np.bool_] = np.logical_not(beaten[:, rivals].any(axis=1))
    return kept


def best_intervals(claims: Family) -> tuple[Floats, Floats]:
    """Lows and highs (k,) of each mean minus the best of the others', constrained to touch 0 (Hsu 1984)."""
    off = ~np.eye(claims.pairs.k, dtype=bool)
    low = np.where(off, -claims.upper, np.inf).min(axis=1)
    high = np.where(off, -claims.lower, np.inf).min(axis=1)
    return np.minimum(low, 0.0), np.maximum(high, 0.0)
