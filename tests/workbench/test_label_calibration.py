"""The promises of win rates kept, in seeded worlds; bounds allow Monte-Carlo error where they are tight."""

import numpy as np
import pytest

from tests.workbench.generators import chance
from tests.workbench.label_studies import collections, study
from tests.workbench.labellers import Labellers

LADDER = (0.45, 0.15, -0.15, -0.45)


def test_few_prompts_with_many_labels_each_are_covered() -> None:
    found = study(Labellers(LADDER, 30, item_sd=1.2), 300, repeats=10, reps=300)
    assert found.covered >= 0.93
    assert found.broken <= 0.05 + chance(0.05, 300)
    assert found.wrong <= 0.05


def test_four_annotators_with_tastes_of_their_own_are_covered() -> None:
    found = study(Labellers(LADDER, 300, annotators=4, item_sd=0.6, annotator_sd=0.4), 300, reps=300)
    assert found.covered >= 0.93
    assert found.wrong <= 0.05


def test_equals_are_seldom_told_apart() -> None:
    found = study(Labellers((0.0,) * 4, 100, item_sd=0.8), 300, reps=200)
    assert found.crowned <= 0.05
    assert found.kept >= 0.95 - chance(0.05, 200)
    assert found.covered >= 0.95 - chance(0.05, 200)


def test_annotators_who_like_the_first_make_no_winner_where_sides_are_by_lot() -> None:
    found = study(Labellers((0.0, 0.0, 0.0), 200, position=0.5), 300, reps=200)
    assert found.crowned <= 0.05
    assert found.covered >= 0.95 - chance(0.05, 200)


@pytest.mark.slow
def test_two_tied_leaders_are_not_crowned_by_looking_often() -> None:
    tied = Labellers((0.3, 0.3, 0.0, -0.3, -0.3), 5000)
    lives = collections(tied, "best", reps=80, seed=1)
    assert np.mean([live.winner is not None for live in lives]) <= 0.05


@pytest.mark.slow
def test_choosing_pairs_saves_labels() -> None:
    clear = Labellers((0.6, 0.1, 0.0, -0.3, -0.4), 5000)
    uniform, chosen = (collections(clear, how, reps=30, seed=2) for how in ("uniform", "best"))
    for lives in (uniform, chosen):
        assert np.mean([live.winner not in (0, None) for live in lives]) <= 0.05
    saved = 1 - np.mean([live.labels for live in chosen]) / np.mean([live.labels for live in uniform])
    assert saved >= 0.2
