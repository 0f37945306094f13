"""A judge that sharpens human labels, or does not."""

import numpy as np
import pytest

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.ppi import anchored_mean


def verdicts(n: int, rest: int, *, agreement: float, bias: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """People's verdicts (-1, 0, 1), NaN on the last ``rest`` items, and a judge's whose liking is off by ``bias``."""
    z = rng.multivariate_normal([0, 0], [[1, agreement], [agreement, 1]], n + rest)
    z[:, 1] += bias
    human, judge = (np.where(one > 1, 1.0, np.where(one < -1.1, -1.0, 0.0)) for one in z.T)
    human[n:] = np.nan
    return human, judge


TRUTH = 0.158655254 - 0.135666061
"""P(z > 1) - P(z < -1.1)."""


# The last figure is the width that is allowed, in widths of the human labels alone.
@pytest.mark.parametrize(
    ("n", "agreement", "bias", "width"),
    [(20, 0.9, 0.2, 0.84), (50, 0.3, 0.0, 1.02), (50, 0.7, 0.4, 0.93), (100, 0.9, 0.2, 0.8)],
)
def test_the_truth_is_covered_whatever_the_judge(n: int, agreement: float, bias: float, width: float) -> None:
    rng, reps = np.random.default_rng(1), 1500
    found = []
    for _ in range(reps):
        human, judge = verdicts(n, 10 * n, agreement=agreement, bias=bias, rng=rng)
        found.append(anchored_mean(human, judge, rng=rng))
    covered = np.mean([one.low <= TRUTH <= one.high for one in found])
    assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / reps)
    assert np.mean([one.high - one.low for one in found]) <= width * np.mean(
        [one.human_high - one.human_low for one in found]
    )


def test_a_good_judge_is_worth_labels_and_says_how_many() -> None:
    rng = np.random.default_rng(2)
    found = anchored_mean(*verdicts(100, 2000, agreement=0.95, bias=0.3, rng=rng), rng=rng)
    assert found.worth
    assert found.effective > 150
    assert f"worth {found.effective:.0f}" in found.sentence()
    assert 0.5 < found.weight <= 1


def test_a_judge_by_lot_is_worth_none() -> None:
    rng = np.random.default_rng(3)
    told = [anchored_mean(*verdicts(100, 1000, agreement=0.0, bias=0.0, rng=rng), rng=rng) for _ in range(40)]
    assert np.mean([one.worth for one in told]) < 0.3
    none = next(one for one in told if not one.worth)
    assert "worth none" in none.sentence()


def test_a_judge_who_always_says_the_same_changes_nothing() -> None:
    human = np.array([1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, np.nan, np.nan])
    found = anchored_mean(human, np.ones(11), rng=np.random.default_rng(0))
    assert found.weight == 0
    assert not found.worth
    assert (found.mean, found.low, found.high) == (found.human_mean, found.human_low, found.human_high)
    assert found.effective == pytest.approx(9)


def test_a_judge_off_by_a_constant_is_as_good() -> None:
    human, judge = verdicts(41, 400, agreement=0.8, bias=0.0, rng=np.random.default_rng(4))
    one = anchored_mean(human, judge, rng=np.random.default_rng(5))
    other = anchored_mean(human, judge + 0.7, rng=np.random.default_rng(5))
    assert (other.mean, other.low, other.high) == pytest.approx((one.mean, one.low, one.high))


def test_labels_of_one_item_count_once() -> None:
    human, judge = verdicts(40, 200, agreement=0.8, bias=0.0, rng=np.random.default_rng(6))
    once = anchored_mean(human, judge, rng=np.random.default_rng(7))
    codes = np.repeat(np.arange(240), 3)
    many = anchored_mean(np.repeat(human, 3), np.repeat(judge, 3), rng=np.random.default_rng(7), items=Clusters(codes))
    assert many.n == 40
    assert (many.mean, many.low, many.high) == pytest.approx((once.mean, once.low, once.high))


def test_everything_labelled_needs_no_judge() -> None:
    human = np.array([1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    found = anchored_mean(human, human, rng=np.random.default_rng(0))
    assert (found.mean, found.worth) == (found.human_mean, False)
    with pytest.raises(ValueError, match="two items"):
        anchored_mean(np.array([1.0, np.nan]), np.ones(2), rng=np.random.default_rng(0))
