"""Two candidates: formulas against values worked out by hand, and intervals that cover by simulation."""

import numpy as np
import pytest

from tests.workbench.generators import chance
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import bonett_price, mcnemar, paired_t

DIFFERENCES = np.array([1.0, 0, 0, 1, -1, 0, 1, 0, 0, 0])


def test_paired_t_by_hand() -> None:
    # mean 0.2, variance (4 - 10 * 0.04) / 9 = 0.4, se 0.2, t(9) = 2.2622
    test = paired_t(DIFFERENCES)
    assert test.delta == pytest.approx(0.2)
    assert (test.low, test.high) == (pytest.approx(-0.25243, abs=1e-5), pytest.approx(0.65243, abs=1e-5))
    assert test.p == pytest.approx(0.34344, abs=1e-5)
    assert test.df == 9


def test_asking_every_question_twice_adds_nothing() -> None:
    once = paired_t(DIFFERENCES)
    twice = paired_t(np.repeat(DIFFERENCES, 2), clusters=Clusters(np.repeat(np.arange(10), 2)))
    assert (twice.low, twice.high, twice.p) == pytest.approx((once.low, once.high, once.p))
    naive = paired_t(np.repeat(DIFFERENCES, 2))
    assert naive.high - naive.low < twice.high - twice.low


def test_clusters_need_not_be_sorted() -> None:
    codes = np.array([2, 0, 1, 2, 0, 1, 2, 0, 1, 1])
    order = np.argsort(codes, kind="stable")
    shuffled = paired_t(DIFFERENCES, clusters=Clusters(codes))
    ordered = paired_t(DIFFERENCES[order], clusters=Clusters(codes[order]))
    assert (shuffled.low, shuffled.high) == pytest.approx((ordered.low, ordered.high))


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_constant_differences_give_neither_an_empty_interval_nor_p_zero(value: float) -> None:
    test = paired_t(np.full(50, value))
    assert test.low < test.high
    assert 0 < test.p <= 1


def test_bonett_price_by_hand() -> None:
    # (7 - 1) / 302 = 0.019868, se sqrt((8/302 - 0.019868^2) / 302) = 0.0092957
    test = bonett_price(6, 0, 300)
    assert (test.low, test.high) == (pytest.approx(0.00165, abs=1e-5), pytest.approx(0.03809, abs=1e-5))
    assert test.delta == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(6, 0, 1 / 64), (5, 1, 8 / 64), (3, 3, 1.0), (0, 0, 1.0), (1, 0, 0.5)]
)
def test_mid_p_mcnemar_by_hand(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p)
    assert mcnemar(second, first) == pytest.approx(p)


def test_mcnemar_is_never_zero() -> None:
    assert mcnemar(5000, 0) > 0


@pytest.mark.parametrize(
    ("n", "discordance"), [(50, 0.15), (50, 0.35), (100, 0.15), (100, 0.35), (500, 0.05), (500, 0.35)]
)
def test_paired_t_covers(n: int, discordance: float) -> None:
    gap, reps = 0.02, 3000
    shares = [(discordance + gap) / 2, (discordance - gap) / 2, 1 - discordance]
    counts = np.random.default_rng(n).multinomial(n, shares, size=reps)
    hits = 0
    for first, second, neither in counts:
        test = paired_t(np.repeat([1.0, -1.0, 0.0], [first, second, neither]))
        hits += test.low <= gap <= test.high
    assert 0.935 <= hits / reps <= 0.975


@pytest.mark.parametrize(("n", "discordance"), [(30, 0.14), (50, 0.05), (100, 0.05)])
def test_bonett_price_covers_where_few_answers_differ(n: int, discordance: float) -> None:
    gap, reps = 0.02, 3000
    shares = [(discordance + gap) / 2, (discordance - gap) / 2, 1 - discordance]
    counts = np.random.default_rng(n).multinomial(n, shares, size=reps)
    tests = [bonett_price(first, second, n) for first, second, _ in counts]
    assert np.mean([test.low <= gap <= test.high for test in tests]) >= 0.95 - chance(0.05, reps)
