"""Bounds of percentiles and means: by hand, and kept by simulation."""

import numpy as np
import pytest
from scipy import stats

from tests.workbench.generators import chance
from workbench.statistics.bounds import mean_bounds, percentile_bounds


def test_a_95th_percentile_needs_59_values_to_be_bounded_above() -> None:
    assert percentile_bounds(range(58)).high is None
    assert percentile_bounds(range(59)).high == 58
    assert percentile_bounds([1.0]).low == 1.0


def test_percentile_bounds_hold() -> None:
    rng, reps = np.random.default_rng(4), 2000
    truth = float(np.exp(stats.norm.ppf(0.95)))
    bounds = [percentile_bounds(np.exp(rng.standard_normal(100)).tolist()) for _ in range(reps)]
    above = np.mean([bound.high is not None and bound.high < truth for bound in bounds])
    below = np.mean([bound.low is not None and bound.low > truth for bound in bounds])
    assert 0.005 < above <= 0.05 + chance(0.05, reps)
    assert 0.005 < below <= 0.05 + chance(0.05, reps)


def test_mean_bounds_by_hand() -> None:
    # mean 2, sd 1, se 1/sqrt(3), t(2) one-sided 2.920
    bounds = mean_bounds([1.0, 2.0, 3.0])
    assert bounds.high == pytest.approx(2 + 2.920 / np.sqrt(3), abs=1e-3)
    assert mean_bounds([1.0]).high is None
