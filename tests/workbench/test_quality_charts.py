"""Quality against what an answer takes: both with intervals, and money only where it is known."""

import math

import pytest

from workbench.figure_svg import figure_svg
from workbench.quality_charts import Point, Takes, quality_chart, quality_title

EURO = Takes(currency="EUR", training=True)


def point(name: str, mean: float, seconds: float) -> Point:
    return Point(candidate=name, approach="RAG", mean=mean, low=mean - 0.05, high=mean + 0.05, takes=seconds)


def test_quality_title_names_the_best_and_the_quickest() -> None:
    shown = [point("zero-shot", 0.1, 0.03), point("rag", 0.8, 0.06)]
    title = quality_title(shown)
    assert (
        title == "The highest mean, 80.0 % of rag, takes 0.060 s an answer; the quickest, zero-shot, 0.030 s for 10.0 %"
    )
    assert quality_title(shown[1:]) == "rag takes 0.060 s an answer"


def test_with_a_price_the_title_speaks_of_money() -> None:
    shown = [point("zero-shot", 0.1, 0.03), point("rag", 0.8, 0.06)]
    title = quality_title(shown, EURO)
    assert title == (
        "The highest mean, 80.0 % of rag, costs 0.060 EUR for 1,000 answers; the cheapest, zero-shot, 0.030 EUR for "
        "10.0 %"
    )
    assert quality_title(shown[1:], EURO) == "rag costs 0.060 EUR for 1,000 answers"


@pytest.mark.parametrize(("seconds", "kind"), [((0.03, 0.06), "linear"), ((0.03, 3.0), "log")])
def test_times_far_apart_are_on_a_log_scale(seconds: tuple[float, float], kind: str) -> None:
    chart = quality_chart([point("a", 0.5, seconds[0]), point("b", 0.6, seconds[1])], metric="exact match", choice="b")
    assert chart.layout.xaxis.type == kind
    low, high = chart.layout.xaxis.range
    placed = [math.log10(one) if kind == "log" else one for one in seconds]
    assert all(low <= one <= high for one in placed)
    assert [annotation.x for annotation in chart.layout.annotations] == placed


def test_labels_of_near_points_do_not_cover_each_other() -> None:
    chart = quality_chart([point(f"c{i}", 0.5, 0.05) for i in range(9)], metric="exact match")
    places = [(annotation.xanchor, annotation.yshift) for annotation in chart.layout.annotations]
    assert len(set(places)) == 9


def test_what_answers_cost_has_an_interval_too() -> None:
    known = point("a", 0.5, 2.0).model_copy(update={"takes_low": 1.5, "takes_high": 2.75})
    chart = quality_chart([known, point("b", 0.6, 3.0)], metric="exact match", takes=EURO)
    across = {trace.x[0]: trace.error_x for trace in chart.data if trace.mode == "markers"}
    assert across[2.0].array[0] == pytest.approx(0.75)
    assert across[2.0].arrayminus[0] == pytest.approx(0.5)
    assert across[3.0].array is None
    assert "cost of 1,000 answers, EUR, training included" in chart.layout.xaxis.title.text


def test_free_answers_are_drawn_at_nought() -> None:
    chart = quality_chart([point("a", 0.5, 0.0), point("b", 0.6, 3.0)], metric="exact match", takes=EURO)
    assert chart.layout.xaxis.type == "linear"
    assert chart.layout.xaxis.range[0] == 0
    both_free = quality_chart([point("a", 0.5, 0.0)], metric="exact match", takes=EURO)
    assert both_free.layout.xaxis.range[1] > 0


def test_an_interval_that_reaches_nothing_ends_at_the_edge_of_a_log_scale() -> None:
    vague = point("a", 0.5, 0.02).model_copy(update={"takes_low": -0.01, "takes_high": 0.05})
    chart = quality_chart([vague, point("b", 0.6, 3.0)], metric="exact match", takes=EURO)
    assert chart.layout.xaxis.type == "log"
    arm = next(trace.error_x for trace in chart.data if trace.mode == "markers" and trace.x[0] == 0.02)
    assert 0.02 - arm.arrayminus[0] == pytest.approx(10 ** chart.layout.xaxis.range[0])
    assert figure_svg(chart).startswith("<svg")


def test_an_interval_that_almost_reaches_nothing_does_not_squeeze_the_rest() -> None:
    vague = point("a", 0.5, 1.0).model_copy(update={"takes_low": 1e-9, "takes_high": 2.0})
    chart = quality_chart([vague, point("b", 0.6, 10.0)], metric="exact match")
    low, high = chart.layout.xaxis.range
    assert high - low < 3
