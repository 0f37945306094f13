"""Whether one order of strength explains all pairs, or a beats b, b beats c and c beats a beyond chance."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.statistics.arrays import Floats
from workbench.statistics.davidson import Davidson, slopes, win_rate
from workbench.statistics.paired import LEAST_P
from workbench.statistics.two_way import Parts, score_parts, two_way
from workbench.statistics.verdicts import Correction
from workbench.statistics.votes import Votes

FEWEST_OF_PAIR = 15
"""Labels of a pair below which it is not held against the strengths: their spread is hardly known."""
_FLAT = 1e-6
"""Share of the largest variance, or of one label's, below which the fit leaves a combination of pairs no freedom."""


@dataclass(frozen=True)
class Consistency:
    """How far pairs are from what the strengths foretell: ``p`` that chance takes them so far.

    The pair that is farthest off, ``one`` and ``other``, with the win rate ``seen`` and as ``foretold``.
    """

    p: float
    one: int
    other: int
    seen: float
    foretold: float


def consistency(
    votes: Votes, fitted: Davidson, *, annotators: bool, corrected: Correction | None = None
) -> Consistency | None:
    """Hold each pair's win rate against the strengths'; None where no pair has a freedom of its own.

    Hotelling's test of the pairs' residuals with the covariance that strengths have, robust to items and, if asked,
    ``annotators``. A pair with less than ``FEWEST_OF_PAIR`` labels is left out.
    """
    k = votes.k
    low, high = np.minimum(votes.left, votes.right), np.maximum(votes.left, votes.right)
    names, pair = np.unique(low * k + high, return_inverse=True)
    number = np.bincount(pair).astype(np.float64)
    enough = number >= FEWEST_OF_PAIR
    if np.count_nonzero(enough) < 2:
        return None
    sign = np.where(votes.left == low, 1.0, -1.0)
    foretold, slope = _foretold(votes, fitted, sign)
    scored = score_parts(votes, fitted, corrected)
    rows, residual = np.arange(len(votes)), np.zeros((len(votes), len(names)))
    residual[rows, pair] = (sign * votes.choice + 1) / 2 - foretold
    besides = np.zeros((len(scored.of), len(names)))
    if corrected is not None:
        residual[rows, pair] += sign * corrected.by_label
        ahead = np.minimum(corrected.low, corrected.high) * k + np.maximum(corrected.low, corrected.high)
        of, known = np.searchsorted(names, ahead), np.isin(ahead, names)
        ordered = np.where(corrected.low < corrected.high, corrected.amount, -corrected.amount)
        besides[np.flatnonzero(known), of[known]] = ordered[known]
    total = residual.sum(axis=0) + besides.sum(axis=0)
    # What fitting takes away: strengths follow the labels.
    bread = np.linalg.inv(fitted.hessian)
    follows = np.zeros((bread.shape[0], len(names)))
    np.add.at(follows.T, pair, slope)
    fit = scored.through(bread @ follows)
    parts = Parts((residual - fit.each)[:, enough], (besides - fit.besides)[:, enough], scored.of)
    spread = two_way(votes, parts, annotators=annotators)
    p = _hotelling(total[enough], spread.covariance, groups=spread.df + 1)
    if p is None:
        return None
    off = np.where(enough, np.abs(total) / np.sqrt(number), -1.0)
    worst = int(off.argmax())
    one, other = divmod(int(names[worst]), k)
    expected = float(win_rate(fitted.strengths[one] - fitted.strengths[other], fitted.log_tie))
    return Consistency(p, one, other, expected + float(total[worst] / number[worst]), expected)


def _foretold(votes: Votes, fitted: Davidson, sign: Floats) -> tuple[Floats, Floats]:
    """What each label is worth to the lower candidate by the strengths, (m,), and its derivatives (m, k + 2)."""
    advantage = fitted.strengths[votes.left] - fitted.strengths[votes.right] + fitted.position
    rate = win_rate(advantage, fitted.log_tie)
    by_lead, by_tie = slopes(advantage, fitted.log_tie)
    rows, slope = np.arange(len(votes)), np.zeros((len(votes), votes.k + 2))
    slope[rows, votes.left], slope[rows, votes.right] = by_lead, -by_lead
    slope[:, votes.k], slope[:, votes.k + 1] = by_lead, by_tie
    return np.where(sign > 0, rate, 1 - rate), sign[:, None] * slope


def _hotelling(total: Floats, covariance: Floats, *, groups: float) -> float | None:
    """The chance that sums lie so far from 0, given their covariance from so many groups; None without a freedom."""
    values, vectors = np.linalg.eigh(covariance)
    free = values > _FLAT * max(float(values.max()), 1.0)
    rank = int(free.sum())
    if not rank or groups <= rank + 1:
        return None
    square = float(((vectors[:, free].T @ total) ** 2 / values[free]).sum())
    ratio = square * (groups - rank) / (rank * (groups - 1))
    return max(LEAST_P, float(special.fdtrc(rank, groups - rank, ratio)))
