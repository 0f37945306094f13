"""Win rates and claims from labels: exact cases, invariances and cautions."""

import json
from typing import Any

import numpy as np
import pytest

from tests.workbench.labellers import Labellers, joined, renamed, votes_of, wins_votes
from workbench.rates import WinRates
from workbench.statistics.votes import Votes
from workbench.winrate import win_rates

NAMES = ("base", "sft", "rag", "dpo")
WORLD = Labellers((0.0, 0.5, 0.2, 1.2), 150, annotators=2, item_sd=0.5, position=0.3)


def rates(votes: Votes, *, baseline: str = "base", names: tuple[str, ...] = NAMES, **how: Any) -> WinRates:
    return win_rates(votes, names[: votes.k], baseline, rng=np.random.default_rng(0), **how)


def pair(won: int, tied: int, lost: int) -> Votes:
    """Labels of two candidates, each about its own item, in both orders."""
    labels = [(0, 1, 1)] * won + [(0, 1, 0)] * tied + [(0, 1, -1)] * lost
    both = [label if n % 2 else (1, 0, -label[2]) for n, label in enumerate(labels)]
    return wins_votes(2, both)


def test_two_candidates_are_counted_and_rated() -> None:
    found = rates(pair(20, 20, 60))
    sft = found.of("sft")
    assert (sft.won, sft.tied, sft.both_bad, sft.lost, sft.compared) == (60, 20, 0, 20, 100)
    assert sft.rate == pytest.approx(0.7, abs=0.003)
    assert sft.low is not None
    assert sft.low > 0.6
    assert found.winner == "sft"
    assert found.best_set == ("sft",)
    assert found.of("base").rate == 0.5
    assert found.of("base").regret_bound == pytest.approx(0.2, abs=0.1)
    assert found.of("sft").regret_bound == 0
    assert found.tie_share == 0.2
    assert not found.caution
    (duel,) = found.duels
    assert (duel.candidate, duel.other, duel.shown, duel.labels) == ("base", "sft", "not preferred", 100)
    assert duel.rate == pytest.approx(0.3, abs=0.003)


def test_many_ties_are_good_enough() -> None:
    found = rates(pair(30, 900, 30))
    assert found.winner is None
    assert set(found.good_enough) == {"base", "sft"}
    assert found.needed.least is None
    assert "already" in found.needed.reason


def test_ties_alone_say_that_both_do() -> None:
    found = rates(pair(0, 100, 0))
    assert found.identified
    assert found.of("sft").rate == pytest.approx(0.5)
    assert set(found.good_enough) == {"base", "sft"}
    assert found.winner is None


def test_both_bad_is_a_tie_that_is_counted_apart() -> None:
    votes = pair(10, 20, 10)
    bad = votes.choice == 0
    bad[np.flatnonzero(bad)[:8]] = False
    found = rates(Votes(2, votes.left, votes.right, votes.choice, bad, votes.item, votes.annotator))
    sft = found.of("sft")
    assert (sft.tied, sft.both_bad) == (8, 12)
    assert sft.both_bad_share == 0.3
    assert found.both_bad_share == 0.3


def plain(found: WinRates) -> dict[str, Any]:
    """Everything about each candidate and pair, by name."""
    told = json.loads(found.model_dump_json())
    told["rates"] = sorted(told["rates"], key=lambda rate: rate["candidate"])
    told["best_set"].sort()
    told["groups"] = [sorted(group) for group in told["groups"]]
    told["parts"] = [sorted(part) for part in told["parts"]]
    duels = told.pop("duels")
    told["duels"] = sorted([sorted((d["candidate"], d["other"])), d["p"], d["labels"]] for d in duels)
    return dict(told)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == pytest.approx(other, abs=1e-6)) if isinstance(one, float) else bool(one == other)


def test_the_order_of_rows_changes_nothing() -> None:
    votes = votes_of(WORLD, 400, seed=1)
    rows = np.random.default_rng(5).permutation(400)
    columns = (votes.left, votes.right, votes.choice, votes.bad, votes.item, votes.annotator)
    shuffled = Votes(votes.k, *(column[rows] for column in columns))  # type: ignore[arg-type]
    assert same(plain(rates(votes)), plain(rates(shuffled)))


def test_names_and_their_order_change_nothing() -> None:
    votes, order = votes_of(WORLD, 400, seed=2), [2, 0, 3, 1]
    names = tuple(NAMES[order.index(j)] for j in range(4))
    assert same(plain(rates(votes)), plain(rates(renamed(votes, order), names=names)))


def test_swapping_sides_turns_the_position_round_and_nothing_else() -> None:
    votes = votes_of(WORLD, 400, seed=3)
    one, other = plain(rates(votes)), plain(rates(votes.swapped()))
    ahead, behind = one.pop("position"), other.pop("position")
    assert same(one, other)
    assert ahead["log_odds"] == pytest.approx(-behind["log_odds"])
    assert ahead["first_wins"] == pytest.approx(1 - behind["first_wins"])
    assert ahead["low"] == pytest.approx(-behind["high"])


def test_rates_against_another_baseline_mirror() -> None:
    votes = votes_of(WORLD, 400, seed=4)
    one, other = rates(votes).of("sft"), rates(votes, baseline="sft").of("base")
    assert one.rate is not None
    assert other.rate == pytest.approx(1 - one.rate)
    assert one.low is not None
    assert other.high == pytest.approx(1 - one.low)
    assert (one.won, one.lost) == (other.lost, other.won)
    # Who is best does not depend on whom the rates are against.
    assert rates(votes).best_set == rates(votes, baseline="sft").best_set


def test_a_first_place_that_wins_is_warned_of() -> None:
    found = rates(votes_of(Labellers((0.0, 0.0), 300, position=0.6), 600, seed=1))
    assert found.position is not None
    assert found.position.warning
    assert found.position.first_wins > 0.55
    assert "equal pairs" in found.position.sentence()
    fair = rates(votes_of(Labellers((0.0, 0.0), 300), 600, seed=1))
    assert fair.position is not None
    assert not fair.position.warning


@pytest.mark.parametrize(("annotators", "scope"), [(1, "this annotator"), (3, "these annotators"), (6, "people")])
def test_few_annotators_speak_for_themselves(annotators: int, scope: str) -> None:
    votes = votes_of(Labellers((0.0, 0.5), 80, annotators=annotators), 200, seed=1)
    assert rates(votes).scope == scope
    assert rates(votes, only_these=True).scope != "people"


def test_people_are_less_sure_than_these() -> None:
    votes = votes_of(Labellers((0.0, 0.5), 80, annotators=5, annotator_sd=0.5), 300, seed=1)
    these, people = rates(votes, only_these=True).of("sft"), rates(votes).of("sft")
    assert these.rate == people.rate
    assert (people.high or 0) - (people.low or 0) > (these.high or 0) - (these.low or 0)


def test_more_looks_claim_less() -> None:
    votes = pair(22, 16, 42)
    once, often = (rates(votes, looks=looks, smallest_difference=0.001) for looks in (1, 60))
    assert once.winner == "sft"
    assert often.winner is None
    assert (often.of("sft").low or 0) < (once.of("sft").low or 0)
    assert often.needed.least is not None
    assert often.needed.least > 80


def test_too_little_is_said_to_be_too_little() -> None:
    assert "29 labels" in rates(pair(0, 1, 28)).caution
    few = pair(10, 10, 60)
    prompts = Votes(2, few.left, few.right, few.choice, few.bad, few.item % 5, few.annotator)
    found = rates(prompts)
    assert "5 prompts" in found.caution
    assert found.winner is None
    assert found.best_set == ("base", "sft")
    assert found.needed.least is None
    assert found.needed.reason == found.caution
    assert (
        "few prompts"
        in rates(
            Votes(2, few.left, few.right, few.choice, few.bad, np.where(few.item < 70, 0, few.item), few.annotator)
        ).caution
    )


def test_who_never_lost_is_named_and_rated_as_if_one_label_more_had_been_lost() -> None:
    found = rates(votes_of(Labellers((0.0, 0.3, 0.1, 30.0), 200), 300, seed=3))
    assert not found.identified
    assert found.groups == (("dpo",), ("base", "sft", "rag"))
    assert "dpo never lost against base, sft and rag" in found.remark
    assert found.winner == "dpo"
    dpo, sft = found.of("dpo"), found.of("sft")
    assert (dpo.tied, dpo.lost) == (0, 0)
    assert dpo.rate is not None
    assert dpo.low is not None
    assert dpo.high is not None
    assert 0.8 < dpo.low < dpo.rate < dpo.high < 1
    assert dpo.rate < (dpo.won + 1) / (dpo.compared + 2)
    assert sft.rate == pytest.approx(0.57, abs=0.1)


def test_sixty_to_nothing_is_a_winner_and_ten_to_nothing_too_little() -> None:
    found = rates(pair(0, 0, 60))
    assert (found.winner, found.identified, found.leader) == ("sft", False, "sft")
    assert found.of("sft").rate == pytest.approx(61 / 63, abs=0.01)
    assert rates(pair(0, 0, 10)).winner is None


def test_who_was_never_compared_is_named() -> None:
    votes = votes_of(Labellers((0.0, 0.3, 0.1), 200), 300, seed=4)
    more = Votes(4, votes.left, votes.right, votes.choice, votes.bad, votes.item, votes.annotator)
    found = rates(more)
    assert not found.identified
    assert found.parts == (("base", "sft", "rag"), ("dpo",))
    assert "Nobody compared dpo with base, sft and rag" in found.caution
    dpo = found.of("dpo")
    assert (dpo.rate, dpo.labels, dpo.both_bad_share) == (None, 0, None)
    assert found.of("sft").rate is not None
    assert len(found.duels) == 3
    assert found.winner is None
    assert found.best_set == NAMES
    assert not found.remark


def test_a_baseline_without_labels() -> None:
    votes = renamed(Votes(4, *_columns(votes_of(Labellers((0.0, 0.3, 0.1), 99), 99, seed=4))), [1, 2, 3, 0])
    found = rates(votes)
    assert found.of("base").rate == 0.5
    assert found.of("sft").rate is None
    assert found.position is None
    assert not found.duels


def _columns(votes: Votes) -> tuple[Any, ...]:
    return votes.left, votes.right, votes.choice, votes.bad, votes.item, votes.annotator


def test_one_order_only_is_an_invalid_design() -> None:
    fixed = wins_votes(2, [(0, 1, 1)] * 70 + [(0, 1, -1)] * 30)
    found = rates(fixed)
    assert found.winner is None
    assert "both orders" in found.caution
    assert found.position is None
    sft = found.of("sft")
    assert sft.direct
    assert sft.rate == 0.3
    assert sft.low is not None
    assert sft.low < 0.3
    ladder = votes_of(Labellers((0.0, 0.0, 0.0, 0.0), 300, position=0.5), 400, seed=1)
    swap = ladder.left > ladder.right
    turned = Votes(4, *_columns(ladder.where(~swap)))
    assert "both orders" in rates(joined(turned, turned)).caution


def test_no_labels_and_one_candidate() -> None:
    nothing = rates(Votes.of(("base", "sft"), [], choice=[]))
    assert "0 labels" in nothing.caution
    assert nothing.tie_share is None
    alone = rates(Votes.of(("base",), [], choice=[]), names=("base",))
    assert "only one candidate" in alone.caution


def test_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 names for 2"):
        win_rates(pair(9, 9, 9), NAMES[:3], "base", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"not in"):
        rates(pair(9, 9, 9), baseline="nobody")


def test_it_survives_being_written_down() -> None:
    found = rates(votes_of(WORLD, 200, seed=1))
    assert WinRates.model_validate_json(found.model_dump_json()) == found


def test_what_it_takes_is_a_range_around_what_it_took() -> None:
    world = Labellers((0.0, 0.45), 4000)
    needed = rates(votes_of(world, 100, seed=3)).needed
    assert needed.least is not None
    assert needed.most is not None
    assert 100 < needed.least <= needed.most
    settled = [rates(votes_of(world, needed.most, seed=seed)).needed.least is None for seed in range(10)]
    assert np.mean(settled) >= 0.7


def test_more_labels_by_people_who_differ_do_not_help() -> None:
    world = Labellers((0.0, 0.1), 500, annotators=4, annotator_sd=1.5)
    needed = rates(votes_of(world, 3000, seed=1)).needed
    assert needed.least is None
    assert "ask more people" in needed.reason
