"""What a choice loses, by hand."""

import numpy as np
import pytest
from scipy import stats

from tests.workbench.statistics.estimates import claims, estimate
from workbench.statistics.draws import mean_draws
from workbench.statistics.regret import expected_regrets, regret_bounds


def test_regret_bounds_by_hand() -> None:
    found = claims(estimate([0.80, 0.79, 0.50]))
    regret = regret_bounds(found, 0.02)
    # The third can't be the best any more: the first two are bounded against each other alone, at 4.9 %.
    c = stats.norm.ppf(0.951)
    assert regret.rivals.tolist() == [True, True, False]
    assert regret.bound[:2] == pytest.approx([c * np.sqrt(2e-4) - 0.01, c * np.sqrt(2e-4) + 0.01], abs=1e-6)
    assert regret.bound[2] > 0.30 + c * np.sqrt(2e-4)
    only_last = np.array([False, False, True])
    assert regret_bounds(found, 0.02, among=only_last).bound.tolist() == [0, 0, 0]


def test_expected_regret_of_two_equals_by_hand() -> None:
    known = estimate([0.5, 0.5], variance=1e-4)
    errors = mean_draws(known, rng=np.random.default_rng(1), draws=200_000)
    # E max(0, Z sqrt(2e-4)) = sqrt(2e-4 / (2 pi))
    expected = np.sqrt(2e-4 / (2 * np.pi))
    assert expected_regrets(known.means, errors) == pytest.approx(np.full(2, expected), rel=0.02)
