"""Simultaneous intervals against the tables of Tukey and Dunnett."""

import numpy as np
import pytest
from scipy import stats

from tests.workbench.statistics.estimates import claims, estimate
from workbench.statistics.best import best_set
from workbench.statistics.contrasts import Estimate


def test_two_candidates_get_the_t_interval_itself() -> None:
    known = estimate([0.7, 0.6], df=20)
    found = claims(known, draws=1000)
    assert found.constants[0] == pytest.approx(stats.t.ppf(0.975, 20))
    assert found.one_sided[0, 1] == pytest.approx(stats.t.ppf(0.95, 20))
    assert found.p[0] == pytest.approx(2 * stats.t.sf(0.1 / np.sqrt(2e-4), 20))


@pytest.mark.parametrize(("k", "df"), [(3, 1e6), (6, 1e6), (6, 15)])
def test_all_pairs_constant_is_tukeys(k: int, df: float) -> None:
    tukey = stats.studentized_range.ppf(0.95, k, df) / np.sqrt(2)
    assert claims(estimate([0.5] * k, df=df)).constants == pytest.approx(np.full(k * (k - 1) // 2, tukey), rel=0.01)


def test_one_sided_constant_is_dunnetts() -> None:
    # Dunnett (1955), one-sided 5 %, four treatments against a control, infinite df: 2.16
    found = claims(estimate([0.5] * 5))
    assert found.one_sided[0, 1:] == pytest.approx(np.full(4, 2.16), abs=0.02)


def test_heavy_tails_of_few_seeds_stay_with_their_pairs() -> None:
    steady = claims(estimate([0.5] * 4)).constants
    mixed = claims(estimate([0.5] * 4, own=[0, 0, 0, 1e-3]))
    with_seeds = mixed.pairs.right == 3
    assert (mixed.constants[with_seeds] > 3 * steady[with_seeds]).all()
    assert (mixed.constants[~with_seeds] < 1.15 * steady[~with_seeds]).all()


def test_adjusted_p_and_interval_agree_and_p_is_never_zero() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        found = claims(estimate(list(rng.normal(0.5, 0.03, 5)), df=60), draws=4000)
        excludes = np.abs(found.pairs.delta) > found.margin
        assert (excludes == (found.p <= 0.05)).all()
        assert (found.p > 0).all()
    assert claims(estimate([0.1, 0.9, 0.5], variance=1e-9), draws=1000).p.min() > 0


def test_identical_candidates_cause_no_trouble() -> None:
    singular = Estimate(np.full(3, 0.5), np.zeros((3, 3)), 99, np.zeros(3), np.full(3, np.inf), 100)
    found = claims(singular, draws=2000)
    assert (found.margin > 0).all()
    assert found.p.tolist() == [1, 1, 1]
    assert best_set(found).all()
