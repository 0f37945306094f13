"""How much data, against the textbook's formula."""

import numpy as np
import pytest

from workbench.statistics.power import Enough, detectable_difference, enough


@pytest.mark.parametrize(("n", "points"), [(50, 0.234), (120, 0.151), (500, 0.0741)])
def test_detectable_difference(n: int, points: float) -> None:
    assert detectable_difference(n) == pytest.approx(points, abs=5e-4)


def test_clusters_and_seeds_make_less_detectable() -> None:
    plain = detectable_difference(200)
    assert detectable_difference(200, inflation=2.8) == pytest.approx(plain * np.sqrt(2.8))
    assert detectable_difference(200, seed_variance=1e-4) > plain


def asked(margin: float, shared: float, own: float) -> Enough:
    return enough(np.array([margin]), shared=np.array([shared]), own=np.array([own]), constants=np.array([1.96]), n=300)


def test_enough_by_items_alone() -> None:
    # 7.85 x 0.35 / 0.05^2 items
    assert asked(0.05, 0.35 / 300, 0).items == pytest.approx(1099, abs=2)


def test_enough_by_seeds_where_items_can_not() -> None:
    found = asked(0.05, 1e-4, 1e-3)
    assert np.isinf(found.items)
    # target (0.05 / 2.8016)^2 = 3.185e-4; 1e-3 / (3.185e-4 - 1e-4)
    assert found.seed_factor == pytest.approx(4.577, abs=0.01)


def test_enough_takes_both_where_neither_suffices() -> None:
    found = asked(0.05, 1e-3, 1e-3)
    assert np.isinf(found.items)
    assert np.isinf(found.seed_factor)
    assert np.isfinite([found.both_items, found.both_seed_factor]).all()
