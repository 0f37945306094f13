"""Comparisons with the best, by hand."""

import numpy as np
import pytest

from tests.workbench.statistics.estimates import claims, estimate
from workbench.statistics.best import best_intervals, best_set


def test_best_set_and_intervals_with_the_best_by_hand() -> None:
    found = claims(estimate([0.80, 0.79, 0.50]))
    assert best_set(found).tolist() == [True, True, False]
    low, high = best_intervals(found)
    assert high[2] == 0
    assert low[2] == pytest.approx(-0.30 - found.one_sided[2, 0] * np.sqrt(2e-4))
    assert low[0] < 0 < high[0]


def test_a_hurdle_keeps_candidates_in_the_best_set() -> None:
    found = claims(estimate([0.8, 0.5]))
    assert best_set(found).tolist() == [True, False]
    assert best_set(found, hurdle=np.full((2, 2), 0.35)).tolist() == [True, True]
