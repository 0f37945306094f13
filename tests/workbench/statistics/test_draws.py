"""Simulated errors against each other."""

import numpy as np
import pytest

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.contrasts import Contrasts, Estimate, contrasts
from workbench.statistics.draws import bootstrap_draws


def test_bootstrap_agrees_with_the_t_where_both_are_right() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(0.5, 0.1, (400, 3))
    clusters = Clusters.singletons(400)
    known = Estimate(
        scores.mean(axis=0), clusters.covariance(scores), clusters.df, np.zeros(3), np.full(3, np.inf), 400
    )
    pairs: Contrasts = contrasts(known)
    draws: Floats = bootstrap_draws(scores, clusters, pairs, rng=rng, draws=4000)
    assert np.quantile(np.abs(draws).max(axis=1), 0.95) == pytest.approx(2.35, abs=0.12)
