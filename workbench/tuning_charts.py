"""The picture of a search: how each trial did on the development set."""

import html

import plotly.graph_objects as go

from workbench.chart_parts import STRONG_LINE, axis, bare, dot
from workbench.phrases import percent, points
from workbench.tuning_choice import Choice
from workbench.tuning_words import settings_words

HEIGHT = 340


def trials_title(choice: Choice) -> str:
    """What the picture shows, in a sentence."""
    name, chosen, first = choice.candidate, choice.of(choice.chosen), choice.of(0)
    if chosen is None or first is None or first.mean is None or chosen.mean is None:
        return f"{name}: the search has only begun"
    if chosen.number == 0:
        return f"{name}: nothing that was tried is better by more than noise"
    gain = points(chosen.mean - first.mean)
    return f"{name}: tuned from {percent(first.mean)} to {percent(chosen.mean)} on development examples, {gain} points"


def trials_chart(choice: Choice, *, title: str = "") -> go.Figure:
    """Each trial's mean on the development examples it answered, in the order in which they were tried.

    Filled where these were all of them, hollow where others did better on fewer; the line is the candidate as it was.
    """
    chart = bare(height=HEIGHT + (36 if title else 0), title=title)
    shown = [one for one in choice.tried if one.mean is not None]
    first = choice.of(0)
    if first is not None and first.mean is not None:
        level = 100 * first.mean
        across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level, "layer": "below"}
        chart.add_shape(across | {"line": {"color": STRONG_LINE, "width": 1.5, "dash": "dash"}})
    last = max((one.number for one in shown), default=1)
    for one in shown:
        mean = one.mean or 0.0
        says = f"trial {one.number}: {html.escape(settings_words(one.changed))}: {percent(mean)} of {one.examples:,}"
        hollow = one.status != "whole"
        strong = one.number == choice.chosen
        mark = dot(one.number, 100 * mean, choice.approach, hover=says, strong=strong, hollow=hollow)
        chart.add_trace(mark)
        if strong:
            words = f"chosen: {percent(mean)}" if one.number else f"as it was, chosen: {percent(mean)}"
            side = "left" if one.number < 0.2 * last else "right" if one.number > 0.8 * last else "center"
            aside = {"left": -9, "right": 9, "center": 0}[side]
            chart.add_annotation(
                x=one.number, y=100 * mean, text=words, showarrow=False, yshift=18, xanchor=side, xshift=aside
            )
    values = [100 * (one.mean or 0.0) for one in shown]
    low, high = min(values, default=0.0), max(values, default=100.0)
    pad = max(4.0, 0.12 * (high - low))
    notes = ["trials, in the order in which they were made", "hollow: on a part of the examples", "dashed: as it was"]
    chart.update_xaxes(range=[-0.6, max(last, 4) + 0.6], title=axis(notes), zeroline=False, showgrid=False)
    # No mark and no label is cut in half, and no share beyond 0 and 100 % is named.
    bottom, top = max(-0.3 * pad, low - pad), high + 1.6 * pad
    ticks = _ticks(max(0.0, bottom), min(100.0, top))
    chart.update_yaxes(range=[bottom, top], tickvals=ticks, ticktext=[f"{at:g} %" for at in ticks], zeroline=False)
    return chart


def _ticks(low: float, high: float) -> list[float]:
    """Round shares in percent between two, about five of them."""
    step = next((step for step in (1, 2, 5, 10) if high - low <= 6 * step), 20)
    return [float(value) for value in range(0, 101, step) if low <= value <= high]
