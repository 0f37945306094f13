"""From how many requests on training pays, and what that hangs on."""

import pytest

from workbench.analysis import Standing
from workbench.break_even import BreakEven, break_even
from workbench.candidate import Approach
from workbench.comparison import Comparison
from workbench.earnings import Earning
from workbench.figure_svg import figure_svg
from workbench.money_charts import break_even_chart
from workbench.money_words import break_even_sentences, round_volume
from workbench.running_cost import RunningCost


def earning(
    name: str, approach: Approach, *, answering: float, once: float = 0.0, a_year: float = 0.0, se: float = 0.02
) -> Earning:
    cost = RunningCost(
        candidate=name, answering=answering, variance=(se * answering) ** 2, training_once=once,
        trainings_a_year=a_year, training=None,
    )  # fmt: skip
    return Earning(candidate=name, approach=approach, right=0.9, wrong=0.1, abstained=0.0, cost=cost, earned=())


def standing(name: str, approach: Approach, mean: float) -> Standing:
    return Standing(
        candidate=name, approach=approach, seeds=1, seed_sd=None, mean=mean, low=mean, high=mean, in_best_set=True,
        regret_bound=0, expected_regret=0,
    )  # fmt: skip


def compared(candidate: str, reference: str, delta: float, half: float) -> Comparison:
    return Comparison(
        metric="exact_match", candidate=candidate, reference=reference, n=300, clusters=300, delta=delta,
        low=delta - half, high=delta + half, confidence=0.95, p=0.5, shown="not shown", method="",
    )  # fmt: skip


def found(
    *, rag: float = 0.0012, sft: float = 0.0003, once: float = 600, a_year: float = 2, lead: float = 0.0
) -> BreakEven:
    earned = [
        earning("rag", "RAG", answering=rag),
        earning("zero-shot", "prompting", answering=0.0001),
        earning("sft", "fine-tuning", answering=sft, once=once, a_year=a_year),
    ]
    standings = [
        standing("zero-shot", "prompting", 0.2),
        standing("rag", "RAG", 0.9),
        standing("sft", "fine-tuning", 0.9 + lead),
    ]
    (one,) = break_even(
        earned,
        standings,
        [compared("sft", "rag", lead, 0.02)],
        smallest_difference=0.03,
        eligible=("rag", "zero-shot", "sft"),
    )
    return one


def test_the_worked_example() -> None:
    """600 a training, 3,000 tokens less at 0.30 a million: 111,000 a month over 6 months, 667,000 retrained monthly."""
    half_year, monthly = found(a_year=2), found(a_year=12)
    assert half_year.volume == pytest.approx(111_111, rel=1e-4)
    assert monthly.volume == pytest.approx(666_667, rel=1e-4)
    assert half_year.low is not None
    assert half_year.high is not None
    assert half_year.low < 111_111 < half_year.high
    assert (half_year.trained, half_year.other) == ("sft", "rag"), "beside the best of those that are not trained"


def test_each_bar_changes_one_thing() -> None:
    one = found()
    bars = {bar.what: bar for bar in one.bars}
    lasts = bars["how long a training lasts"]
    assert (lasts.at_from, lasts.at_to) == pytest.approx((55_556, 222_222), rel=1e-4)
    cache = bars["a prompt cache for rag"]
    assert cache.at_from == one.volume
    assert cache.at_to == pytest.approx(50 * 2 / (0.0012 * 0.37 - 0.0003), rel=1e-6)
    alone = bars["the machine of sft alone"]
    assert alone.at_to == pytest.approx(100 / (0.0012 - 0.001), rel=1e-6)
    widths = [max(bar.at_from, bar.at_to) / min(bar.at_from, bar.at_to) for bar in one.bars]  # type: ignore[type-var, operator]
    assert widths == sorted(widths, reverse=True)


def test_only_what_applies_is_changed() -> None:
    sft = earning("sft", "fine-tuning", answering=0.0003, once=600, a_year=2)
    rag = earning("rag", "RAG", answering=0.0012)
    assert sft.cost is not None
    assert rag.cost is not None

    def bars(**changes: dict[str, object]) -> dict[str, float | None]:
        earned = [
            one.model_copy(update={"cost": one.cost.model_copy(update=changes.get(one.candidate, {}))})  # type: ignore[union-attr]
            for one in (sft, rag)
        ]
        standings = [standing("rag", "RAG", 0.9), standing("sft", "fine-tuning", 0.9)]
        (found,) = break_even(earned, standings, [], smallest_difference=0.03, eligible=("rag", "sft"))
        assert not found.as_good, "they are not compared"
        return {bar.what: bar.at_to for bar in found.bars}

    assert {"both machines", "the machine of sft alone"} <= bars().keys()
    assert "both machines" not in bars(rag={"by_machine": False}), "what is paid by tokens does not idle"
    idle = bars(sft={"busy": 0.3}, rag={"busy": 0.3})
    assert not {"both machines", "the machine of sft alone"} & idle.keys()
    half = bars(sft={"busy": 0.6}, rag={"busy": 0.6})
    assert half["the machine of sft alone"] == pytest.approx(100 / (0.0012 - 0.0006), rel=1e-6)
    standings = [standing("rag", "RAG", 0.9), standing("sft", "fine-tuning", 0.9)]
    assert break_even([sft, rag], standings, [], smallest_difference=0.03, eligible=("sft",)) == ()


def test_answers_that_are_no_cheaper_never_pay_for_training() -> None:
    never = found(sft=0.0013)
    assert never.volume is None
    assert not never.bars
    (text,) = break_even_sentences(never, currency="EUR", volume=1000)
    assert "never pays" in text
    runs_off = found(rag=0.0007)
    assert any(bar.at_to is None for bar in runs_off.bars)
    svg = figure_svg(break_even_chart(runs_off, approach="fine-tuning", volume=100_000))
    assert "never" in svg
    assert "nan" not in svg


def test_what_there_is_and_whether_it_matters_is_said() -> None:
    said = " ".join(break_even_sentences(found(), currency="EUR", volume=200_000))
    assert "from 110,000 requests a month on" in said
    assert "With the 200,000 that you have, sft is cheaper." in said
    assert "only between equals" not in said
    behind = " ".join(break_even_sentences(found(lead=-0.05), currency="EUR", volume=50_000))
    assert "rag is cheaper" in behind
    assert behind.endswith("That decides only between equals, and sft is 5.0 points behind.")
    ahead = " ".join(break_even_sentences(found(lead=0.05), currency="", volume=None))
    assert "only between equals" not in ahead


def test_without_prices_or_without_training_there_is_nothing_to_say() -> None:
    rag = earning("rag", "RAG", answering=0.1)
    standings = [standing("rag", "RAG", 0.9)]
    assert break_even([rag], standings, [], smallest_difference=0.03, eligible=("rag",)) == ()
    unpriced = rag.model_copy(update={"cost": None})
    assert break_even([unpriced], standings, [], smallest_difference=0.03, eligible=("rag",)) == ()


@pytest.mark.parametrize(("volume", "said"), [(None, "never"), (0.2, "less than 1"), (1234.0, "1,200"), (9.6, "10")])
def test_volumes_are_rounded(volume: float | None, said: str) -> None:
    assert round_volume(volume) == said
