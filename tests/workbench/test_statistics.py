"""Formulas against values worked out by hand or known from tables, and bounds that must hold by simulation."""

import numpy as np
import pytest
from scipy import stats

from tests.workbench.generators import chance
from workbench import statistics
from workbench.statistics import Clusters, Contrasts, Estimate, Family, Floats

DIFFERENCES = np.array([1.0, 0, 0, 1, -1, 0, 1, 0, 0, 0])


def estimate(
    means: list[float], *, variance: float = 1e-4, df: float = 1e6, own: list[float] | None = None
) -> Estimate:
    k = len(means)
    extra = np.zeros(k) if own is None else np.array(own)
    return Estimate(np.array(means), variance * np.eye(k), df, extra, np.where(extra > 0, 1.0, np.inf), 1000)


def claims(known: Estimate, *, alpha: float = 0.05, draws: int = 60_000) -> Family:
    rng = np.random.default_rng(3)
    pairs = statistics.contrasts(known)
    errors = statistics.mean_draws(known, rng=rng, draws=draws)
    return statistics.family(pairs, [statistics.t_draws(known, pairs, errors, rng=rng)], alpha=alpha)


# --- One candidate


def test_wilson_matches_published_values() -> None:
    assert statistics.wilson(0.8, 10).low == pytest.approx(0.4902, abs=1e-4)
    assert statistics.wilson(0.8, 10).high == pytest.approx(0.9433, abs=1e-4)


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0.0, 0.01264), (1.0, 0.98736, 1.0)])
def test_wilson_is_not_empty_at_the_ends(share: float, low: float, high: float) -> None:
    interval = statistics.wilson(share, 300)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5))
    assert interval.low < interval.high


def test_mean_interval_widens_with_the_variance_and_is_never_empty() -> None:
    binary = statistics.mean_interval(0.8, 0.16 / 100, n=100)
    assert binary.low == pytest.approx(statistics.wilson(0.8, 100).low)
    twice = statistics.mean_interval(0.8, 0.32 / 100, n=100)
    assert twice.high - twice.low > binary.high - binary.low
    for mean in (0.0, 0.5, 1.0):
        constant = statistics.mean_interval(mean, 0.0, n=20)
        assert constant.low < constant.high


# --- Two candidates


def test_paired_t_by_hand() -> None:
    # mean 0.2, variance (4 - 10 * 0.04) / 9 = 0.4, se 0.2, t(9) = 2.2622
    test = statistics.paired_t(DIFFERENCES)
    assert test.delta == pytest.approx(0.2)
    assert (test.low, test.high) == (pytest.approx(-0.25243, abs=1e-5), pytest.approx(0.65243, abs=1e-5))
    assert test.p == pytest.approx(0.34344, abs=1e-5)
    assert test.df == 9


def test_asking_every_question_twice_adds_nothing() -> None:
    once = statistics.paired_t(DIFFERENCES)
    twice = statistics.paired_t(np.repeat(DIFFERENCES, 2), clusters=Clusters(np.repeat(np.arange(10), 2)))
    assert (twice.low, twice.high, twice.p) == pytest.approx((once.low, once.high, once.p))
    naive = statistics.paired_t(np.repeat(DIFFERENCES, 2))
    assert naive.high - naive.low < twice.high - twice.low


def test_clusters_need_not_be_sorted() -> None:
    codes = np.array([2, 0, 1, 2, 0, 1, 2, 0, 1, 1])
    order = np.argsort(codes, kind="stable")
    shuffled = statistics.paired_t(DIFFERENCES, clusters=Clusters(codes))
    ordered = statistics.paired_t(DIFFERENCES[order], clusters=Clusters(codes[order]))
    assert (shuffled.low, shuffled.high) == pytest.approx((ordered.low, ordered.high))


def test_one_dominating_cluster_counts_as_few() -> None:
    assert Clusters.of(["a"] * 150 + [f"s{i}" for i in range(150)]).effective == pytest.approx(3.974, abs=1e-3)
    assert Clusters.of(["a", "a", "b", "b", "c", "c"]).effective == pytest.approx(3)
    assert Clusters.singletons(40).df == 39


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_constant_differences_give_neither_an_empty_interval_nor_p_zero(value: float) -> None:
    test = statistics.paired_t(np.full(50, value))
    assert test.low < test.high
    assert 0 < test.p <= 1


def test_bonett_price_by_hand() -> None:
    # (7 - 1) / 302 = 0.019868, se sqrt((8/302 - 0.019868^2) / 302) = 0.0092957
    test = statistics.bonett_price(6, 0, 300)
    assert (test.low, test.high) == (pytest.approx(0.00165, abs=1e-5), pytest.approx(0.03809, abs=1e-5))
    assert test.delta == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(6, 0, 1 / 64), (5, 1, 8 / 64), (3, 3, 1.0), (0, 0, 1.0), (1, 0, 0.5)]
)
def test_mid_p_mcnemar_by_hand(first: int, second: int, p: float) -> None:
    assert statistics.mcnemar(first, second) == pytest.approx(p)
    assert statistics.mcnemar(second, first) == pytest.approx(p)


def test_mcnemar_is_never_zero() -> None:
    assert statistics.mcnemar(5000, 0) > 0


def test_pseudo_items_are_bonett_and_price_for_binary_scores() -> None:
    scores = np.zeros((300, 2))
    scores[:6, 0] = 1.0
    known = Estimate(
        scores.mean(axis=0), Clusters.singletons(300).covariance(scores), 299, np.zeros(2), np.full(2, np.inf), 300
    )
    pairs = statistics.with_pseudo_items(
        statistics.contrasts(known), scores, Clusters.singletons(300), where=np.array([True])
    )
    expected = statistics.bonett_price(6, 0, 300)
    assert pairs.centre[0] == pytest.approx((expected.low + expected.high) / 2)
    assert pairs.se[0] == pytest.approx(expected.se)


@pytest.mark.parametrize(
    ("n", "discordance"), [(50, 0.15), (50, 0.35), (100, 0.15), (100, 0.35), (500, 0.05), (500, 0.35)]
)
def test_paired_t_covers(n: int, discordance: float) -> None:
    gap, reps = 0.02, 3000
    shares = [(discordance + gap) / 2, (discordance - gap) / 2, 1 - discordance]
    counts = np.random.default_rng(n).multinomial(n, shares, size=reps)
    hits = 0
    for first, second, neither in counts:
        test = statistics.paired_t(np.repeat([1.0, -1.0, 0.0], [first, second, neither]))
        hits += test.low <= gap <= test.high
    assert 0.935 <= hits / reps <= 0.975


@pytest.mark.parametrize(("n", "discordance"), [(30, 0.14), (50, 0.05), (100, 0.05)])
def test_bonett_price_covers_where_few_answers_differ(n: int, discordance: float) -> None:
    gap, reps = 0.02, 3000
    shares = [(discordance + gap) / 2, (discordance - gap) / 2, 1 - discordance]
    counts = np.random.default_rng(n).multinomial(n, shares, size=reps)
    tests = [statistics.bonett_price(first, second, n) for first, second, _ in counts]
    assert np.mean([test.low <= gap <= test.high for test in tests]) >= 0.95 - chance(0.05, reps)


# --- Seeds


def test_seed_variance_by_hand() -> None:
    assert statistics.seed_variance(np.array([[0.0, 0], [1, 1]])) == pytest.approx(0.5)
    # Seed means 0.5 and 1 vary by 0.125, and so much is the items' own noise: 0.25 / 2.
    assert statistics.seed_variance(np.array([[1.0, 0], [1, 1]])) == 0


def test_seed_variance_is_unbiased() -> None:
    rng = np.random.default_rng(5)
    estimates = [
        statistics.seed_variance(rng.normal(0, 0.1, (3, 1)) + rng.normal(0, 0.5, (3, 200))) for _ in range(3000)
    ]
    assert np.mean(estimates) == pytest.approx(0.01, rel=0.06)


def test_seed_spread_measures_imputes_and_pools() -> None:
    rng = np.random.default_rng(0)
    steady, single = np.full((2, 100), 0.5), rng.random((1, 100))
    wild = np.stack([np.full(100, 0.2), np.full(100, 0.8)])
    floor = statistics.IMPUTED_SEED_SD**2
    assert statistics.seed_spread([single, steady], [False, False]).variance.tolist() == [0, 0]
    assert statistics.seed_spread([single], [True]).variance[0] == pytest.approx(floor)
    assert np.isinf(statistics.seed_spread([single], [True]).df[0])
    assert statistics.seed_spread([steady], [True]).variance[0] == pytest.approx(floor / 2)
    pooled = statistics.seed_spread([steady, wild, single], [True, True, True])
    # wild's seeds vary by 0.18, pooled over both 0.09
    assert pooled.variance == pytest.approx([0.09 / 2, 0.18 / 2, 0.09])
    assert pooled.df.tolist() == [2, 2, 2]


def test_satterthwaite_by_hand() -> None:
    known = Estimate(np.zeros(2), np.diag([2.0, 2.0]), 99, np.array([0.0, 4.0]), np.array([np.inf, 2.0]), 100)
    # (4 + 4)^2 / (4^2 / 99 + 4^2 / 2)
    assert statistics.contrasts(known).df[0] == pytest.approx(64 / (16 / 99 + 8))


# --- Many candidates


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


def test_best_set_regret_and_intervals_with_the_best_by_hand() -> None:
    found = claims(estimate([0.80, 0.79, 0.50]))
    assert statistics.best_set(found).tolist() == [True, True, False]
    regret = statistics.regret_bounds(found, 0.02)
    # The third can't be the best any more: the first two are bounded against each other alone, at 4.9 %.
    c = stats.norm.ppf(0.951)
    assert regret.rivals.tolist() == [True, True, False]
    assert regret.bound[:2] == pytest.approx([c * np.sqrt(2e-4) - 0.01, c * np.sqrt(2e-4) + 0.01], abs=1e-6)
    assert regret.bound[2] > 0.30 + c * np.sqrt(2e-4)
    low, high = statistics.best_intervals(found)
    assert high[2] == 0
    assert low[2] == pytest.approx(-0.30 - found.one_sided[2, 0] * np.sqrt(2e-4))
    assert low[0] < 0 < high[0]
    only_last = np.array([False, False, True])
    assert statistics.regret_bounds(found, 0.02, among=only_last).bound.tolist() == [0, 0, 0]


def test_a_hurdle_keeps_candidates_in_the_best_set() -> None:
    found = claims(estimate([0.8, 0.5]))
    assert statistics.best_set(found).tolist() == [True, False]
    assert statistics.best_set(found, hurdle=np.full((2, 2), 0.35)).tolist() == [True, True]


def test_expected_regret_of_two_equals_by_hand() -> None:
    known = estimate([0.5, 0.5], variance=1e-4)
    errors = statistics.mean_draws(known, rng=np.random.default_rng(1), draws=200_000)
    # E max(0, Z sqrt(2e-4)) = sqrt(2e-4 / (2 pi))
    expected = np.sqrt(2e-4 / (2 * np.pi))
    assert statistics.expected_regrets(known.means, errors) == pytest.approx(np.full(2, expected), rel=0.02)


def test_identical_candidates_cause_no_trouble() -> None:
    singular = Estimate(np.full(3, 0.5), np.zeros((3, 3)), 99, np.zeros(3), np.full(3, np.inf), 100)
    found = claims(singular, draws=2000)
    assert (found.margin > 0).all()
    assert found.p.tolist() == [1, 1, 1]
    assert statistics.best_set(found).all()


def test_bootstrap_agrees_with_the_t_where_both_are_right() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(0.5, 0.1, (400, 3))
    clusters = Clusters.singletons(400)
    known = Estimate(
        scores.mean(axis=0), clusters.covariance(scores), clusters.df, np.zeros(3), np.full(3, np.inf), 400
    )
    pairs: Contrasts = statistics.contrasts(known)
    draws: Floats = statistics.bootstrap_draws(scores, clusters, pairs, rng=rng, draws=4000)
    assert np.quantile(np.abs(draws).max(axis=1), 0.95) == pytest.approx(2.35, abs=0.12)


# --- How much data


@pytest.mark.parametrize(("n", "points"), [(50, 0.234), (120, 0.151), (500, 0.0741)])
def test_detectable_difference(n: int, points: float) -> None:
    assert statistics.detectable_difference(n) == pytest.approx(points, abs=5e-4)


def test_clusters_and_seeds_make_less_detectable() -> None:
    clusters = Clusters(np.repeat(np.arange(20), 10))
    inflation = statistics.design_effect(clusters, correlation=0.2)
    assert inflation == pytest.approx(2.8)
    plain = statistics.detectable_difference(200)
    assert statistics.detectable_difference(200, inflation=inflation) == pytest.approx(plain * np.sqrt(2.8))
    assert statistics.detectable_difference(200, seed_variance=1e-4) > plain


def enough(margin: float, shared: float, own: float) -> statistics.Enough:
    return statistics.enough(
        np.array([margin]), shared=np.array([shared]), own=np.array([own]), constants=np.array([1.96]), n=300
    )


def test_enough_by_items_alone() -> None:
    # 7.85 x 0.35 / 0.05^2 items
    assert enough(0.05, 0.35 / 300, 0).items == pytest.approx(1099, abs=2)


def test_enough_by_seeds_where_items_can_not() -> None:
    found = enough(0.05, 1e-4, 1e-3)
    assert np.isinf(found.items)
    # target (0.05 / 2.8016)^2 = 3.185e-4; 1e-3 / (3.185e-4 - 1e-4)
    assert found.seed_factor == pytest.approx(4.577, abs=0.01)


def test_enough_takes_both_where_neither_suffices() -> None:
    found = enough(0.05, 1e-3, 1e-3)
    assert np.isinf(found.items)
    assert np.isinf(found.seed_factor)
    assert np.isfinite([found.both_items, found.both_seed_factor]).all()


# --- Percentiles


def test_a_95th_percentile_needs_59_values_to_be_bounded_above() -> None:
    assert statistics.percentile_bounds(range(58)).high is None
    assert statistics.percentile_bounds(range(59)).high == 58
    assert statistics.percentile_bounds([1.0]).low == 1.0


def test_percentile_bounds_hold() -> None:
    rng, reps = np.random.default_rng(4), 2000
    truth = float(np.exp(stats.norm.ppf(0.95)))
    bounds = [statistics.percentile_bounds(np.exp(rng.standard_normal(100)).tolist()) for _ in range(reps)]
    above = np.mean([bound.high is not None and bound.high < truth for bound in bounds])
    below = np.mean([bound.low is not None and bound.low > truth for bound in bounds])
    assert 0.005 < above <= 0.05 + chance(0.05, reps)
    assert 0.005 < below <= 0.05 + chance(0.05, reps)


def test_mean_bounds_by_hand() -> None:
    # mean 2, sd 1, se 1/sqrt(3), t(2) one-sided 2.920
    bounds = statistics.mean_bounds([1.0, 2.0, 3.0])
    assert bounds.high == pytest.approx(2 + 2.920 / np.sqrt(3), abs=1e-3)
    assert statistics.mean_bounds([1.0]).high is None
