"""Choosing by few items: ties go to the simplest, and luck is told from gain."""

import numpy as np
import pytest

from workbench.statistics.choosing import choose, honest_gain, within_one_error
from workbench.statistics.clusters import Clusters


def test_what_falls_short_by_no_more_than_its_own_error_is_as_good() -> None:
    best = np.ones(60)
    one_wrong, many_wrong = best.copy(), best.copy()
    one_wrong[0] = 0
    many_wrong[:12] = 0
    values = np.stack([many_wrong, one_wrong, best])
    clusters = Clusters.singletons(60)
    assert within_one_error(values, clusters) == [1, 2]
    assert choose(values, clusters, order=[0, 1, 2]) == 1
    assert choose(values, clusters, order=[0, 2, 1]) == 2


def test_the_error_is_of_the_paired_difference() -> None:
    """Settings that differ on few items are told apart although each mean by itself is uncertain."""
    base = (np.arange(60) % 2).astype(np.float64)
    better = base.copy()
    better[[0, 2, 4, 6]] = 1
    assert within_one_error(np.stack([base, better]), Clusters.singletons(60)) == [1]


def test_clusters_widen_the_error() -> None:
    base, better = np.zeros(60), np.zeros(60)
    better[:6] = 1
    values = np.stack([base, better])
    assert within_one_error(values, Clusters.singletons(60)) == [1]
    groups = Clusters.of([str(n // 30) for n in range(60)])
    assert within_one_error(values, groups) == [0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_luck_is_no_gain(seed: int) -> None:
    """Twenty settings that are all alike: the highest mean seems ahead, and on other items it is not."""
    apparent, honest = [], []
    for draw in range(25):
        rng = np.random.default_rng([seed, draw])
        values = (rng.random((20, 60)) < 0.5).astype(np.float64)
        clusters = Clusters.singletons(60)
        row = choose(values, clusters, order=range(20))
        apparent.append(values[row].mean() - values[0].mean())
        found = honest_gain(values, clusters, order=range(20), rng=rng)
        assert found is not None
        honest.append(found)
    assert np.mean(apparent) > 0.04
    assert abs(float(np.mean(honest))) < 0.03


def test_a_true_gain_stays() -> None:
    rng = np.random.default_rng(0)
    values = np.stack([(rng.random(120) < share).astype(np.float64) for share in (0.5, 0.5, 0.5, 0.9)])
    found = honest_gain(values, Clusters.singletons(120), order=range(4), rng=rng)
    assert found == pytest.approx(values[3].mean() - values[0].mean(), abs=0.03)


def test_few_clusters_tell_nothing() -> None:
    values, rng = np.ones((3, 60)), np.random.default_rng(0)
    assert honest_gain(values, Clusters.of(["a", "b", "c"] * 20), order=range(3), rng=rng) is None
    assert honest_gain(values[:1], Clusters.singletons(60), order=[0], rng=rng) is None
