"""Which pair comes next, and when it is enough."""

import time
from typing import Any

import numpy as np
import pytest

from tests.workbench.labellers import Labellers, joined, renamed, votes_of, wins_votes
from workbench.next_pair import FLOOR, WARM_START, next_pair, pair_chances, stop
from workbench.rates import LabelsNeeded, WinRates
from workbench.statistics.votes import Votes
from workbench.winrate import win_rates

WORLD = Labellers((0.7, 0.5, 0.0, -0.9), 300)
PAIRS = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
NOTHING = Votes.of(tuple("abcd"), [], choice=[])


def test_first_every_pair_alike() -> None:
    assert pair_chances(NOTHING.counts, "best") == pytest.approx(np.full(6, 1 / 6))


def test_pairs_that_lack_labels_come_first() -> None:
    votes = wins_votes(3, [(0, 1, 1)] * WARM_START + [(0, 2, 1)])
    assert pair_chances(votes.counts, "ranking") == pytest.approx(np.array([0, 3 / 7, 4 / 7]))


def test_the_warm_start_shows_every_pair_equally_often_in_both_orders() -> None:
    rng, votes = np.random.default_rng(1), NOTHING
    for _ in range(6 * WARM_START):
        pair = next_pair(votes, "best", rng=rng)
        more = wins_votes(4, [(pair.left, pair.right, int(rng.integers(-1, 2)))])
        votes = joined(votes, more)
    shown = votes.counts.sum(axis=2)
    upper = np.triu_indices(4, 1)
    assert (shown + shown.T)[upper].tolist() == [WARM_START] * 6
    assert (shown == shown.T).all()


def test_the_leader_meets_plausible_rivals() -> None:
    votes = votes_of(WORLD, 400, seed=1)
    chances = dict(zip(PAIRS, pair_chances(votes.counts, "best"), strict=True))
    assert sum(chances.values()) == pytest.approx(1)
    assert chances[0, 1] > 0.5
    assert chances[0, 1] > chances[0, 2] >= chances[0, 3] > 0
    assert chances[1, 2] == chances[1, 3] == chances[2, 3] == 0
    assert chances[0, 3] >= FLOOR / 2


def test_the_ranking_asks_for_what_is_least_known() -> None:
    votes = votes_of(Labellers((0.1, 0.0, 0.0, -0.1), 300), 400, seed=2)
    more = joined(votes, votes_of(Labellers((0.1, 0.0, 0.0, -0.1), 300), 3000, seed=3).among([0, 1, 2, 3]))
    rare = more.where(~((more.left == 3) | (more.right == 3)) | (np.arange(len(more)) < 150))
    chances = dict(zip(PAIRS, pair_chances(rare.counts, "ranking"), strict=True))
    assert min(chances[pair] for pair in PAIRS if 3 in pair) > max(chances[p] for p in PAIRS if 3 not in p)


@pytest.mark.parametrize("question", ["best", "ranking"])
def test_names_and_sides_do_not_matter(question: Any) -> None:
    votes, order = votes_of(WORLD, 400, seed=4), [2, 0, 3, 1]
    square = np.zeros((4, 4))
    square[np.triu_indices(4, 1)] = pair_chances(votes.counts, question)
    other = np.zeros((4, 4))
    other[np.triu_indices(4, 1)] = pair_chances(renamed(votes, order).counts, question)
    square, other = square + square.T, other + other.T
    assert other[np.ix_(order, order)] == pytest.approx(square, abs=1e-6)
    assert pair_chances(votes.swapped().counts, question) == pytest.approx(
        pair_chances(votes.counts, question), abs=1e-6
    )


def test_who_was_first_less_often_is_shown_first() -> None:
    votes = wins_votes(2, [(0, 1, 1)] * 6)
    pair = next_pair(votes, "best", rng=np.random.default_rng(0))
    assert (pair.left, pair.right) == (1, 0)
    firsts = [next_pair(NOTHING, "best", rng=np.random.default_rng(seed)) for seed in range(200)]
    assert 0.35 < np.mean([one.left < one.right for one in firsts]) < 0.65


def test_a_hundred_thousand_labels_do_not_slow_it_down() -> None:
    votes = votes_of(Labellers(tuple(np.linspace(1, -1, 12)), 1000), 100_000, seed=1)
    pair_chances(votes.counts, "best")
    fresh = Votes(12, votes.left, votes.right, votes.choice, votes.bad, votes.item, votes.annotator)
    start = time.perf_counter()
    next_pair(fresh, "best", rng=np.random.default_rng(0))
    assert time.perf_counter() - start < 0.2  # It takes about 0.01; a busy machine may be slower.


def rates(votes: Votes, **changes: Any) -> WinRates:
    found = win_rates(votes, ("base", "sft"), "base", rng=np.random.default_rng(0))
    return found.model_copy(update=changes)


def needed(least: int, most: int) -> LabelsNeeded:
    return LabelsNeeded(least=least, most=most, reason="")


UNSETTLED = rates(votes_of(Labellers((0.0, 0.2), 300), 100, seed=2), winner=None, good_enough=())


def test_a_winner_ends_it() -> None:
    clear = rates(wins_votes(2, [(0, 1, -1), (1, 0, 1)] * 25 + [(0, 1, 1), (1, 0, -1)] * 5))
    found = stop(clear, budget=1000)
    assert (found.stop, found.why, found.least) == (True, "winner", None)
    assert "sft" in found.sentence


def test_good_enough_ends_it() -> None:
    found = stop(UNSETTLED.model_copy(update={"good_enough": ("base",)}), budget=1000)
    assert (found.stop, found.why) == (True, "good enough")
    assert "53 %" in found.sentence


def test_a_spent_budget_ends_it() -> None:
    found = stop(UNSETTLED.model_copy(update={"needed": needed(400, 900)}), budget=100)
    assert (found.stop, found.why, found.least, found.most) == (True, "budget spent", 300, 800)


def test_a_need_beyond_the_budget_ends_it_early() -> None:
    unsettled = UNSETTLED.model_copy(update={"needed": needed(400, 900)})
    assert stop(unsettled, budget=399).why == "out of reach"
    going = stop(unsettled, budget=400)
    assert (going.stop, going.why, going.least, going.most) == (False, "go on", 300, 800)
    assert going.sentence == "300 labels more are likely, up to 800."


def test_a_caution_is_no_reason_to_stop() -> None:
    few = rates(votes_of(Labellers((0.0, 3.0), 300), 20, seed=2))
    found = stop(few, budget=500)
    assert not found.stop
    assert found.sentence == few.caution
