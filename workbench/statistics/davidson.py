"""Strengths of candidates from preference labels with ties and an advantage of being shown first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.votes import Votes

RIDGE = 1e-3
"""Penalty on squared parameters: far below one label, so that a lopsided resample still has a solution."""
REPLICATES = 500
_STEPS, _LONGEST, _CLOSE = 60, 2.0, 1e-9
_WIDEST = 60.0
"""Log-odds beyond which probabilities no longer change."""


@dataclass(frozen=True, eq=False)
class Davidson:
    """Fitted strengths (k,) in log-odds with sum 0, and what the labels say about order and ties.

    With l = strength of the first - that of the second + ``position``, the first wins with probability
    e^(l/2) / Z, the second with e^(-l/2) / Z, and they tie with e^``log_tie`` / Z (Davidson 1970; Davidson and
    Beaver 1977 for the order). ``hessian`` (k + 2, k + 2) of the negative log-likelihood, the ridge included, in
    the order strengths, position, log_tie. Where ties count half and are not modelled, ``log_tie`` is -inf.
    """

    strengths: Floats
    position: float
    log_tie: float
    hessian: Floats

    @property
    def k(self) -> int:
        """Number of candidates."""
        return len(self.strengths)


def win_rate(advantage: Floats | float, log_tie: Floats | float) -> Floats:
    """Probability of winning plus half that of a tie, at an advantage in log-odds and without any order."""
    ahead, tie, _ = _chances(np.asarray(advantage, dtype=np.float64), np.asarray(log_tie, dtype=np.float64))
    return ahead + tie / 2


def advantage_of(rate: float, log_tie: float) -> float:
    """The log-odds at which the win rate comes out: the inverse of ``win_rate``."""
    tie = np.exp(min(log_tie, _WIDEST))
    linear = tie * (rate - 0.5)
    # A quadratic equation in e^(l/2); the other form of its root where the first one cancels.
    root = np.sqrt(linear**2 + 4 * rate * (1 - rate))
    half = (linear + root) / (2 * (1 - rate)) if linear > 0 else 2 * rate / (root - linear)
    return float(2 * np.log(half))


def slopes(advantage: Floats, log_tie: float) -> tuple[Floats, Floats]:
    """Derivatives of the win rate with respect to the advantage and to ``log_tie``."""
    ahead, tie, _ = _chances(advantage, np.asarray(log_tie))
    rate = ahead + tie / 2
    return ahead + tie / 4 - rate**2, tie * (0.5 - rate)


def fit(counts: Floats, *, ties: bool = True, ridge: float = RIDGE, shift: Floats | None = None) -> Davidson:
    """The best strengths for counts (k, k, 3) by first, second and choice.

    Without ``ties`` it is the Bradley-Terry model, a tie counted as half a win each way. Whether the labels
    determine the strengths is for ``identification`` to say: the ridge hides it. ``shift`` (k,): wins that candidates
    are given beyond those counted, with sum 0.
    """
    k = len(counts)
    design, used = _design(counts.sum(axis=2))
    theta, hessian = _newton(design, counts[used][None], ties=ties, ridge=ridge, shift=shift)
    strengths = theta[0, :k] - theta[0, :k].mean()
    return Davidson(strengths, float(theta[0, k]), float(theta[0, k + 1]), hessian[0])


def steered(fitted: Davidson, shift: Floats) -> Davidson:
    """The fit if each candidate had so many wins (k,) more, which sum to 0: one Newton step, with the same curvature.

    To solve anew would take a candidate of few wins to infinity as soon as it lost them; one step is as good where
    the wins are few beside the labels, and errs as far to either side.
    """
    k = fitted.k
    step = np.linalg.solve(fitted.hessian, np.append(shift, [0.0, 0.0]))
    step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), _LONGEST))
    strengths = fitted.strengths + step[:k]
    return Davidson(
        strengths - strengths.mean(), fitted.position + step[k], fitted.log_tie + step[k + 1], fitted.hessian
    )


def scores(votes: Votes, fitted: Davidson) -> Floats:
    """Derivatives (m, k + 2) of each label's log-likelihood with respect to the parameters."""
    k = votes.k
    design, used = _design(np.ones((k, k)))
    advantage = design @ np.append(fitted.strengths, fitted.position)
    ahead, tie, _ = _chances(advantage, np.asarray(fitted.log_tie))
    by_choice = np.zeros((k, k, 3, k + 2))
    for column, (share, tied) in enumerate(((1.0, 0.0), (0.5, 1.0), (0.0, 0.0))):
        linear = (share - ahead - tie / 2)[:, None] * design
        extra = (tied - tie) * np.isfinite(fitted.log_tie)
        by_choice[*used, column] = np.column_stack([linear, extra])
    table: Floats = by_choice.reshape(-1, k + 2)[votes.cell]
    return table


def bootstrap(votes: Votes, *, rng: np.random.Generator, draws: int = REPLICATES, ties: bool = True) -> Floats:
    """Parameters (draws, k + 2) refitted to resampled items: strengths with sum 0, position, log_tie.

    All labels of an item are drawn together. The refits share one Newton iteration.
    """
    k = votes.k
    design, used = _design(votes.counts.sum(axis=2))
    resampled = _resampled(votes, rng=rng, draws=draws).reshape(draws, k, k, 3)
    theta, _ = _newton(design, resampled[:, *used], ties=ties, ridge=RIDGE)
    theta[:, :k] -= theta[:, :k].mean(axis=1, keepdims=True)
    return theta


def _resampled(votes: Votes, *, rng: np.random.Generator, draws: int) -> Floats:
    """Counts (draws, 3 k^2) of resampled items; items whose labels are all alike are drawn by their number."""
    width, items = votes.k**2 * 3, votes.items
    number = len(items.sizes)
    if number == len(votes):
        share = votes.counts.ravel() / len(votes)
        return rng.multinomial(len(votes), share, size=draws).astype(np.float64)
    table = sparse.coo_array((np.ones(len(votes)), (items.codes, votes.cell)), shape=(number, width)).tocsr()
    drawn = np.empty((draws, width))
    for row in range(draws):
        weights = np.bincount(rng.integers(0, number, number, dtype=np.int32), minlength=number)
        drawn[row] = weights @ table
    return drawn


def _design(shown: Floats) -> tuple[Floats, tuple[Integers, Integers]]:
    """The linear predictor's rows (c, k + 1) and the cells (first, second) with labels that they belong to."""
    k = len(shown)
    off = shown * ~np.eye(k, dtype=bool)
    left, right = np.nonzero(off)
    rows = np.zeros((len(left), k + 1))
    rows[np.arange(len(left)), left] = 1.0
    rows[np.arange(len(left)), right] = -1.0
    rows[:, k] = 1.0
    return rows, (left, right)


def _chances(advantage: Floats, log_tie: Floats) -> tuple[Floats, Floats, Floats]:
    """Probabilities that the first wins, that they tie and that the second wins, broadcast."""
    half = np.clip(advantage, -_WIDEST, _WIDEST) / 2
    tie = np.minimum(log_tie, _WIDEST)
    largest = np.maximum(np.abs(half), tie)
    weights = np.exp(half - largest), np.exp(tie - largest), np.exp(-half - largest)
    total = weights[0] + weights[1] + weights[2]
    return weights[0] / total, weights[1] / total, weights[2] / total


def _newton(
    design: Floats, counts: Floats, *, ties: bool, ridge: float, shift: Floats | None = None
) -> tuple[Floats, Floats]:
    """Parameters (B, p) and Hessians (B, p, p) of B tables of counts (B, c, 3) by Newton's method.

    An exponential family with linear parameters, so the penalised likelihood is strictly concave; steps are
    cut at ``_LONGEST``, since the first ones may overshoot.
    """
    width = design.shape[1] + 1
    theta = np.zeros((len(counts), width))
    share = (counts[..., 1].sum(axis=1) + 0.5) / (counts.sum(axis=(1, 2)) + 1.0)
    theta[:, -1] = np.log(2 * share / (1 - share)) if ties else -np.inf
    outer = (design[:, :, None] * design[:, None, :]).reshape(len(design), (width - 1) ** 2)
    hessian = np.zeros((len(counts), width, width))
    open_ = np.ones(len(counts), dtype=bool)
    for _ in range(_STEPS):
        gradient, hessian[open_] = _derivatives(theta[open_], counts[open_], design, outer, ridge=ridge, ties=ties)
        if shift is not None:
            gradient[:, : len(shift)] += shift
        step = np.linalg.solve(hessian[open_], gradient[..., None])[..., 0]
        largest = np.abs(step).max(axis=1, initial=0.0)
        theta[open_] += step * np.minimum(1.0, _LONGEST / np.maximum(largest, _LONGEST))[:, None]
        open_[np.flatnonzero(open_)[largest < _CLOSE]] = False
        if not open_.any():
            break
    return theta, hessian


def _derivatives(
    theta: Floats, counts: Floats, design: Floats, outer: Floats, *, ridge: float, ties: bool
) -> tuple[Floats, Floats]:
    """Gradient (B, p) and negative second derivative (B, p, p) of the penalised log-likelihood."""
    width = theta.shape[1]
    n, tied = counts.sum(axis=2), counts[..., 1]
    ahead, tie, _ = _chances(theta[:, :-1] @ design.T, theta[:, -1:])
    rate = ahead + tie / 2
    gradient = np.zeros_like(theta)
    gradient[:, :-1] = (counts[..., 0] + tied / 2 - n * rate) @ design - ridge * theta[:, :-1]
    hessian = np.zeros((len(theta), width, width))
    hessian[:, :-1, :-1] = ((n * (ahead + tie / 4 - rate**2)) @ outer).reshape(-1, width - 1, width - 1)
    if ties:
        gradient[:, -1] = (tied - n * tie).sum(axis=1) - ridge * theta[:, -1]
        mixed = (n * tie * (0.5 - rate)) @ design
        hessian[:, :-1, -1] = hessian[:, -1, :-1] = mixed
        hessian[:, -1, -1] = (n * tie * (1 - tie)).sum(axis=1)
    return gradient, hessian + _penalty(width, ridge=ridge, ties=ties)


def _penalty(width: int, *, ridge: float, ties: bool) -> Floats:
    """The ridge's share of the Hessian; 1 for a parameter that is held fast."""
    diagonal: NDArray[np.float64] = np.full(width, ridge)
    if not ties:
        diagonal[-1] = 1.0
    return np.diag(diagonal)
