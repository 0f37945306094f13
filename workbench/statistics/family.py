"""What may be said about all pairs of candidates with one error rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.statistics.arrays import Floats
from workbench.statistics.contrasts import Contrasts
from workbench.statistics.critical import one_sided, to_normal, two_sided


@dataclass(frozen=True, eq=False)
class Family:
    """What may be said about all pairs at once, with one error rate ``alpha`` for all of it.

    ``margin`` and ``p`` (m,): half widths of the two-sided intervals and adjusted p-values. ``one_sided``
    (k, k): by how many standard errors ``means[j] - means[i]`` is bounded on one side over all j, for each i
    by itself. ``nulls``: what the statistics were compared with, on the normal scale.
    """

    pairs: Contrasts
    alpha: float
    nulls: tuple[Floats, ...]
    constants: Floats
    margin: Floats
    p: Floats
    one_sided: Floats

    @property
    def gap(self) -> Floats:
        """``means[j] - means[i]`` as centred by the intervals, (k, k)."""
        return self.pairs.square(-self.pairs.centre, self.pairs.centre)

    @property
    def se(self) -> Floats:
        """Standard errors (k, k), 0 on the diagonal."""
        return self.pairs.square(self.pairs.se, self.pairs.se)

    @property
    def df(self) -> Floats:
        """Degrees of freedom (k, k), 1 on the diagonal."""
        return self.pairs.square(self.pairs.df, self.pairs.df) + np.eye(self.pairs.k)

    @property
    def upper(self) -> Floats:
        """One-sided simultaneous upper bounds of ``means[j] - means[i]``, (k, k)."""
        return self.gap + self.one_sided * self.se

    @property
    def lower(self) -> Floats:
        """One-sided simultaneous lower bounds of ``means[j] - means[i]``, (k, k)."""
        return self.gap - self.one_sided * self.se


def family(pairs: Contrasts, nulls: Sequence[Floats], *, alpha: float = 0.05) -> Family:
    """Simultaneous intervals, adjusted p-values and one-sided bounds for all pairs.

    ``nulls``: one or more arrays (draws, m) of studentised differences under "all equal", the parametric one
    first; where there are several, the larger constant counts. Draws are put on one scale by each pair's own
    df, then the largest is taken: max-T where all df are equal, min-p otherwise (Westfall and Young 1993).
    Never wider than Bonferroni's unless the bootstrap says so; for one pair it is the t interval itself.
    """
    scaled = [to_normal(null, pairs.df) for null in nulls]
    constants, p = two_sided(scaled, pairs, alpha)
    bounds = one_sided(scaled, pairs, alpha, among=np.ones(pairs.k, dtype=bool))
    margin = constants * pairs.se
    return Family(pairs, alpha, tuple(scaled), constants, margin, p, bounds)
