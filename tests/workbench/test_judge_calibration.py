"""A judge's help keeps the promises that people's labels keep alone, and saves labels; pairs are chosen on the way."""

import numpy as np
import pytest

from tests.workbench.generators import chance
from tests.workbench.judge_studies import Study, rated, study
from tests.workbench.judged_worlds import Judging, World
from workbench.winrate import win_rates

LADDER, EQUALS = (0.3, 0.1, -0.1, -0.3), (0.0,) * 4


def saved(alone: Study, helped: Study) -> float:
    """The share of labels that as narrow intervals by people alone would take more."""
    return 1 - (helped.width / alone.width) ** 2


def test_a_biased_judge_of_some_insight_saves_labels_and_breaks_nothing() -> None:
    found = study(World(LADDER, 0.7, bias=(0.0, 0.0, 0.4, 0.4)), 100, reps=120)
    assert found[True].covered >= 0.95 - chance(0.05, 120)
    assert found[True].covered >= found[False].covered - 0.03
    assert found[True].false <= 0.05
    assert 0.15 < saved(found[False], found[True]) < 0.35
    assert found[True].promised == pytest.approx((found[False].width / found[True].width) ** 2, abs=0.25)


def test_a_judge_that_favours_one_of_equals_crowns_nobody() -> None:
    found = study(World(EQUALS, 0.9, bias=(0.0, 0.0, 0.8, 0.0)), 100, reps=100)
    assert found[True].false <= 0.05
    assert found[True].covered >= 0.95 - chance(0.05, 100)
    assert abs(found[True].off) < 0.03
    assert saved(found[False], found[True]) > 0.3


def test_a_judge_that_knows_nothing_costs_nothing() -> None:
    found = study(World(LADDER, 0.0), 60, reps=60)
    assert found[True].width <= 1.01 * found[False].width


def test_with_a_good_judge_fewer_labels_are_said_to_be_needed() -> None:
    asked = Judging(World((0.2, 0.0), 0.9, requests=2000), np.random.default_rng(6))
    asked.ask(60)
    votes = asked.votes()
    alone, helped = rated(votes).needed, rated(votes, asked.verdicts(votes)).needed
    assert alone.least is not None
    assert helped.least is not None
    assert helped.least < alone.least


def test_where_requests_run_out_more_of_them_are_asked_for() -> None:
    """What all requests' mean is worth is known only as surely as so many allow, whatever people label."""
    asked = Judging(World(EQUALS[:2], 0.9, requests=120), np.random.default_rng(4))
    asked.ask(60)
    votes = asked.votes()
    needed = win_rates(
        votes, ("0", "1"), "0", smallest_difference=0.005, verdicts=asked.verdicts(votes), rng=np.random.default_rng(0)
    ).needed
    assert needed.least is None
    assert "these requests would not settle it: they are too few" in needed.reason


@pytest.mark.slow
def test_annotators_with_tastes_and_several_labels_a_pair_are_covered() -> None:
    world = World(LADDER, 0.7, annotators=8, taste=0.15, shared=0.4, own=0.38, overlap=3)
    found = study(world, 150, reps=200)
    assert found[True].covered >= 0.93 - chance(0.05, 200)
    assert found[True].false <= 0.05
    assert found[True].promised > 1.15


@pytest.mark.slow
def test_a_judge_that_goes_by_length_crowns_no_longer_one() -> None:
    found = study(World(EQUALS, 0.7, per_length=0.6, longer=(0.0, 0.0, 0.0, 1.0)), 150, reps=200)
    assert found[True].false <= 0.05
    assert found[True].covered >= 0.93 - chance(0.05, 200)
