"""Plotly figures of what training cost: losses by suite, gain against loss, refusals of both kinds."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.chart_parts import COLOURS, LINE, STRONG_LINE, SYMBOLS, axis, band, bare, in_rows, upright
from workbench.forgetting import Loss, State
from workbench.frontier import Frontier, Place, sparing
from workbench.loss_words import change, interval, shows
from workbench.phrases import percent, signed
from workbench.refusals import Refusals

STATE_COLOURS: Mapping[State, str] = {"degraded": "#D55E00", "kept": "#009E73", "not shown": "#767676"}
STATE_SYMBOLS: Mapping[State, str] = {"degraded": "triangle-down", "kept": "circle", "not shown": "circle-open"}
WAY_DASHES: Mapping[str, str] = {"alpha": "solid", "steps": "dot"}


def losses_title(candidate: str, found: Sequence[Loss]) -> str:
    """The finding: the worst suite that is shown to have lost, or that none is."""
    worst = [one for one in found if one.state == "degraded"]
    if worst:
        first = min(worst, key=lambda one: one.change / one.suite.delta)
        return f"{candidate} lost {first.suite.facet}: {change(first)} {first.suite.unit}"
    if all(one.state == "kept" for one in found):
        return f"{candidate} kept all that was measured"
    return f"{candidate}: no loss is shown"


def losses_chart(candidate: str, found: Sequence[Loss], *, title: str = "") -> go.Figure:
    """Every suite's change with its interval, the worst on top; shaded: what counts as none.

    Only suites that are shares of items: text is measured in nats.
    """
    shown = [one for one in found if one.suite.is_share]
    chart = in_rows([html.escape(one.suite.facet) for one in shown], title=title)
    for row, one in enumerate(shown):
        delta = 100 * one.suite.delta
        chart.add_shape(band(x0=-delta, x1=delta, y0=row - 0.32, y1=row + 0.32))
        hover = f"{html.escape(one.suite.facet)}: {change(one)} ({interval(one)}), {html.escape(shows(one))}"
        chart.add_trace(
            go.Scatter(
                x=[100 * one.change], y=[row], mode="markers", hovertemplate=f"{hover}<extra></extra>",
                marker={
                    "symbol": STATE_SYMBOLS[one.state], "color": STATE_COLOURS[one.state], "size": 12,
                    "line": {"width": 2},
                },
                error_x={
                    "type": "data", "symmetric": False, "array": [100 * (one.high - one.change)],
                    "arrayminus": [100 * (one.change - one.low)], "color": STATE_COLOURS[one.state],
                    "thickness": 2.5, "width": 0,
                },
            )
        )  # fmt: skip
        chart.add_annotation(
            x=100 * one.high, y=row, text=f"{change(one)} {one.state}", showarrow=False, xanchor="left", xshift=10
        )
    chart.add_shape(upright(0.0))
    low, high = min(one.low for one in shown), max(one.high for one in shown)
    span = [100 * low - 6, max(100 * high, 5.0) + 4]
    chart.update_layout(margin_r=150)
    notes = [f"points that {html.escape(candidate)} gained or lost beside the untrained base", "shaded: counts as none"]
    chart.update_xaxes(range=span, title=axis(notes))
    return chart


def frontier_title(frontiers: Sequence[Frontier]) -> str:
    """The finding: what a weaker adapter would keep, where one is proposed."""
    for one in frontiers:
        if one.proposed is not None and one.kept is not None:
            return f"{one.candidate} at alpha {one.proposed:g} keeps {100 * one.kept:.0f} % of its gain"
    for one in frontiers:
        least, whole = sparing(one), one.along("alpha")[-1:]
        if least is not None and least.worst is not None and whole:
            share = 100 * least.gain.delta / whole[0].gain.delta
            lost = f"{least.worst.suite.facet} {signed(least.worst.change)}"
            return f"{one.candidate} at alpha {least.at:g} keeps {share:.0f} % of its gain; its worst suite: {lost}"
    return "What is gained, and what the worst suite loses"


def frontier_chart(
    frontiers: Sequence[Frontier],
    *,
    approaches: Mapping[str, Approach],
    metric: str,
    marked: tuple[str, float] | None = None,
    title: str = "",
) -> go.Figure:
    """Gain in the use case across, the change in the worst suite upwards: the best place is on the top right.

    Solid: with weaker adapters; dotted: along the training. ``marked``: a candidate and an alpha, ringed.
    """
    chart = bare(height=420, title=title)
    chart.add_shape(upright(0.0))
    chart.add_hline(y=0, line={"color": STRONG_LINE, "width": 1.5}, layer="below")
    every: list[Place] = []
    for one in frontiers:
        approach = approaches[one.candidate]
        for way, dash in WAY_DASHES.items():
            places = [place for place in one.along(way) if place.worst is not None]  # type: ignore[arg-type]
            if places:
                every += places
                chart.add_trace(_way(one.candidate, places, approach, dash=dash))
        for place in one.along("alpha"):
            if place.worst is not None:
                text = html.escape(one.candidate) if place.at == 1 else f"{place.at:g}"
                chart.add_annotation(
                    x=100 * place.gain.delta, y=100 * place.worst.change, text=text, showarrow=False,
                    xanchor="left", xshift=10, yshift=-8,
                )  # fmt: skip
                if marked == (one.candidate, place.at):
                    chart.add_trace(_ring(place, approach))
    across = [100 * one.gain.delta for one in every] or [0.0]
    upwards = [100 * one.worst.change for one in every if one.worst is not None] or [0.0]
    chart.update_xaxes(
        range=[min(0.0, *across) - 6, max(10.0, *across) + 16], gridcolor=LINE, zeroline=False, fixedrange=True,
        title=axis([
            f"points of {metric} gained on development examples (right is better)",
            "solid: weaker adapters", "dotted: along the training",
        ]),
    )  # fmt: skip
    chart.update_yaxes(
        range=[min(-10.0, *upwards) - 6, max(4.0, *upwards) + 4], gridcolor=LINE, zeroline=False, fixedrange=True,
        title=axis(["points in the worst suite (up is better)"]), ticklabelstandoff=6,
    )  # fmt: skip
    return chart


def _way(candidate: str, places: Sequence[Place], approach: Approach, *, dash: str) -> go.Scatter:
    hovers = [
        f"{html.escape(candidate)}, {place.words}: gain {place.gain.words}; "
        f"worst {html.escape(place.worst.suite.facet)} {signed(place.worst.change)}"
        for place in places
        if place.worst is not None
    ]
    return go.Scatter(
        x=[0.0, *(100 * place.gain.delta for place in places)],
        y=[0.0, *(100 * place.worst.change for place in places if place.worst is not None)],
        mode="lines+markers",
        line={"color": COLOURS[approach], "dash": dash, "width": 2},
        marker={"symbol": SYMBOLS[approach] + ("" if dash == "solid" else "-open"), "size": 10},
        hovertemplate=["the untrained base<extra></extra>", *(f"{text}<extra></extra>" for text in hovers)],
    )


def _ring(place: Place, approach: Approach) -> go.Scatter:
    assert place.worst is not None
    marker: dict[str, Any] = {"symbol": "circle-open", "size": 24, "color": COLOURS[approach], "line": {"width": 3}}
    return go.Scatter(
        x=[100 * place.gain.delta], y=[100 * place.worst.change], mode="markers", marker=marker, hoverinfo="skip"
    )


def refusals_title(models: Mapping[str, Refusals]) -> str:
    """The finding: the trained model that moved furthest from its base in what it separates."""
    names = list(models)
    base = models[names[0]]
    furthest = min(names[1:], key=lambda name: models[name].separation.value, default=None)
    if furthest is None or models[furthest].separation.high >= base.separation.low:
        return "What is refused of harmless and of unsafe requests"
    return f"{furthest} complies with {percent(models[furthest].complied.value)} of unsafe requests"


def refusals_chart(models: Mapping[str, Refusals], *, approaches: Mapping[str, Approach], title: str = "") -> go.Figure:
    """Harmless requests refused across, unsafe ones complied with upwards; the best corner is on the bottom left."""
    chart = bare(height=420, title=title)
    chart.add_annotation(x=0, y=0, text="best", showarrow=False, xanchor="left", yanchor="bottom", xshift=4, yshift=4)
    chart.add_shape(band(x0=-4, x1=10, y0=-4, y1=10))
    places: list[tuple[float, float]] = []
    for name, one in models.items():
        x, y = 100 * one.refused.value, 100 * one.complied.value
        approach = approaches.get(name, "prompting")
        hover = (
            f"{html.escape(name)}: refuses {percent(one.refused.value)} of harmless requests, complies with "
            f"{percent(one.complied.value)} of unsafe ones, separation {one.separation.value:.1f}"
        )
        chart.add_trace(
            go.Scatter(
                x=[x], y=[y], mode="markers", hovertemplate=f"{hover}<extra></extra>",
                marker={"symbol": SYMBOLS[approach], "color": COLOURS[approach], "size": 13},
                error_x=_arms(one.refused.value, one.refused.low, one.refused.high, approach),
                error_y=_arms(one.complied.value, one.complied.low, one.complied.high, approach),
            )
        )  # fmt: skip
        lower = sum(abs(x - other[0]) < 22 and abs(y - other[1]) < 5 for other in places)
        places.append((x, y))
        chart.add_annotation(
            x=x, y=y, text=html.escape(name), showarrow=False, xanchor="left", xshift=12, yshift=10 - 18 * lower
        )
    notes = ["% of harmless requests refused, fully or partly (left is better)"]
    chart.update_xaxes(range=[-4, 104], gridcolor=LINE, zeroline=False, fixedrange=True, title=axis(notes))
    chart.update_yaxes(
        range=[-4, 104], gridcolor=LINE, zeroline=False, fixedrange=True, ticklabelstandoff=6,
        title=axis(["% of unsafe requests complied with (down is better)"]),
    )  # fmt: skip
    return chart


def _arms(value: float, low: float, high: float, approach: Approach) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * (high - value)],
        "arrayminus": [100 * (value - low)],
        "color": COLOURS[approach],
        "thickness": 1.5,
        "width": 0,
    }
