"""What candidates earn, and recommendations that depend on what a right answer is worth."""

import re
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import special

from tests.workbench.test_recommend import NAMES, WAYS, assert_sound, case, panel, timed
from tests.workbench.test_segments import world
from workbench.cost import Measured
from workbench.earnings import benefit_panel, crossing, earnings, price
from workbench.errors import ConfigError
from workbench.limits import check_limits
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.running_cost import RunningCost, running_cost
from workbench.statistics.contrasts import Estimate
from workbench.statistics.regret import value_of_more
from workbench.usecase import Limits, Money, UseCase

HOUR = 3.6
"""So that a second costs 0.001."""


def free(name: str) -> RunningCost:
    return RunningCost(
        candidate=name, answering=0.0, variance=0.0, training_once=0.0, trainings_a_year=0.0, training=0.0
    )


def costing(name: str, each: float) -> RunningCost:
    return free(name).model_copy(update={"answering": each})


def judged(of: Panel, use_case: UseCase, measured: Mapping[str, Measured] | None = None) -> Recommendation:
    found = recommend(use_case, of, measured or timed(), rng=np.random.default_rng(0))
    assert_sound(found)
    return found


def two(right: float, better: float, *, n: int = 1000, abstained: float = 0.0) -> Panel:
    """A simple candidate and a better one; of the simple one's failures some say that they do not know."""
    rng = np.random.default_rng(0)
    u = rng.random(n)
    simple, dear = (u < right).astype(float)[None], (u < better).astype(float)[None]
    silent = (rng.random((1, n)) < abstained) & (simple == 0)
    items = tuple(f"i{n:04d}" for n in range(n))
    candidates = (
        Scores("zero-shot", "prompting", False, simple, silent),
        Scores("rag", "RAG", False, dear),
    )
    return Panel(candidates, items, items, "exact_match")


# --- Costs


def test_a_request_costs_its_seconds_and_its_share_of_the_training() -> None:
    use_case = case(machine_cost_per_hour=HOUR, volume_per_month=1_000, seeds=2, money={"training_lasts_months": 6})
    told = Measured(seconds=(0.5, 1.5), train_seconds=100)
    found = running_cost("sft", told, use_case, retrieves=False)
    assert found is not None
    assert found.answering == pytest.approx(0.001)
    assert found.training_once == pytest.approx(0.2)  # Two seeds of 100 s.
    assert found.training == pytest.approx(0.2 / 6_000)
    assert found.trainings_a_year == pytest.approx(2)


@pytest.mark.parametrize(("changes", "alone", "retrieving"), [("never", 1, 1), ("monthly", 12, 1), ("yearly", 1, 1)])
def test_knowledge_by_heart_is_learned_again(changes: str, alone: float, retrieving: float) -> None:
    use_case = case(machine_cost_per_hour=HOUR, volume_per_month=10, knowledge_changes=changes)
    told = Measured(seconds=(1.0, 1.0), train_seconds=100)
    for retrieves, times in ((False, alone), (True, retrieving)):
        found = running_cost("sft", told, use_case, retrieves=retrieves)
        assert found is not None
        assert found.trainings_a_year == pytest.approx(times)


def test_what_is_unknown_stays_unknown() -> None:
    told = Measured(seconds=(1.0,), train_seconds=100)
    assert running_cost("a", told, case(), retrieves=False) is None
    assert running_cost("a", Measured(), case(machine_cost_per_hour=1.0), retrieves=False) is None
    without_volume = running_cost("a", told, case(machine_cost_per_hour=1.0), retrieves=False)
    assert without_volume is not None
    assert without_volume.training is None


# --- Earnings


def test_right_wrong_and_abstained() -> None:
    found = earnings(two(0.6, 0.9, abstained=0.5), {}, Money(), rng=np.random.default_rng(0))
    one, other = found.candidates
    assert one.right + one.wrong + one.abstained == pytest.approx(1)
    assert one.abstained == pytest.approx(0.2, abs=0.03)
    assert other.abstained == 0
    assert not found.costs_known
    assert [each.candidate for each in found.switches] == ["rag"]


def test_earned_is_worth_less_price_less_cost() -> None:
    costs = {"zero-shot": costing("zero-shot", 0.01), "rag": costing("rag", 0.05)}
    money = Money(value_of_success=2.0, price_of_wrong=1.0)
    found = earnings(two(0.6, 0.9), costs, money, rng=np.random.default_rng(0))
    for one, cost in zip(found.candidates, (0.01, 0.05), strict=True):
        assert one.earned[0] == pytest.approx(2 * one.right - one.wrong - cost)


def test_the_switch_is_where_the_gain_pays_its_cost() -> None:
    costs = {"zero-shot": costing("zero-shot", 0.01), "rag": costing("rag", 0.04)}
    found = earnings(two(0.6, 0.9), costs, Money(), rng=np.random.default_rng(0))
    first, second = found.switches
    gain = found.candidates[1].right - found.candidates[0].right
    assert (first.candidate, second.candidate) == ("zero-shot", "rag")
    assert second.value == pytest.approx(0.03 / gain)
    assert second.low is not None
    assert second.high is not None
    assert second.low < second.value < second.high
    shown = found.acceptability
    assert shown is not None
    assert shown.chances["zero-shot"][0] > 0.99
    assert shown.chances["rag"][-1] > 0.99
    assert all(sum(each) == pytest.approx(1) for each in zip(*shown.chances.values(), strict=True))


def test_an_interval_of_a_switch_covers() -> None:
    """Of intervals for the value from which the dearer pays, 95 of 100 hold the true one."""
    rng, held, times = np.random.default_rng(7), 0, 300
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    accuracies = [special.expit(1.5 * nodes + mu) @ weights / weights.sum() for mu in (0.0, 1.2)]
    truth = 0.03 / (accuracies[1] - accuracies[0])
    costs = {"zero-shot": costing("zero-shot", 0.0), "rag": costing("rag", 0.03)}
    items = tuple(f"i{n:04d}" for n in range(300))
    for _ in range(times):
        ability = rng.normal(0, 1.5, 300)
        chance = [special.expit(ability + mu) for mu in (0.0, 1.2)]
        values = [(rng.random(300) < one).astype(float)[None] for one in chance]
        world = Panel(
            (Scores("zero-shot", "prompting", False, values[0]), Scores("rag", "RAG", False, values[1])),
            items, items, "exact_match",
        )  # fmt: skip
        found = earnings(world, costs, Money(), rng=np.random.default_rng(0)).switches
        last = found[-1]
        held += last.low is not None and last.low <= truth <= (last.high or np.inf)
    assert held / times > 0.92


def test_the_scale_of_earnings_is_that_of_scores_where_nobody_abstains() -> None:
    of = panel((0.3, 0.4, 0.5, 0.6, 0.7))
    paid = benefit_panel(of, {}, Money(price_of_wrong=3.0), 2.0)
    for one, other in zip(of.candidates, paid.candidates, strict=True):
        np.testing.assert_allclose(one.values, other.values)


# --- Recommendations


def test_where_the_value_decides_both_are_named() -> None:
    of, seconds = two(0.6, 0.9), {"zero-shot": 1.0, "rag": 31.0}
    measured = {name: Measured(seconds=tuple(each * np.linspace(0.9, 1.1, 200))) for name, each in seconds.items()}
    money = {"value_of_success": 0.02, "value_at_most": 1.0, "currency": "EUR"}
    found = judged(of, case(machine_cost_per_hour=HOUR, money=money), measured)
    assert (found.ground, found.strength, found.choice) == ("value", "clear", "rag")
    # 30 s at 0.001 a second for about 0.3 more right answers: about 0.1 each.
    gain = found.earnings.candidates[1].right - found.earnings.candidates[0].right
    at = price(0.03 / gain, "EUR")
    assert found.headline == f"Use RAG if a right answer is worth more than {at}, else zero-shot (prompting)."
    assert "95 % interval" in found.sentences[1]


@pytest.mark.parametrize(("worth", "choice"), [(0.02, "zero-shot"), (1.0, "rag")])
def test_a_known_value_decides(worth: float, choice: str) -> None:
    of, seconds = two(0.6, 0.9), {"zero-shot": 1.0, "rag": 31.0}
    measured = {name: Measured(seconds=tuple(each * np.linspace(0.9, 1.1, 200))) for name, each in seconds.items()}
    found = judged(of, case(machine_cost_per_hour=HOUR, money={"value_of_success": worth}), measured)
    assert (found.choice, found.strength) == (choice, "clear")
    assert "earns most" in found.headline


def test_a_dear_wrong_answer_favours_who_says_that_it_does_not_know() -> None:
    of = two(0.6, 0.7, abstained=0.95)
    assert judged(of, case(money={"value_of_success": 1.0})).choice == "rag"
    careful = judged(of, case(money={"value_of_success": 1.0, "price_of_wrong": 5.0}))
    assert (careful.choice, careful.strength) == ("zero-shot", "clear")
    assert "“I do not know”" in careful.sentences[0]


def test_money_without_costs_says_so() -> None:
    found = judged(two(0.6, 0.9), case(money={"value_of_success": 1.0}))
    assert "costs are not taken off" in found.sentences[0]


@pytest.mark.parametrize("accuracies", [(0.5,) * 5, (0.50, 0.52, 0.54, 0.53, 0.55), (0.1, 0.1, 0.8, 0.2, 0.8)])
@pytest.mark.parametrize("worth", [(0.5, None), (0.01, 5.0)])
def test_every_case_has_sound_words(accuracies: tuple[float, ...], worth: tuple[float, float | None]) -> None:
    money = {"value_of_success": worth[0], "value_at_most": worth[1], "price_of_wrong": 0.1}
    for n in (40, 400):
        use_case = case(machine_cost_per_hour=HOUR, volume_per_month=10_000, money=money)
        judged(panel(accuracies, n=n), use_case)


@pytest.mark.parametrize(("each", "verdict"), [(0.01, "that pays"), (1_000.0, "that does not pay")])
def test_more_examples_are_asked_for_where_they_pay(each: float, verdict: str) -> None:
    money = {"value_of_success": 1.0, "cost_per_example": each, "currency": "EUR"}
    use_case = case(0.005, machine_cost_per_hour=HOUR, volume_per_month=100_000, money=money)
    found = judged(panel((0.50, 0.52, 0.54, 0.53, 0.55), n=200), use_case)
    assert found.strength != "clear"
    assert verdict in found.next_step
    assert "EUR over 12 months of 100,000 requests" in found.next_step


def test_what_more_examples_and_trainings_teach() -> None:
    rng = np.random.default_rng(0)

    def known(*means: float, items: float = 0.03, seeds: float = 0.0) -> Estimate:
        k = len(means)
        return Estimate(np.array(means), items**2 * np.eye(k), 99.0, np.full(k, seeds**2), np.full(k, np.inf), n=100)

    close = known(0.6, 0.6, 0.6)
    little, much = (value_of_more(close, more=more, rng=rng) for more in (10, 1_000_000))
    assert 0 < little < much
    assert much == pytest.approx(0.03 * 0.8463, rel=0.05)  # The expected largest of three standard normals.
    assert value_of_more(known(0.9, 0.3, 0.3), more=1_000, rng=rng) == 0.0
    # Items resolve nothing of what varies from training to training, and trainings nothing of what items leave open.
    lucky = known(0.6, 0.6, 0.6, items=1e-6, seeds=0.03)
    assert value_of_more(lucky, more=1_000_000, rng=rng) == pytest.approx(0.0, abs=1e-4)
    again = value_of_more(lucky, seeds=np.array([3.0, 3.0, 3.0]), rng=rng)
    assert again == pytest.approx(0.03 * np.sqrt(2 / 3) * 0.8463, rel=0.05)
    assert value_of_more(lucky, seeds=np.ones(3), rng=rng) == pytest.approx(0.0, abs=1e-4)


def test_more_trainings_are_priced_with_their_machine_time() -> None:
    money = {"value_of_success": 1.0, "currency": "EUR", "cost_per_example": 0.01}
    use_case = case(0.02, machine_cost_per_hour=HOUR, volume_per_month=100_000, money=money)
    rng = np.random.default_rng(3)
    items = tuple(f"i{n:04d}" for n in range(2_000))
    shift = {"zero-shot": (0.0,), "sft": (0.05, -0.03)}
    of = Panel(
        tuple(
            Scores(
                name, "fine-tuning" if name == "sft" else "prompting", name == "sft",
                np.array([(rng.random(2_000) < 0.7 + s).astype(float) for s in shifts]),
            )
            for name, shifts in shift.items()
        ),
        items, items, "exact_match",
    )  # fmt: skip
    measured = {
        "zero-shot": Measured(seconds=(0.1, 0.11) * 50),
        "sft": Measured(seconds=(0.1, 0.11) * 50, train_seconds=3_600.0, trained=True),
    }
    found = recommend(use_case, of, measured, rng=np.random.default_rng(0))
    assert found.strength != "clear"
    assert found.needed is not None
    assert found.needed.seeds is not None
    more = found.needed.seeds - 2
    told = re.search(r"and ([\d,]+) more trainings would cost ([\d,.]+) EUR", found.next_step)
    assert told is not None, found.next_step
    assert int(told[1].replace(",", "")) == more
    assert float(told[2].replace(",", "")) >= 0.95 * more * HOUR
    untimed = {name: one.model_copy(update={"train_seconds": None}) for name, one in measured.items()}
    assert "would cost" not in recommend(use_case, of, untimed, rng=np.random.default_rng(0)).next_step
    recommend(use_case, of, {}, rng=np.random.default_rng(0))  # Nothing is known of anybody.
    unpriced = recommend(
        use_case.model_copy(update={"money": use_case.money.model_copy(update={"cost_per_example": None})}),
        of, measured, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert "would cost" not in unpriced.next_step


def test_equals_seldom_get_a_winner_by_money() -> None:
    """Two candidates that earn the same are told apart in at most about 5 of 100 tests."""
    rng, told, times = np.random.default_rng(5), 0, 200
    items = tuple(f"i{n:04d}" for n in range(200))
    for _ in range(times):
        ability = rng.normal(0, 1.5, (1, 200))
        values = [(rng.random((1, 200)) < 1 / (1 + np.exp(-ability))).astype(float) for _ in NAMES[:3]]
        of = Panel(
            tuple(Scores(n, w, False, v) for n, w, v in zip(NAMES[:3], WAYS[:3], values, strict=True)),
            items, items, "exact_match",
        )  # fmt: skip
        measured = timed((0.2, 0.2, 0.2, 0.2, 0.2))
        use_case = case(0.01, machine_cost_per_hour=HOUR, money={"value_of_success": 1.0})
        found = recommend(use_case, of, measured, rng=np.random.default_rng(0))
        told += found.ground == "winner"
    assert told / times <= 0.08


def test_prices() -> None:
    assert price(0.1, "EUR") == "0.10 EUR"
    assert price(-1234.0, "") == "−1,234"
    assert price(0.0, "EUR") == "0 EUR"


def test_a_range_needs_its_least() -> None:
    with pytest.raises(ConfigError, match="value_of_success"):
        UseCase.parse({"name": "a", "money": {"value_at_most": 1.0}}, where="here")
    with pytest.raises(ConfigError, match="no larger"):
        UseCase.parse({"name": "a", "money": {"value_of_success": 2.0, "value_at_most": 1.0}}, where="here")


def test_costs_that_came_with_the_answers_count_in_place_of_the_machines_time() -> None:
    told = Measured(seconds=(1.0,) * 60, costs=(0.001, 0.003) * 30)
    found = running_cost("a", told, case(machine_cost_per_hour=HOUR), retrieves=False)
    assert found is not None
    assert found.answering == pytest.approx(0.002)
    limits = Limits(max_cost_per_1000=2.5)
    (check,) = check_limits("a", told, case(limits=limits))
    assert (check.status, check.estimate) == ("pass", pytest.approx(2.0))
    (check,) = check_limits("a", told, case(limits=Limits(max_cost_per_1000=1.0)))
    assert check.status == "fail"


def test_where_lines_do_not_cross_in_the_range_no_value_is_made_up() -> None:
    of = two(0.898, 0.90)
    costs = {"zero-shot": costing("zero-shot", 0.01), "rag": costing("rag", 0.001)}
    money = Money(value_of_success=0.05, value_at_most=5.0)
    assert crossing(of, costs, money, "rag", "zero-shot", rng=np.random.default_rng(0)) is None
    assert crossing(of, costs, money, "zero-shot", "rag", rng=np.random.default_rng(0)) is None


def test_where_only_simplicity_decides_at_one_end_both_ends_are_named() -> None:
    """Where a right answer is worth next to nothing the simplest is good enough, though it earns a little less."""
    of, seconds = two(0.0, 1.0, abstained=0.99), {"zero-shot": 1.0, "rag": 1.01}
    measured = {name: Measured(seconds=tuple(each * np.linspace(0.9, 1.1, 200))) for name, each in seconds.items()}
    money = {"value_of_success": 1e-6, "value_at_most": 1.0, "price_of_wrong": 0.2, "currency": "EUR"}
    found = judged(of, case(machine_cost_per_hour=HOUR, money=money), measured)
    assert (found.ground, found.choice) == ("value", "rag")
    assert found.headline == ("Use RAG if a right answer is worth 1.0 EUR, zero-shot (prompting) if 0.0000010 EUR.")


def test_a_router_at_one_end_alone_is_no_headline_for_both() -> None:
    of = world(1_000, knowledge=(0.2, 0.9), form=(0.9, 0.3))
    told = {
        name: Measured(seconds=(seconds,) * 200, timed=of.items[:200])
        for name, seconds in (("zero-shot", 1.0), ("rag", 40.0))
    }
    money = {"value_of_success": 0.002, "value_at_most": 5.0}
    found = judged(of, case(machine_cost_per_hour=HOUR, money=money), told)
    assert found.ground == "value"
    assert "if a right answer is worth" in found.headline


def test_told_costs_make_a_whole_report_without_a_machine_price() -> None:
    of = two(0.6, 0.9)
    told = {"zero-shot": Measured(costs=(0.001,) * 100), "rag": Measured(costs=(0.02,) * 100)}
    found = judged(of, case(money={"value_of_success": 1.0, "currency": "EUR"}), told)
    assert found.earnings.costs_known
    assert "1,000 answers cost 20 EUR." in found.sentences[2]
