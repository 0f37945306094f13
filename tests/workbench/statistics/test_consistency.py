"""Pairs that no one order explains are told; pairs that one explains are not."""

import numpy as np
import pytest

from tests.workbench.judged_worlds import Judging, World
from tests.workbench.labellers import Labellers, votes_of, wins_votes
from workbench.statistics.consistency import Consistency, consistency
from workbench.statistics.davidson import fit
from workbench.statistics.verdicts import correction
from workbench.statistics.votes import Votes

LADDER = Labellers((0.45, 0.15, -0.15, -0.45), 300, item_sd=0.8)


def held(votes: Votes, *, annotators: bool = False) -> Consistency | None:
    return consistency(votes, fit(votes.counts), annotators=annotators)


def test_a_circle_is_told_with_its_pair() -> None:
    won, lost = [(0, 1, 1), (1, 2, 1), (2, 0, 1)], [(0, 1, -1), (1, 2, -1), (2, 0, -1)]
    sides = [won * 14, lost * 6, [(b, a, -choice) for a, b, choice in won * 14 + lost * 6]]
    found = held(wins_votes(3, [one for side in sides for one in side]))
    assert found is not None
    assert found.p < 0.001
    assert abs(found.seen - found.foretold) == pytest.approx(0.2, abs=0.03)
    assert found.foretold == pytest.approx(0.5, abs=0.02)


def test_one_order_is_seldom_called_a_circle() -> None:
    p = [found.p for seed in range(200) if (found := held(votes_of(LADDER, 300, seed=seed))) is not None]
    assert len(p) == 200
    assert np.mean(np.array(p) < 0.05) < 0.10
    assert np.mean(np.array(p) < 0.5) == pytest.approx(0.5, abs=0.12)


def test_annotators_with_tastes_make_no_circle() -> None:
    tastes = Labellers((0.3, 0.0, -0.3), 300, annotators=8, annotator_sd=0.5)
    p = [f.p for seed in range(120) if (f := held(votes_of(tastes, 400, seed=seed), annotators=True)) is not None]
    assert np.mean(np.array(p) < 0.05) < 0.12


def test_two_candidates_and_few_labels_have_nothing_to_contradict() -> None:
    assert held(votes_of(Labellers((0.2, -0.2), 100), 200, seed=1)) is None
    assert held(votes_of(LADDER, 60, seed=1)) is None


def test_a_judges_correction_makes_no_circle() -> None:
    p = []
    for seed in range(60):
        asked = Judging(World((0.3, 0.0, -0.3), 0.9, bias=(0.0, 0.5, 0.0)), np.random.default_rng(seed))
        asked.ask(150, adaptive=False)
        votes = asked.votes()
        added = correction(votes, asked.verdicts(votes))
        assert added is not None
        fitted = added.steer(votes, fit(votes.counts))
        found = consistency(votes, fitted, annotators=False, corrected=added)
        assert found is not None
        p.append(found.p)
    assert np.mean(np.array(p) < 0.05) < 0.15
