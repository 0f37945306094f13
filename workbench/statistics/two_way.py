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

    ``lasting`` (p, p): the part that more labels by the same annotators do not shrink.
    """

    covariance: Floats
    lasting: Floats
    df: float


def robust(votes: Votes, fitted: Davidson, *, annotators: bool, corrected: Correction | None = None) -> Robust:
    """Covariance of the fit's parameters, robust to labels that share an item and, if asked, an annotator.

    Two-way where ``annotators`` are a draw from people: items + annotators - both (Cameron, Gelbach and Miller
    2011), with the degrees of freedom of the smaller dimension. That need not be a covariance; where it is not,
    it is the smallest one that lies above the larger one-way covariance in every direction. ``corrected``: what a
    judge's verdicts added to the labels; they share items with them, and no annotator.
    """
    each, bread = scores(votes, fitted), np.linalg.inv(fitted.hessian)
    besides, of = np.zeros((0, each.shape[1])), np.zeros(0, dtype=np.int64)
    if corrected is not None:
        each = each + _towards(votes.left, votes.right, corrected.by_label, width=each.shape[1])
        besides = _towards(corrected.low, corrected.high, corrected.amount, width=each.shape[1])
        of = corrected.item
    # Fitted parameters follow the labels, so that what is left over is too small.
    followed = len(votes) / max(len(votes) - (votes.k + 1), 1)

    def one_way(clusters: Clusters) -> Floats:
        totals = clusters.sums(each) @ bread
        product: Floats = followed * clusters.correction * totals.T @ totals
        return product

    by_item = one_way(votes.items)
    if len(besides):
        everything = Clusters(np.unique(np.append(votes.item, of), return_inverse=True)[1].astype(np.int64))
        totals = everything.sums(np.vstack([each, besides])) @ bread
        by_item = followed * votes.items.correction * totals.T @ totals
    if not annotators:
        return Robust(by_item, np.zeros_like(by_item), votes.items.df)
    by_annotator = one_way(votes.annotators)
    covariance = by_item + by_annotator - one_way(votes.both)
    if np.linalg.eigvalsh(covariance).min() < -1e-9 * np.trace(covariance):
        covariance = by_item + _positive(by_annotator - by_item)
    df = min(votes.items.df, votes.annotators.df)
    return Robust(covariance, _positive(covariance - by_item), df)


def _towards(ahead: Integers, behind: Integers, amount: Floats, *, width: int) -> Floats:
    """Scores (m, width) of so much of a win for one candidate against another."""
    rows, found = np.arange(len(amount)), np.zeros((len(amount), width))
    found[rows, ahead], found[rows, behind] = amount, -amount
    return found


def _positive(matrix: Floats) -> Floats:
    """A symmetric matrix without its negative eigenvalues."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    kept: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return kept
