"""Whether a judge goes by the length of an answer, or by its place, instead of its worth."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.davidson import RIDGE
from workbench.statistics.intervals import Interval, wilson
from workbench.statistics.votes import Votes

_STEPS = 50
_ALIKE = 1e-3
"""Share of the spread of lengths that must be left within pairs, or length is the candidates' own trait."""


@dataclass(frozen=True)
class Lean:
    """A coefficient in log-odds with its interval; ``shown``: the interval does not hold 0."""

    log_odds: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the lean is more than chance."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class JudgeBias:
    """How much a judge goes by length and place, at equal candidates.

    ``length``: log-odds for an answer that is longer by one standard deviation; None where lengths do not vary
    within pairs of candidates. ``place``: log-odds for the answer shown first; None where each pair was shown in
    one order only. ``flips`` of the ``both_orders`` answers judged in both orders changed with the order.
    """

    length: Lean | None
    place: Lean | None
    both_orders: int
    flips: int
    flip_interval: Interval | None

    @property
    def flip_rate(self) -> float | None:
        """Share of verdicts that changed with the order; None where nothing was judged in both."""
        return self.flips / self.both_orders if self.both_orders else None


def judge_bias(votes: Votes, longer: Floats, *, alpha: float = 0.05) -> JudgeBias:
    """A judge's lean towards length and place, from its verdicts and how much ``longer`` (m,) the first answer was.

    Logistic regression of the preference (a tie is half) on the length difference in standard deviations and
    the order, controlling for the candidates (Dubois et al. 2024), with item-robust errors.
    """
    k = votes.k
    spread = float(np.sqrt((longer**2).mean())) if len(longer) else 0.0
    candidates = np.zeros((len(votes), k))
    candidates[np.arange(len(votes)), votes.left] = 1.0
    candidates[np.arange(len(votes)), votes.right] -= 1.0
    place = np.ones((len(votes), 1))
    scaled = (longer / spread if spread > 0 else np.zeros(len(votes)))[:, None]
    length = _varies(scaled, np.hstack([candidates, place]))
    order = _varies(place, np.hstack([candidates, scaled]))
    design = np.hstack([candidates, scaled * length, place * order])
    theta, covariance = _regression(votes, design)
    quantile = float(-special.stdtrit(votes.items.df, alpha / 2)) if len(votes) else np.inf

    def lean(column: int) -> Lean:
        half = quantile * float(np.sqrt(covariance[column, column]))
        middle = float(theta[column])
        return Lean(middle, middle - half, middle + half)

    flips, both = _flips(votes)
    interval = wilson(flips / both, both, alpha=alpha) if both else None
    return JudgeBias(lean(k) if length else None, lean(k + 1) if order else None, both, flips, interval)


def _varies(column: Floats, others: Floats) -> bool:
    """Whether a column (m, 1) is more than a combination of the others."""
    if not len(column):
        return False
    left = column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
    return bool((left**2).sum() > _ALIKE * max(float((column**2).sum()), 1e-12))


def _regression(votes: Votes, design: Floats) -> tuple[Floats, Floats]:
    """Coefficients (p,) and item-robust covariance (p, p) of a logistic regression of who is preferred."""
    share, width = (votes.choice + 1) / 2, design.shape[1]
    theta, penalty = np.zeros(width), RIDGE * np.eye(width)
    for _ in range(_STEPS):
        rate = special.expit(design @ theta)
        hessian = (design * (rate * (1 - rate))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, design.T @ (share - rate) - RIDGE * theta)
        theta += np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    bread = np.linalg.inv(hessian)
    totals = votes.items.sums(design * (share - rate)[:, None]) @ bread
    return theta, votes.items.correction * totals.T @ totals


def _flips(votes: Votes) -> tuple[int, int]:
    """How many verdicts changed with the order, and how many answers were judged in both orders.

    One verdict an item, annotator and order counts, the first.
    """
    low, high = np.minimum(votes.left, votes.right), np.maximum(votes.left, votes.right)
    side = np.where(votes.left == low, votes.choice, -votes.choice)
    width = int(votes.annotator.max(initial=0)) + 1
    unit: Integers = ((votes.item * width + votes.annotator) * votes.k + low) * votes.k + high
    flips = both = 0
    verdicts = []
    for swapped in (False, True):
        rows = np.flatnonzero((votes.left != low) == swapped)
        units, first = np.unique(unit[rows], return_index=True)
        verdicts.append((units, side[rows[first]]))
    _, here, there = np.intersect1d(verdicts[0][0], verdicts[1][0], return_indices=True)
    both = len(here)
    flips = int((verdicts[0][1][here] != verdicts[1][1][there]).sum())
    return flips, both
