"""The alignment tax: what preferences and reinforcement cost, beside the weights that they went on from."""

from collections.abc import Sequence

import numpy as np
from scipy import special

from workbench.forgetting import Loss
from workbench.gain import Gain, gained
from workbench.model import Noun
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import paired_t

LEAST_HEADROOM = 0.1
"""Of a suite in which the model was less above guessing than that, no share means anything."""


class PerGain(Noun):
    """Points lost in a suite for each point gained in the use case, with its 95 % interval."""

    value: float
    low: float
    high: float


class Tax(Noun):
    """What a candidate's preference and RL stages cost, and what they brought."""

    before: str
    """What the weights were before, in words."""
    losses: tuple[Loss, ...]
    """Every suite beside those weights, the worst first."""
    worst: Loss
    """The suite with the largest bound: what it lost of the headroom over guessing is no more than ``bound``."""
    bound: float
    """Upper 95 % bound of the worst suite's loss, as a share of the headroom."""
    gain: Gain | None
    """In the use case's metric on the test set; None where it was not measured."""
    per_gain: PerGain | None
    """None: undefined, since the gain's interval holds 0 or was not measured."""


def alignment_tax(before: str, found: Sequence[Loss], gains: Floats | None, clusters: Clusters | None) -> Tax | None:
    """The tax from every suite's loss beside the weights before, and the use case's paired gains (n,).

    None where no suite is a share of items, or where the model was hardly above guessing in all of them.
    """
    normal = [one for one in found if one.suite.is_share and _headroom(one) > LEAST_HEADROOM - 1e-9]
    if not normal:
        return None
    worst = max(normal, key=_bound)
    gain = None
    ratio = None
    if gains is not None and clusters is not None and len(gains) > 1:
        paired = paired_t(gains, clusters=clusters)
        gain = gained(gains, clusters)
        ratio = fieller(-worst.change, worst.se, paired.delta, paired.se, df=paired.df)
    return Tax(before=before, losses=tuple(found), worst=worst, bound=_bound(worst), gain=gain, per_gain=ratio)


def _bound(one: Loss) -> float:
    return one.at_most_lost / _headroom(one)


def _headroom(one: Loss) -> float:
    return one.before - (one.suite.chance or 0.0)


def fieller(cost: float, cost_se: float, gain: float, gain_se: float, *, df: float) -> PerGain | None:
    """The ratio of two independent estimates with its 95 % interval (Fieller 1954).

    None where the gain's own interval holds 0: then no finite interval holds the ratio.
    """
    t = float(special.stdtrit(df, 0.975))
    g = (t * gain_se / gain) ** 2 if gain else np.inf
    if not np.isfinite(g) or g >= 1:
        return None
    ratio = cost / gain
    half = t / gain * float(np.sqrt(max(cost_se**2 * (1 - g) + (ratio * gain_se) ** 2, 0.0)))
    ends = sorted(((ratio - half) / (1 - g), (ratio + half) / (1 - g)))
    return PerGain(value=ratio, low=ends[0], high=ends[1])
