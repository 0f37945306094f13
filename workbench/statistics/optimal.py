"""How probable it is that each of several is the best, and where the best changes along a price."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.statistics.arrays import Floats, Integers

SPREADS = 16
"""Spreads between the true means that are weighed against one another."""
TYPICAL_SPREAD = 0.1
"""Scale of the half-normal prior of that spread, in units of a score: candidates differ by some ten points."""


def chances_of_best(means: Floats, covariance: Floats, noise: Floats, picks: Floats, *, scale: float = 1.0) -> Floats:
    """The probability of each of k to have the highest true mean, (k,), under a hierarchical prior.

    True means are N(mu, tau^2) with flat mu and half-normal tau (Gelman 2006); with a flat prior on the means instead,
    the leader of equals would be called the best far too surely. ``covariance`` (k, k) is read for differences only;
    ``noise`` (draws, k - 1) standard normal and ``picks`` (draws,) uniform, so that a caller who asks again with other
    means gets smooth answers; ``scale``: what a score of 1 is in the units of ``means``.
    """
    k = len(means)
    if k == 1:
        return np.ones(1)
    contrasts = _contrasts(k)
    values, vectors = np.linalg.eigh(contrasts @ covariance @ contrasts.T)
    values = np.maximum(values, 1e-12 * scale**2)
    seen = vectors.T @ (contrasts @ means)
    levels = (np.arange(SPREADS) + 0.5) / SPREADS
    taus = TYPICAL_SPREAD * scale * special.ndtri((1 + levels) / 2)
    total = values + taus[:, None] ** 2
    fit = -0.5 * (np.log(total) + seen**2 / total).sum(axis=1)
    weights = np.exp(fit - fit.max())
    which = np.searchsorted(np.cumsum(weights / weights.sum()), picks, side="right").clip(max=SPREADS - 1)
    shrink = (taus[:, None] ** 2 / total)[which]
    drawn = shrink * seen + np.sqrt(shrink * values) * noise
    first = np.argmax(drawn @ vectors.T @ contrasts, axis=1)
    chances: Floats = np.bincount(first, minlength=k) / len(noise)
    return chances


def _contrasts(k: int) -> Floats:
    """An orthonormal basis (k - 1, k) of all differences (Helmert)."""
    rows = np.tril(np.ones((k - 1, k)), 0)
    rows[np.arange(k - 1), np.arange(1, k)] = -np.arange(1, k)
    normed: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return normed


@dataclass(frozen=True, eq=False)
class Envelope:
    """Who is on top of the lines ``intercepts + slopes * v``: ``best[i]`` from ``start[i]`` on, the first from 0."""

    best: Integers
    start: Floats


def envelope(intercepts: Floats, slopes: Floats) -> Envelope:
    """The highest of k lines for every v > 0; of equal lines the first."""
    now = int(np.lexsort((np.arange(len(slopes)), -slopes, -intercepts))[0])
    best, start = [now], [0.0]
    while True:
        steeper = np.flatnonzero(slopes > slopes[now] + 1e-12)
        if not len(steeper):
            return Envelope(np.array(best, dtype=np.int64), np.array(start))
        crossing = (intercepts[now] - intercepts[steeper]) / (slopes[steeper] - slopes[now])
        order = np.lexsort((steeper, -slopes[steeper], crossing))
        now = int(steeper[order[0]])
        best.append(now)
        start.append(max(start[-1], float(crossing[order[0]])))
