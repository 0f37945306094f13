"""Labels as arrays."""

import numpy as np
import pytest

from tests.workbench.labellers import Labellers, votes_of, wins_votes
from workbench.statistics.votes import Votes


def some() -> Votes:
    return Votes.of(
        ("base", "sft", "rag"),
        [("base", "sft"), ("sft", "base"), ("rag", "sft"), ("sft", "base")],
        choice=[1, 1, 0, 0],
        bad=[False, False, True, False],
        item=["q1", "q1", "q2", "q3"],
        annotator=["ann", "bo", "ann", "ann"],
    )


def test_counts_keep_order_and_choice() -> None:
    votes = some()
    assert votes.counts.sum() == len(votes) == 4
    assert votes.counts[0, 1].tolist() == [1, 0, 0]
    assert votes.counts[1, 0].tolist() == [1, 1, 0]
    assert votes.counts[2, 1].tolist() == [0, 1, 0]


def test_ties_are_half_a_win_each_way() -> None:
    assert some().wins.tolist() == [[0, 1.5, 0], [1.5, 0, 0.5], [0, 0.5, 0]]


def test_labels_of_an_item_belong_together() -> None:
    votes = some()
    assert votes.items.sizes.tolist() == [2, 1, 1]
    assert votes.annotators.sizes.tolist() == [3, 1]
    assert votes.both.sizes.tolist() == [1, 1, 1, 1]


def test_among_keeps_the_comparisons_of_two_and_renumbers() -> None:
    votes = some().among([1, 0])
    assert votes.k == 2
    assert votes.left.tolist() == [1, 0, 0]
    assert votes.choice.tolist() == [1, 1, 0]
    assert len(some().among([0, 2])) == 0


def test_swapping_twice_changes_nothing() -> None:
    votes = votes_of(Labellers((0.5, 0.0, -0.5), 10), 50, seed=1)
    again = votes.swapped().swapped()
    assert np.array_equal(again.counts, votes.counts)
    assert np.array_equal(votes.swapped().wins, votes.wins)


@pytest.mark.parametrize("wrong", [[(0, 0, 1)], [(0, 2, 1)], [(0, 1, 2)]], ids=["itself", "unknown", "choice"])
def test_what_is_no_label_is_refused(wrong: list[tuple[int, int, int]]) -> None:
    with pytest.raises(ValueError, match=r"must|cannot"):
        wins_votes(2, wrong)


def test_both_bad_prefers_nobody() -> None:
    one = np.array([0])
    with pytest.raises(ValueError, match="neither"):
        Votes(2, one, one + 1, np.array([1]), np.array([True]), one, one)
    with pytest.raises(ValueError, match="lengths"):
        Votes(2, one, one + 1, np.array([0, 0]), np.array([True]), one, one)


def test_no_labels_at_all() -> None:
    nothing = Votes.of(("a", "b"), [], choice=[])
    assert len(nothing) == 0
    assert nothing.counts.shape == (2, 2, 3)
