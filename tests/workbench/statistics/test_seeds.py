"""Variance over training seeds: by hand, unbiased by simulation, and never less than is believed."""

import numpy as np
import pytest

from workbench.statistics.seeds import IMPUTED_SEED_SD, seed_spread, seed_variance


def test_seed_variance_by_hand() -> None:
    assert seed_variance(np.array([[0.0, 0], [1, 1]])) == pytest.approx(0.5)
    # Seed means 0.5 and 1 vary by 0.125, and so much is the items' own noise: 0.25 / 2.
    assert seed_variance(np.array([[1.0, 0], [1, 1]])) == 0


def test_seed_variance_is_unbiased() -> None:
    rng = np.random.default_rng(5)
    estimates = [seed_variance(rng.normal(0, 0.1, (3, 1)) + rng.normal(0, 0.5, (3, 200))) for _ in range(3000)]
    assert np.mean(estimates) == pytest.approx(0.01, rel=0.06)


def test_seed_spread_measures_imputes_and_pools() -> None:
    rng = np.random.default_rng(0)
    steady, single = np.full((2, 100), 0.5), rng.random((1, 100))
    wild = np.stack([np.full(100, 0.2), np.full(100, 0.8)])
    floor = IMPUTED_SEED_SD**2
    assert seed_spread([single, steady], [False, False]).variance.tolist() == [0, 0]
    assert seed_spread([single], [True]).variance[0] == pytest.approx(floor)
    assert np.isinf(seed_spread([single], [True]).df[0])
    assert seed_spread([steady], [True]).variance[0] == pytest.approx(floor / 2)
    pooled = seed_spread([steady, wild, single], [True, True, True])
    # wild's seeds vary by 0.18, pooled over both 0.09
    assert pooled.variance == pytest.approx([0.09 / 2, 0.18 / 2, 0.09])
    assert pooled.df.tolist() == [2, 2, 2]
