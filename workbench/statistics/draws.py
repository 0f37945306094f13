"""Simulated errors: what differences look like where all candidates are equal."""

import numpy as np

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.contrasts import Contrasts, Estimate
from workbench.statistics.paired import least_variance

FEW_CLUSTERS = 100
"""Below this many clusters, the bootstrap is asked as well and the larger constant is taken."""
DRAWS = 8_000
BOOTSTRAPS = 2_000


def mean_draws(estimate: Estimate, *, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Errors of the k means as estimated, (draws, k); only differences of columns mean anything."""
    k = len(estimate.means)
    centring = np.eye(k) - 1 / k
    covariance = centring @ estimate.covariance @ centring + np.diag(estimate.own)
    # Identical candidates make it singular; the jitter is far below any difference that could be printed.
    jitter = 1e-12 * max(float(np.trace(covariance)), least_variance(estimate.n))
    factor = np.linalg.cholesky(covariance + jitter * np.eye(k))
    errors: Floats = rng.standard_normal((draws, k)) @ factor.T
    return errors


def t_draws(estimate: Estimate, pairs: Contrasts, errors: Floats, *, rng: np.random.Generator) -> Floats:
    """Studentised differences under "all equal", (draws, m): a multivariate t, each part with its own df.

    ``errors`` (draws, k) as from ``mean_draws``. Without seed variance it is the multivariate t of Dunnett
    and Tukey; with it, each variance is drawn from its own chi-square, so that t tails belong to the pairs
    that have few seeds and not to the others.
    """
    draws = len(errors)
    variance = rng.chisquare(estimate.df, (draws, 1)) / estimate.df * pairs.shared
    for j in np.flatnonzero(estimate.own):
        df = estimate.own_df[j]
        factor = np.ones(draws) if np.isinf(df) else rng.chisquare(df, draws) / df
        involved = (pairs.left == j) | (pairs.right == j)
        variance[:, involved] += estimate.own[j] * factor[:, None]
    total = np.maximum(pairs.shared + pairs.own, pairs.least)
    variance += total - pairs.shared - pairs.own
    studentised: Floats = (errors[:, pairs.left] - errors[:, pairs.right]) / np.sqrt(variance)
    return studentised


def bootstrap_draws(
    scores: Floats, clusters: Clusters, pairs: Contrasts, *, rng: np.random.Generator, draws: int = BOOTSTRAPS
) -> Floats:
    """Studentised differences of resampled clusters of (n, k) scores, centred on the observed: (draws, m).

    The studentised pairs bootstrap (Hall 1988); seeds enter as independent normal errors.
    """
    sizes, n, number = clusters.sizes, len(scores), len(clusters.sizes)
    totals = clusters.sums(scores)
    differences = totals[:, pairs.left] - totals[:, pairs.right]
    weights = rng.multinomial(number, np.full(number, 1 / number), size=draws).astype(np.float64)
    items = (weights @ sizes)[:, None]
    delta = weights @ differences / items
    squares = weights @ differences**2 - 2 * delta * (weights @ (differences * sizes[:, None]))
    squares += delta**2 * (weights @ sizes**2)[:, None]
    variance = np.maximum(clusters.correction * squares / items**2, least_variance(n)) + pairs.own
    noise = rng.standard_normal((draws, len(pairs.left))) * np.sqrt(pairs.own)
    studentised: Floats = (delta - pairs.delta + noise) / np.sqrt(variance)
    return studentised
