"""Intervals of one share or mean against published values."""

import pytest

from workbench.statistics.intervals import mean_interval, wilson


def test_wilson_matches_published_values() -> None:
    assert wilson(0.8, 10).low == pytest.approx(0.4902, abs=1e-4)
    assert wilson(0.8, 10).high == pytest.approx(0.9433, abs=1e-4)


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0.0, 0.01264), (1.0, 0.98736, 1.0)])
def test_wilson_is_not_empty_at_the_ends(share: float, low: float, high: float) -> None:
    interval = wilson(share, 300)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))
    assert interval.low < interval.high


def test_mean_interval_widens_with_the_variance_and_is_never_empty() -> None:
    binary = mean_interval(0.8, 0.16 / 100, n=100)
    assert binary.low == pytest.approx(wilson(0.8, 100).low)
    twice = mean_interval(0.8, 0.32 / 100, n=100)
    assert twice.high - twice.low > binary.high - binary.low
    for mean in (0.0, 0.5, 1.0):
        constant = mean_interval(mean, 0.0, n=20)
        assert constant.low < constant.high
