"""Who is on top of several lines, and how probable it is to be the best."""

import numpy as np
import pytest

from workbench.statistics.arrays import Floats
from workbench.statistics.optimal import chances_of_best, envelope

DRAWS = 20_000


def chances(means: list[float], sd: float, *, scale: float = 1.0) -> Floats:
    rng = np.random.default_rng(0)
    k = len(means)
    noise, picks = rng.standard_normal((DRAWS, k - 1)), rng.random(DRAWS)
    return chances_of_best(np.array(means), sd**2 * np.eye(k), noise, picks, scale=scale)


def test_a_large_lead_is_sure_and_equals_share() -> None:
    assert chances([0.9, 0.5, 0.5], 0.02)[0] > 0.999
    np.testing.assert_allclose(chances([0.6, 0.6, 0.6, 0.6], 0.05), 0.25, atol=0.02)
    assert chances([0.5], 0.05).tolist() == [1.0]


def test_a_small_lead_is_believed_less_than_a_flat_prior_would() -> None:
    leader, sd = 0.53, 0.03
    flat = np.mean(
        np.argmax(np.array([leader, 0.5, 0.5, 0.5]) + sd * np.random.default_rng(1).standard_normal((DRAWS, 4)), 1) == 0
    )
    assert 0.3 < chances([leader, 0.5, 0.5, 0.5], sd)[0] < flat - 0.03


def test_a_copy_shares_the_chance_and_the_unit_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    noise, picks = rng.standard_normal((DRAWS, 2)), rng.random(DRAWS)
    covariance = 0.02**2 * np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = chances_of_best(np.array([0.6, 0.6, 0.3]), covariance, noise, picks)
    np.testing.assert_allclose(found, [0.5, 0.5, 0.0], atol=0.03)
    one, other = chances([0.6, 0.55, 0.5], 0.05), chances([60.0, 55.0, 50.0], 5.0, scale=100.0)
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_predicted_chances_come_true() -> None:
    """Of leaders that are said to be the best with some probability, about that share is."""
    rng = np.random.default_rng(3)
    noise, picks = rng.standard_normal((800, 4)), rng.random(800)
    said, true = [], []
    for _ in range(600):
        truth = 0.6 + 0.05 * rng.standard_normal(5)
        seen = truth + 0.03 * rng.standard_normal(5)
        found = chances_of_best(seen, 0.03**2 * np.eye(5), noise, picks)
        leader = int(np.argmax(found))
        said.append(found[leader])
        true.append(float(leader == np.argmax(truth)))
    assert np.mean(said) == pytest.approx(np.mean(true), abs=0.06)


def test_the_highest_line() -> None:
    found = envelope(np.array([-1.0, -2.0, -4.0, -9.0]), np.array([0.5, 0.6, 0.8, 0.5]))
    assert found.best.tolist() == [0, 2]  # The second is on top nowhere, the fourth is dearer and no better.
    np.testing.assert_allclose(found.start, [0.0, 10.0])
    alone = envelope(np.array([-1.0, -2.0]), np.array([0.9, 0.5]))
    assert alone.best.tolist() == [0]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_maximum_everywhere(seed: int) -> None:
    rng = np.random.default_rng(seed)
    intercepts, slopes = -rng.random(8).round(1), rng.random(8).round(1)
    top = envelope(intercepts, slopes)
    for value in rng.uniform(0.001, 30, 200):
        lines = intercepts + slopes * value
        best = top.best[np.searchsorted(top.start, value, side="right") - 1]
        assert lines[best] == pytest.approx(lines.max(), abs=1e-9)
