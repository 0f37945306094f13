"""Figures and their titles: they say what the data say, and nothing else."""

import plotly.graph_objects as go
import pytest

from workbench.analysis import Standing
from workbench.candidate import APPROACHES, Approach
from workbench.chart_parts import COLOURS, MARKS, SYMBOLS
from workbench.charts import (
    Gap,
    differences_chart,
    differences_title,
    gaps,
    standings_chart,
    standings_title,
)
from workbench.comparison import Comparison, Shown
from workbench.phrases import signed


def standing(name: str, approach: Approach, mean: float, *, best: bool = False) -> Standing:
    low, high = max(0.0, mean - 0.08), min(1.0, mean + 0.08)
    return Standing(
        candidate=name, approach=approach, seeds=1, seed_sd=None, mean=mean, low=low, high=high,
        in_best_set=best, regret_bound=0.1, expected_regret=0.0,
    )  # fmt: skip


STANDINGS = (
    standing("zero-shot", "prompting", 0.1),
    standing("rag", "RAG", 0.8, best=True),
    standing("sft", "fine-tuning", 0.2),
    standing("rag-sft", "RAG + fine-tuning", 0.85, best=True),
)


def comparison(one: str, other: str, delta: float, *, shown: Shown = "not shown") -> Comparison:
    return Comparison(
        metric="exact_match", candidate=one, reference=other, n=60, clusters=60, delta=delta,
        low=delta - 0.1, high=delta + 0.2, confidence=0.95, p=0.04, shown=shown, method="paired t",
    )  # fmt: skip


def texts(chart: go.Figure) -> str:
    """Everything that can be read in a figure."""
    return str(chart.to_dict())


def test_every_approach_has_its_own_colour_and_shape() -> None:
    for each in (COLOURS, SYMBOLS, MARKS):
        assert set(each) == set(APPROACHES)
        assert len(set(each.values())) == len(APPROACHES)


@pytest.mark.parametrize("background", ["#ffffff", "#14171b"])
def test_every_colour_stands_out_in_both_themes(background: str) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in COLOURS.values():
        light, dark = sorted((luminance(colour), luminance(background)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_gaps_are_seen_from_the_subject() -> None:
    comparisons = (
        comparison("rag", "zero-shot", 0.7, shown="better"),
        comparison("rag-sft", "rag", 0.05),
        comparison("rag-sft", "zero-shot", 0.75, shown="better"),
    )
    found = gaps(comparisons, STANDINGS, subject="rag")
    assert [one.other for one in found] == ["zero-shot", "rag-sft"]
    assert [one.approach for one in found] == ["prompting", "RAG + fine-tuning"]
    assert (found[0].delta, found[0].low, found[0].high) == pytest.approx((0.7, 0.6, 0.9))
    assert found[0].shown
    assert found[1].delta == -0.05
    assert found[1].low == pytest.approx(-0.25)
    assert found[1].high == pytest.approx(0.05)
    assert not found[1].shown


@pytest.mark.parametrize(
    ("best", "title"),
    [
        (("rag", "rag-sft"), "rag and rag-sft may be the best on exact match; zero-shot and sft may not"),
        (("rag",), "Only rag may be the best on exact match; zero-shot and sft may not, rag-sft breaks a limit"),
        (
            ("zero-shot", "rag", "sft", "rag-sft"),
            "Any of the 4 candidates may be the best on exact match: this test can't tell",
        ),
        ((), "No candidate keeps the limits; this is what they reach on exact match"),
    ],
)  # fmt: skip
def test_the_title_says_who_may_be_best(best: tuple[str, ...], title: str) -> None:
    assert standings_title(STANDINGS, best, metric="exact match", broken=("rag-sft",)) == title


def test_a_router_that_is_not_shown_to_be_better_breaks_no_limit() -> None:
    title = standings_title(STANDINGS, ("rag",), metric="exact match", broken=())
    assert title.endswith("zero-shot and sft may not, rag-sft is not shown to be better")


def test_one_candidate_is_compared_with_nothing() -> None:
    assert "only candidate" in standings_title(STANDINGS[:1], ("zero-shot",), metric="exact match", broken=())
    chart = standings_chart(STANDINGS[:1], metric="exact match", best_set=("zero-shot",), simplest="zero-shot")
    assert not chart.layout.shapes
    assert "dotted" not in texts(chart)


def gap(other: str, delta: float, *, shown: bool) -> Gap:
    return Gap(
        candidate="rag", other=other, approach="RAG", delta=delta, low=delta - 0.1, high=delta + 0.1, n=60, shown=shown
    )


@pytest.mark.parametrize(
    ("shown", "title"),
    [
        ([("a", 0.3, True)], "rag is shown to be better than a"),
        ([("a", 0.3, True), ("b", -0.3, True)], "rag is shown to be better than a and worse than b"),
        ([("a", 0.3, True), ("b", 0.1, False)], "rag is shown to be better than a; from b no difference is shown"),
        ([("a", 0.1, False), ("b", 0.1, False)], "No difference is shown between rag and a and b"),
        ([(name, 0.3, True) for name in "abcd"], "rag is shown to be better than all 4 others"),
        ([*((name, 0.3, True) for name in "abc"), ("d", 0.0, False)],
         "rag is shown to be better than 3 of the 4 others; from d no difference is shown"),
    ],
)  # fmt: skip
def test_the_title_says_what_is_shown(shown: list[tuple[str, float, bool]], title: str) -> None:
    assert differences_title([gap(name, delta, shown=is_shown) for name, delta, is_shown in shown]) == title


def test_standings_are_drawn_as_they_are() -> None:
    chart = standings_chart(
        STANDINGS, metric="exact match", best_set=("rag", "rag-sft"), choice="rag", simplest="zero-shot"
    )
    assert [trace.x[0] for trace in chart.data] == [10.0, 80.0, 20.0, 85.0]
    assert [trace.marker.color for trace in chart.data] == [COLOURS[one.approach] for one in STANDINGS]
    assert [trace.marker.symbol for trace in chart.data] == [SYMBOLS[one.approach] for one in STANDINGS]
    assert chart.data[1].error_x.array[0] == pytest.approx(8)
    assert chart.data[1].marker.size > chart.data[0].marker.size
    assert [shape.type for shape in chart.layout.shapes] == ["rect", "rect", "line"]
    assert "<b>80.0 %</b> chosen" in texts(chart)


def test_what_is_not_shown_is_hollow() -> None:
    chart = differences_chart(
        [gap("a", 0.3, shown=True), gap("b", 0.05, shown=False)], metric="exact match", smallest_difference=0.05
    )
    assert [trace.marker.symbol for trace in chart.data] == ["square", "square-open"]
    assert "hollow: not shown" in texts(chart)
    low, high = chart.layout.xaxis.range
    assert low < -5 < 40 < high


def test_a_name_is_never_markup() -> None:
    hostile = standing("<a href='x'>", "RAG", 0.5)
    chart = standings_chart([hostile, STANDINGS[0]], metric="exact match", title="<b>t</b>")
    assert "<a" not in texts(chart)
    assert "<b>t" not in texts(chart)


def test_signed() -> None:
    assert [signed(x) for x in (0.31, -0.042, 0.0, 0.0001, -0.0001)] == ["+31.0", "−4.2", "0.0", "0.0", "0.0"]
