"""What labels leave open is said."""

from tests.workbench.labellers import Labellers, votes_of, wins_votes
from workbench.statistics.identification import identification


def test_wins_both_ways_link_everybody() -> None:
    found = identification(votes_of(Labellers((0.3, 0.0, -0.3), 20), 200, seed=1).counts)
    assert found.holds
    assert found.groups == ((0, 1, 2),)
    assert found.mixed


def test_who_never_lost_stands_apart_and_first() -> None:
    both = [(0, 1, 1), (1, 0, 1), (0, 1, -1), (1, 0, -1)]
    found = identification(wins_votes(3, [*both, (2, 0, 1), (1, 2, -1)]).counts)
    assert not found.holds
    assert found.groups == ((2,), (0, 1))
    assert found.parts == ((0, 1, 2),)


def test_a_tie_links_both_ways() -> None:
    both = [(0, 1, 1), (1, 0, 1), (0, 1, -1), (1, 0, -1)]
    assert identification(wins_votes(3, [*both, (2, 0, 1), (1, 2, 0)]).counts).holds


def test_who_was_never_compared_is_a_part_of_its_own() -> None:
    found = identification(wins_votes(4, [(0, 1, 1), (1, 0, 1), (0, 1, -1), (1, 0, -1), (2, 3, 0)]).counts)
    assert found.parts == ((0, 1), (2, 3))
    assert not found.holds


def test_one_order_only_cannot_tell_place_from_worth() -> None:
    found = identification(wins_votes(2, [(0, 1, 1), (0, 1, -1)] * 10).counts)
    assert len(found.groups) == 1
    assert not found.order
    assert not found.mixed


def test_the_first_answer_always_winning_leaves_worth_open() -> None:
    # In both orders the first wins: an endless advantage of the first explains everything.
    found = identification(wins_votes(2, [(0, 1, 1), (1, 0, 1)] * 10).counts)
    assert len(found.groups) == 1
    assert found.mixed
    assert not found.order


def test_an_order_without_a_pair_that_went_every_way_is_looked_into() -> None:
    # No pair went both ways in both orders, and still no direction is left open.
    labels = [(0, 1, 1), (0, 1, -1), (1, 0, 1), (1, 2, 1), (1, 2, -1), (2, 0, -1), (2, 0, 1), (0, 2, 1)]
    assert identification(wins_votes(3, labels).counts).holds
