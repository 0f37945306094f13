"""Plotly figures that only the pages show, as pure functions; what the report shows, too, is in workbench/charts.py."""

import html
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.charts import COLOURS
from workbench.follow import Curve

SMOOTHING = 0.9
"""How much of the smoothed value so far is kept at each point."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Told apart where several runs have one approach."""
GRID = "rgba(128, 128, 128, 0.25)"


def smoothed(values: Sequence[float], *, keep: float = SMOOTHING) -> list[float]:
    """An exponential moving average that starts without a bias towards 0 (Kingma and Ba 2015, section 3)."""
    found, average, weight = [], 0.0, 0.0
    for value in values:
        average = keep * average + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        found.append(average / weight)
    return found


def loss_chart(curves: Sequence[Curve], approaches: Mapping[str, Approach], *, log: bool = False) -> go.Figure:
    """Losses over the optimiser's steps, raw thin and smoothed thick; each is named at its end.

    ``approaches`` gives each curve's colour, by its name.
    """
    chart = go.Figure()
    ends: list[float] = []
    for number, curve in enumerate(curves):
        if not curve.steps:
            continue
        colour = COLOURS[approaches[curve.name]]
        line = {"color": colour, "dash": DASHES[number % len(DASHES)]}
        smooth = smoothed(curve.values)
        name = html.escape(curve.name)
        chart.add_trace(
            go.Scatter(
                x=curve.steps, y=curve.values, mode="lines", line={"color": colour, "width": 1}, opacity=0.3,
                hoverinfo="skip", showlegend=False,
            )
        )  # fmt: skip
        chart.add_trace(
            go.Scatter(
                x=curve.steps, y=smooth, mode="lines", line=line | {"width": 2.5}, name=name,
                hovertemplate=f"{name}, step %{{x}}: %{{y:.3f}}<extra></extra>",
            )
        )  # fmt: skip
        ends.append(smooth[-1])
    chart.update_layout(
        template="none", height=340, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest", dragmode=False,
        paper_bgcolor="rgba(0, 0, 0, 0)", plot_bgcolor="rgba(0, 0, 0, 0)", font={"size": 14}, showlegend=len(ends) > 1,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )  # fmt: skip
    chart.update_xaxes(
        title="optimiser steps · loss in nats per token of the answer (lower is better) · raw thin, smoothed thick",
        automargin=True,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    title = {"text": "loss" + (", log scale" if log else ""), "font": {"size": 12.5}}
    chart.update_yaxes(title=title, gridcolor=GRID, zeroline=False, automargin=True, fixedrange=True)
    chart.update_yaxes(**({"type": "log", "dtick": "D2", "tickformat": "~g"} if log else {"rangemode": "tozero"}))
    return chart


def loss_title(curves: Sequence[Curve]) -> str:
    """What the curves show: where each ended, or that it is still falling."""
    drawn = [(curve.name, smoothed(curve.values)) for curve in curves if len(curve.values) > 1]
    if not drawn:
        return "No training step has reported a loss yet"
    name, values = min(drawn, key=lambda each: each[1][-1])
    if len(drawn) == 1:
        return f"The loss of {name} went from {values[0]:.2f} to {values[-1]:.2f}"
    worst, others = max(drawn, key=lambda each: each[1][-1])
    return f"The lowest loss so far is {values[-1]:.2f} ({name}), the highest {others[-1]:.2f} ({worst})"
