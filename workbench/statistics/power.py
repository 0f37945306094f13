"""How much data a claim needs, and what difference so much data can show."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.statistics.arrays import Floats

POWER = 0.8
TYPICAL_DISCORDANCE = 0.35
"""Share of items on which two candidates of different approach typically disagree."""


def detectable_difference(
    n: float,
    *,
    discordance: float = TYPICAL_DISCORDANCE,
    inflation: float = 1.0,
    seed_variance: float = 0.0,
    constant: float | None = None,
    alpha: float = 0.05,
) -> float:
    """The true difference that ``n`` paired items show in 80 of 100 tests.

    ``discordance``: share of items that differ (mean squared difference); ``inflation``: design effect of
    clusters; ``seed_variance``: of the difference of means, from training seeds; ``constant``: standard
    errors that an interval spans on either side, by default the normal's.
    """
    z = float(special.ndtri(1 - alpha / 2)) if constant is None else constant
    return (z + float(special.ndtri(POWER))) * float(np.sqrt(discordance * inflation / n + seed_variance))


@dataclass(frozen=True)
class Enough:
    """Items and seeds with which a claim succeeds in 80 of 100 tests; infinite: never by that alone."""

    items: float
    seed_factor: float
    """By how much the seeds of each trained candidate would have to grow, if only they grow."""
    both_items: float
    both_seed_factor: float
    mostly_seeds: bool
    """The hardest difference is uncertain because of seeds more than because of items."""


def enough(margins: Floats, *, shared: Floats, own: Floats, constants: Floats, n: int) -> Enough:
    """What brings ``constants`` + 0.84 standard errors of every difference within its margin.

    ``margins`` (r,): how far each estimate lies from the claim's edge; ``shared`` (r,): its variance from the
    n items, which more items shrink; ``own`` (r,): its variance from seeds, which more seeds shrink.
    """
    target = (np.maximum(margins, 1e-9) / (constants + special.ndtri(POWER))) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        items = np.where(target > own, n * shared / (target - own), np.inf)
        seeds = np.where(own == 0, np.where(shared > target, np.inf, 0.0), own / (target - shared))
        seeds = np.where((own > 0) & (target <= shared), np.inf, seeds)
    half, hardest = target / 2, int(np.argmax((shared + own) / target))
    return Enough(
        items=float(items.max()),
        seed_factor=float(seeds.max()),
        both_items=float((n * shared / half).max()),
        both_seed_factor=float((own / half).max()),
        mostly_seeds=bool(own[hardest] > shared[hardest]),
    )
