"""Davidson's model: exact cases, another implementation, and invariances."""

from dataclasses import replace

import numpy as np
import pytest

from tests.workbench.labellers import Labellers, floats, renamed, votes_of, wins_votes
from workbench.statistics.arrays import Floats
from workbench.statistics.davidson import advantage_of, bootstrap, fit, scores, slopes, win_rate
from workbench.statistics.two_way import robust

WORLD = Labellers((0.8, 0.3, 0.0, -0.4, -0.7), 200, position=0.3)


def by_hand(won: float, tied: float, lost: float) -> Floats:
    """Counts of two candidates, half of them in each order."""
    counts = np.zeros((2, 2, 3))
    counts[0, 1] = won / 2, tied / 2, lost / 2
    counts[1, 0] = lost / 2, tied / 2, won / 2
    return counts


def test_two_candidates_have_a_closed_form() -> None:
    # P(win) : P(tie) : P(loss) = e^(l/2) : nu : e^(-l/2) fits 60, 24, 20 exactly.
    fitted = fit(by_hand(60, 24, 20), ridge=1e-12)
    lead = fitted.strengths[0] - fitted.strengths[1]
    assert lead == pytest.approx(np.log(60 / 20))
    assert fitted.log_tie == pytest.approx(np.log(24 / np.sqrt(60 * 20)))
    assert fitted.position == pytest.approx(0.0, abs=1e-9)
    assert float(win_rate(lead, fitted.log_tie)) == pytest.approx((60 + 12) / 104)


def test_the_order_is_worth_what_it_was_made_worth() -> None:
    counts = np.zeros((2, 2, 3))
    counts[0, 1] = counts[1, 0] = 30, 0, 10
    fitted = fit(counts, ties=False, ridge=1e-12)
    assert fitted.position == pytest.approx(np.log(3))
    assert fitted.strengths == pytest.approx([0, 0])


@pytest.mark.parametrize("seed", [1, 2])
def test_with_half_ties_it_agrees_with_choix(seed: int) -> None:
    choix = pytest.importorskip("choix")
    votes = votes_of(WORLD, 2000, seed=seed)
    # choix knows no order, so each label is held in both; a tie is a win each way, and other labels count double.
    counts = votes.counts + votes.swapped().counts
    ours = fit(counts, ties=False, ridge=1e-9).strengths
    data = []
    for a in range(votes.k):
        for b in range(votes.k):
            data += [(a, b)] * int(2 * votes.wins[a, b])
    theirs = choix.opt_pairwise(votes.k, data, alpha=0.0, method="Newton-CG", tol=1e-10)
    assert ours == pytest.approx(theirs - theirs.mean(), abs=1e-5)
    spectral = choix.ilsr_pairwise(votes.k, data, alpha=0.0, tol=1e-10)
    assert ours == pytest.approx(spectral - spectral.mean(), abs=1e-5)


def test_gradient_vanishes_at_the_fit_and_the_hessian_is_its_derivative() -> None:
    votes = votes_of(WORLD, 800, seed=3)
    fitted = fit(votes.counts)
    assert np.abs(scores(votes, fitted).sum(axis=0)).max() < 0.01  # What the ridge pulls.
    k, step = votes.k, 1e-5
    for place in (0, k, k + 1):
        moved = []
        for sign in (1, -1):
            theta = np.array([*fitted.strengths, fitted.position, fitted.log_tie])
            theta[place] += sign * step
            other = type(fitted)(theta[:k], float(theta[k]), float(theta[k + 1]), fitted.hessian)
            moved.append(scores(votes, other).sum(axis=0))
        slope = -(moved[0] - moved[1]) / (2 * step)
        penalty = 1e-3 * np.eye(k + 2)[place]
        assert slope + penalty == pytest.approx(fitted.hessian[place], abs=1e-3)


def test_ties_that_are_not_modelled_leave_strengths_where_they_are_nearly() -> None:
    votes = votes_of(WORLD, 4000, seed=4)
    modelled, half = fit(votes.counts), fit(votes.counts, ties=False)
    assert half.log_tie == -np.inf
    rates = [win_rate(one.strengths[0] - one.strengths[4], one.log_tie) for one in (modelled, half)]
    assert rates[0] == pytest.approx(rates[1], abs=0.02)


def test_truth_comes_back() -> None:
    fitted = fit(votes_of(WORLD, 60_000, seed=5).counts)
    assert fitted.strengths == pytest.approx(np.array(WORLD.strengths) - np.mean(WORLD.strengths), abs=0.05)
    assert fitted.position == pytest.approx(0.3, abs=0.03)
    assert fitted.log_tie == pytest.approx(-0.7, abs=0.03)


def test_swapping_sides_turns_the_order_round_and_nothing_else() -> None:
    votes = votes_of(WORLD, 500, seed=6)
    fitted, other = fit(votes.counts), fit(votes.swapped().counts)
    assert other.strengths == pytest.approx(fitted.strengths, abs=1e-9)
    assert other.position == pytest.approx(-fitted.position, abs=1e-9)
    assert other.log_tie == pytest.approx(fitted.log_tie, abs=1e-9)


def test_numbering_candidates_otherwise_changes_nothing() -> None:
    votes, order = votes_of(WORLD, 500, seed=7), [3, 0, 4, 1, 2]
    fitted, other = fit(votes.counts), fit(renamed(votes, order).counts)
    assert other.strengths[order] == pytest.approx(fitted.strengths, abs=1e-9)


def test_win_rate_and_its_inverse() -> None:
    for log_tie in (-np.inf, -3.0, 0.0, 4.0):
        for rate in (0.02, 0.3, 0.5, 0.53, 0.9):
            assert float(win_rate(advantage_of(rate, log_tie), log_tie)) == pytest.approx(rate, abs=1e-9)
    lead = floats([-1.5, 0.0, 0.4])
    by_lead, by_tie = slopes(lead, -0.5)
    assert by_lead == pytest.approx((win_rate(lead + 1e-6, -0.5) - win_rate(lead - 1e-6, -0.5)) / 2e-6, abs=1e-7)
    assert by_tie == pytest.approx((win_rate(lead, -0.5 + 1e-6) - win_rate(lead, -0.5 - 1e-6)) / 2e-6, abs=1e-7)


def test_lopsided_and_empty_counts_stay_finite() -> None:
    votes = wins_votes(3, [(0, 1, 1)] * 20)
    fitted = fit(votes.counts)
    assert np.isfinite(fitted.strengths).all()
    assert fitted.strengths[2] == pytest.approx(0.0, abs=1e-6)
    assert fit(np.zeros((2, 2, 3))).strengths == pytest.approx([0, 0])


@pytest.mark.parametrize("repeats", [0, 10], ids=["items by lot", "ten labels each"])
def test_bootstrap_spreads_as_the_robust_errors_say(repeats: int) -> None:
    world = Labellers((0.5, 0.0, -0.5), 400, item_sd=1.0)
    votes = votes_of(world, 2000, seed=8, repeats=repeats)
    drawn = bootstrap(votes, rng=np.random.default_rng(1), draws=1500)
    fitted = fit(votes.counts)
    known = robust(votes, fitted, annotators=False)
    for a, b in ((0, 1), (1, 2)):
        c = np.zeros(5)
        c[a], c[b] = 1, -1
        assert np.std(drawn @ c) == pytest.approx(np.sqrt(c @ known.covariance @ c), rel=0.08)
        assert np.mean(drawn @ c) == pytest.approx(fitted.strengths[a] - fitted.strengths[b], abs=0.02)


def test_bootstrap_of_items_labelled_once_is_the_same_by_number() -> None:
    votes = wins_votes(2, [(0, 1, 1), (1, 0, -1), (0, 1, 0), (1, 0, 1)] * 50)
    drawn = bootstrap(votes, rng=np.random.default_rng(2), draws=2000)
    known = robust(votes, fit(votes.counts), annotators=False)
    c = floats([1, -1, 0, 0])
    assert np.std(drawn @ c) == pytest.approx(np.sqrt(c @ known.covariance @ c), rel=0.08)


def test_shared_annotators_widen_and_few_of_them_leave_few_degrees_of_freedom() -> None:
    world = Labellers((0.5, 0.0, -0.5), 300, annotators=4, annotator_sd=0.8)
    votes = votes_of(world, 600, seed=9)
    fitted = fit(votes.counts)
    one, two = robust(votes, fitted, annotators=False), robust(votes, fitted, annotators=True)
    c = floats([1, 0, -1, 0, 0])
    assert c @ two.covariance @ c > 2 * (c @ one.covariance @ c)
    assert two.df < 3.01
    assert one.df > 100
    assert np.linalg.eigvalsh(two.covariance).min() > -1e-9
    assert c @ two.lasting @ c > 0


def test_where_two_way_is_no_covariance_the_larger_one_way_is_taken() -> None:
    # Without tastes, few annotators often leave items + annotators - both negative in some direction.
    world, repaired = Labellers((0.2, 0.0, -0.2), 60, annotators=4), 0
    for seed in range(30):
        votes = votes_of(world, 120, seed=seed)
        fitted = fit(votes.counts)
        ways = [
            robust(replace(votes, item=codes), fitted, annotators=False).covariance
            for codes in (votes.item, votes.annotator, votes.both.codes)
        ]
        both = robust(votes, fitted, annotators=True).covariance
        plain = ways[0] + ways[1] - ways[2]
        if np.linalg.eigvalsh(plain).min() > -1e-9:
            assert both == pytest.approx(plain, abs=1e-12)
            continue
        repaired += 1
        for one_way in ways[:2]:
            assert np.linalg.eigvalsh(both - one_way).min() > -1e-9
    assert repaired
