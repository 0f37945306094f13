"""A judge's lean towards length and place is found, and told from the candidates' worth."""

import numpy as np
import pytest

from tests.workbench.labellers import wins_votes
from workbench.statistics.arrays import Floats
from workbench.statistics.judge_bias import judge_bias
from workbench.statistics.votes import Votes


def judged(
    m: int, *, by_length: float = 0.0, by_place: float = 0.0, lead: float = 0.0, b_longer: float = 0.0, seed: int
) -> tuple[Votes, Floats]:
    """A judge's verdicts on two candidates, the second longer by ``b_longer`` standard deviations."""
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 2, m)
    longer = rng.normal(0, 1, m) + b_longer * np.where(left == 1, 1.0, -1.0)
    logit = by_length * longer + by_place + lead * np.where(left == 0, 1.0, -1.0)
    choice = np.where(rng.random(m) < 1 / (1 + np.exp(-logit)), 1, -1)
    return Votes(2, left, 1 - left, choice, np.zeros(m, dtype=bool), np.arange(m), np.zeros(m, dtype=np.int64)), longer


def test_a_judge_who_likes_length_is_found() -> None:
    votes, longer = judged(800, by_length=0.8, b_longer=0.5, seed=1)
    found = judge_bias(votes, longer)
    assert found.length is not None
    assert found.length.shown
    # In standard deviations of the difference, which has a mean of a half, too.
    assert found.length.log_odds == pytest.approx(0.8 * np.sqrt(1.25), abs=0.25)


def test_a_better_candidate_that_is_longer_is_no_bias() -> None:
    shown = []
    for seed in range(100):
        found = judge_bias(*judged(300, lead=-0.8, b_longer=1.0, seed=seed))
        assert found.length is not None
        shown.append(found.length.shown)
    assert np.mean(shown) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_the_first_place_is_found_and_swapping_turns_it_round() -> None:
    votes, longer = judged(600, by_place=0.6, seed=3)
    one, other = judge_bias(votes, longer), judge_bias(votes.swapped(), -longer)
    assert one.place is not None
    assert other.place is not None
    assert one.place.shown
    assert one.place.log_odds == pytest.approx(0.6, abs=0.25)
    assert other.place.log_odds == pytest.approx(-one.place.log_odds)
    assert one.length is not None
    assert other.length is not None
    assert other.length.log_odds == pytest.approx(one.length.log_odds)


def test_length_that_is_the_candidate_s_own_cannot_be_told_from_it() -> None:
    votes, _ = judged(200, seed=4)
    assert judge_bias(votes, np.where(votes.left == 1, 50.0, -50.0)).length is None
    assert judge_bias(votes, np.zeros(200)).length is None


def test_one_order_only_says_nothing_of_place() -> None:
    fixed = wins_votes(2, [(0, 1, 1)] * 20 + [(0, 1, -1)] * 20)
    assert judge_bias(fixed, np.random.default_rng(0).normal(size=40)).place is None


def test_verdicts_that_change_with_the_order_are_flips() -> None:
    votes = Votes.of(
        ("a", "b"),
        [("a", "b"), ("b", "a"), ("a", "b"), ("b", "a"), ("a", "b")],
        choice=[1, 1, 1, -1, 1],
        item=["q", "q", "r", "r", "s"],
    )
    found = judge_bias(votes, np.array([3.0, -3.0, 1.0, -1.0, 2.0]))
    assert (found.flips, found.both_orders, found.flip_rate) == (1, 2, 0.5)
    assert found.flip_interval is not None
    assert found.flip_interval.low < 0.5 < found.flip_interval.high
    once = judge_bias(wins_votes(2, [(0, 1, 1)]), np.array([1.0]))
    assert (once.flip_rate, once.flip_interval) == (None, None)
