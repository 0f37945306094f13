"""How surely strengths are known where labels share items and annotators."""

from dataclasses import dataclass

import numpy as np

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.clusters import Clusters
from workbench.statistics.davidson import Davidson, scores
from workbench.statistics.verdicts import Correction
from workbench.statistics.votes import Votes


@dataclass(frozen=True, eq=False)
class Robust:
    """Covariance (p, p) of fitted parameters with ``df`` degrees of freedom.

    ``lasting`` (p, p): the part that more labels by the same annotators, of requests that a judge judged, do not
    shrink; ``tastes`` (p, p): what of it the annotators make.
    """

    covariance: Floats
    lasting: Floats
    tastes: Floats
    df: float


@dataclass(frozen=True, eq=False)
class Parts:
    """What labels add to some sums, (m, p), and what verdicts add ``besides``, (M, p), by their items ``of`` (M,)."""

    each: Floats
    besides: Floats
    of: Integers

    def through(self, matrix: Floats) -> "Parts":
        """The same of the sums times a matrix (p, q)."""
        return Parts(self.each @ matrix, self.besides @ matrix, self.of)


def robust(votes: Votes, fitted: Davidson, *, annotators: bool, corrected: Correction | None = None) -> Robust:
    """Covariance of the fit's parameters, robust to labels that share an item and, if asked, an annotator.

    ``corrected``: what a judge's verdicts added to the labels; they share items with them, and no annotator.
    """
    parts = score_parts(votes, fitted, corrected)
    inverse = np.linalg.inv(fitted.hessian).astype(np.float64)
    return two_way(votes, parts.through(inverse), annotators=annotators)


def score_parts(votes: Votes, fitted: Davidson, corrected: Correction | None) -> Parts:
    """Derivatives of the log-likelihood with respect to the parameters, a judge's correction included."""
    each = scores(votes, fitted)
    width = each.shape[1]
    if corrected is None:
        return Parts(each, np.zeros((0, width)), np.zeros(0, dtype=np.int64))
    moved = each + _towards(votes.left, votes.right, corrected.by_label, width=width)
    besides = _towards(corrected.low, corrected.high, corrected.amount, width=width)
    return Parts(moved, besides, corrected.item)


def _towards(ahead: Integers, behind: Integers, amount: Floats, *, width: int) -> Floats:
    """Scores (m, width) of so much of a win for one candidate against another."""
    rows, found = np.arange(len(amount)), np.zeros((len(amount), width))
    found[rows, ahead], found[rows, behind] = amount, -amount
    return found


def two_way(votes: Votes, parts: Parts, *, annotators: bool) -> Robust:
    """Covariance (p, p) of sums over labels.

    Two-way where ``annotators`` are a draw from people: items + annotators - both (Cameron, Gelbach and Miller
    2011), with the degrees of freedom of the smaller dimension. That need not be a covariance; where it is not,
    it is the smallest one that lies above the larger one-way covariance in every direction.
    """
    # Fitted parameters follow the labels, so that what is left over is too small.
    followed = len(votes) / max(len(votes) - (votes.k + 1), 1)

    def one_way(clusters: Clusters, values: Floats, correction: float) -> Floats:
        totals = clusters.sums(values)
        product: Floats = followed * correction * totals.T @ totals
        return product

    everything = Clusters.numbered(np.append(votes.item, parts.of))
    by_item = one_way(everything, np.vstack([parts.each, parts.besides]), votes.items.correction)
    by_judge = one_way(Clusters.numbered(parts.of), parts.besides, 1.0) if len(parts.of) else np.zeros_like(by_item)
    if not annotators:
        return Robust(by_item, by_judge, np.zeros_like(by_item), votes.items.df)
    by_annotator = one_way(votes.annotators, parts.each, votes.annotators.correction)
    covariance = by_item + by_annotator - one_way(votes.both, parts.each, votes.both.correction)
    if np.linalg.eigvalsh(covariance).min() < -1e-9 * np.trace(covariance):
        covariance = by_item + _positive(by_annotator - by_item)
    tastes = _positive(covariance - by_item)
    return Robust(covariance, tastes + by_judge, tastes, min(votes.items.df, votes.annotators.df))


def _positive(matrix: Floats) -> Floats:
    """A symmetric matrix without its negative eigenvalues."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    kept: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return kept
