"""A judge's verdicts added to people's labels: what is added, and that nothing else changes."""

import numpy as np
import pytest

from tests.workbench.judged_worlds import Judging, World
from workbench.statistics.davidson import fit, steered
from workbench.statistics.two_way import robust
from workbench.statistics.verdicts import FEWEST_BOTH, Correction, Verdicts, correction
from workbench.statistics.votes import Votes

LADDER = (0.3, 0.1, -0.1, -0.3)


def judged(world: World, labels: int, *, seed: int = 0) -> tuple[Votes, Verdicts]:
    asked = Judging(world, np.random.default_rng(seed))
    asked.ask(labels)
    votes = asked.votes()
    return votes, asked.verdicts(votes)


def corrected(votes: Votes, verdicts: Verdicts) -> Correction:
    found = correction(votes, verdicts)
    assert found is not None
    return found


def two(people: list[int], judge: list[float]) -> tuple[Votes, Verdicts]:
    """Two candidates: people's choices on the first requests, a judge's verdicts on all."""
    n, rows = len(people), len(judge)
    none, place = np.zeros(n, dtype=np.int64), np.arange(rows)
    votes = Votes(2, none, none + 1, np.array(people), none.astype(bool), np.arange(n), none)
    shown = place < n
    both = np.zeros(rows, dtype=np.int64)
    return votes, Verdicts(both, both + 1, np.array(judge), place, shown, np.arange(n))


def test_the_win_rate_moves_by_what_the_judge_says_of_the_requests_that_were_labelled() -> None:
    people = [1, 1, -1, 1, -1, 1, 1, -1, 1, 1, -1, 1, 1, -1, 1, 1] * 2
    # The judge says what people say, and of the other requests it likes the second one's better.
    said = [(choice + 1) / 2 for choice in people]
    votes, verdicts = two(people, said + [0.0] * 60 + [1.0] * 40)
    found = corrected(votes, verdicts)
    assert found.weight > 0.8
    share, all_judged = float(np.mean(said)), float(np.mean(verdicts.value))
    moved = share + found.shift(votes)[0] / len(votes)
    assert moved == pytest.approx(share + found.weight * (all_judged - share), abs=0.02)
    assert moved < share - 0.1


def test_a_judge_that_says_the_same_of_all_or_nothing_of_people_changes_nothing() -> None:
    people = [1, -1, 1, 1] * 8
    assert correction(*two(people, [1.0] * 200)) is None
    against = [(1 - choice) / 2 for choice in people]
    assert correction(*two(people, against + [0.5] * 100)) is None


def test_too_few_requests_that_both_labelled_give_it_no_weight() -> None:
    people = [1, -1] * (FEWEST_BOTH // 2)
    said = [(choice + 1) / 2 for choice in people]
    assert correction(*two(people, [*said, 0.0, 1.0])) is None
    assert correction(*two([*people, 1], [*said, 1.0, 0.0, 1.0])) is not None


def test_where_all_requests_are_labelled_there_is_hardly_anything_to_add() -> None:
    people = [1, -1, 1, 1, -1] * 6
    votes, verdicts = two(people, [(choice + 1) / 2 for choice in people])
    assert corrected(votes, verdicts).shift(votes) == pytest.approx(0.0, abs=0.01 * len(votes))


def test_what_is_added_has_no_sum_and_follows_neither_sides_nor_numbers() -> None:
    votes, verdicts = judged(World(LADDER, 0.7), 120)
    shift = corrected(votes, verdicts).shift(votes)
    assert shift.sum() == pytest.approx(0.0, abs=1e-9)
    assert np.abs(shift).max() > 0.1
    mirrored = corrected(votes.swapped(), verdicts)
    assert mirrored.shift(votes.swapped()) == pytest.approx(shift)
    order = np.array([2, 0, 3, 1])
    renamed = Votes(4, order[votes.left], order[votes.right], votes.choice, votes.bad, votes.item, votes.annotator)
    low, high = order[verdicts.low], order[verdicts.high]
    value = np.where(low < high, verdicts.value, 1 - verdicts.value)
    other = Verdicts(
        np.minimum(low, high), np.maximum(low, high), value, verdicts.item, verdicts.shown, verdicts.of_label
    )
    assert corrected(renamed, other).shift(renamed)[order] == pytest.approx(shift)


def test_among_some_candidates_only_their_labels_are_moved() -> None:
    votes, verdicts = judged(World(LADDER, 0.7), 120)
    found, some = corrected(votes, verdicts), (3, 0, 1)
    own, chosen = found.among(votes, some), votes.among(some)
    assert len(own.by_label) == len(chosen)
    assert own.shift(chosen).sum() == pytest.approx(0.0, abs=1e-9)
    assert len(own.amount) < len(found.amount)


def test_a_candidate_that_hardly_won_is_moved_as_far_either_way() -> None:
    people = [1] * 29 + [-1]
    votes, _ = two(people, [])
    fitted = fit(votes.counts)
    up, down = (steered(fitted, np.array([wins, -wins])).strengths[0] for wins in (0.9, -0.9))
    assert up - fitted.strengths[0] == pytest.approx(fitted.strengths[0] - down)
    assert up - fitted.strengths[0] < 1.1
    same = steered(fitted, np.zeros(2))
    assert same.strengths == pytest.approx(fitted.strengths)


def test_a_step_comes_close_to_fitting_the_wins_themselves() -> None:
    votes, _ = judged(World(LADDER, 0.7), 300)
    counts = votes.counts.copy()
    counts[0, 1, 0] += 2
    counts[0, 1, 2] -= 2
    shift = np.array([2.0, -2.0, 0.0, 0.0])
    moved = steered(fit(votes.counts), shift)
    assert moved.strengths == pytest.approx(fit(counts).strengths, abs=0.03)


def test_a_good_judge_makes_strengths_surer_and_a_bad_one_leaves_them() -> None:
    spread = {}
    for rho in (0.0, 0.9):
        ratios = []
        for seed in range(20):
            votes, verdicts = judged(World(LADDER, rho), 120, seed=seed)
            found = correction(votes, verdicts)
            alone = robust(votes, fit(votes.counts), annotators=False)
            helped = alone
            if found is not None:
                fitted = found.steer(votes, fit(votes.counts))
                helped = robust(votes, fitted, annotators=False, corrected=found)
            ratios.append(np.trace(helped.covariance[:4, :4]) / np.trace(alone.covariance[:4, :4]))
        spread[rho] = float(np.mean(ratios))
    assert spread[0.0] < 1.03
    assert spread[0.9] < 0.7


def test_requests_that_were_shown_and_not_labelled_count_as_drawn() -> None:
    """Where hard requests are skipped, the labelled ones are none drawn by lot; those shown are."""
    rng, errors = np.random.default_rng(3), []
    for _ in range(300):
        quality = rng.normal(0.4, 1.0, 400)
        judge = (quality + rng.normal(0, 0.5, 400) > 0).astype(float)
        labelled = (quality[:60] > 0.8) | (quality[:60] < -0.2)  # What is about even is skipped.
        people = np.where(quality[:60] > 0, 1, -1)[labelled]
        n = len(people)
        none, place = np.zeros(n, dtype=np.int64), np.arange(400)
        votes = Votes(2, none, none + 1, people, none.astype(bool), np.flatnonzero(labelled), none)
        both = np.zeros(400, dtype=np.int64)
        verdicts = Verdicts(both, both + 1, judge, place, place < 60, np.flatnonzero(labelled))
        shift = corrected(votes, verdicts).shift(votes)[0]
        errors.append((votes.wins[0, 1] + shift) / n - people.mean() / 2 - 0.5)
    # On average nothing is added: the estimate stays that of requests which people label.
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(300) + 0.002
