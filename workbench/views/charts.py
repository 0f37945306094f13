"""Plotly figures that only the pages show, as pure functions; what the report shows, too, is in workbench/charts.py."""

import html
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.chart_parts import COLOURS
from workbench.follow import Curve
from workbench.health import figure_words

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


def training_chart(
    curves: Sequence[Curve], approaches: Mapping[str, Approach], *, figure: str = "loss", log: bool = False
) -> go.Figure:
    """A figure over the optimiser's steps, raw thin and smoothed thick.

    ``approaches`` gives each curve's colour, by its name.
    """
    said = figure_words(figure)
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
    better = f" ({said.better} is better)" if said.better else ""
    chart.update_xaxes(
        title=f"optimiser steps · {said.title}: {said.unit}{better} · raw thin, smoothed thick",
        automargin=True,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    title = {"text": said.title + (", log scale" if log else ""), "font": {"size": 12.5}}
    chart.update_yaxes(title=title, gridcolor=GRID, zeroline=False, automargin=True, fixedrange=True)
    from_zero = {"rangemode": "tozero"} if all(end >= 0 for end in ends) else {}
    chart.update_yaxes(**({"type": "log", "dtick": "D2", "tickformat": "~g"} if log else from_zero))
    return chart


def proxy_chart(proxy: Curve, held: Curve, approach: Approach) -> go.Figure:
    """What is rewarded (left axis) beside what is only watched (right axis), both smoothed."""
    chart = go.Figure()
    for curve, axis, dash in ((proxy, "y", "solid"), (held, "y2", "dash")):
        name = html.escape(figure_words(curve.name).title)
        chart.add_trace(
            go.Scatter(
                x=curve.steps, y=smoothed(curve.values), mode="lines", yaxis=axis, name=name,
                line={"color": COLOURS[approach], "dash": dash, "width": 2.5},
                hovertemplate=f"{name}, step %{{x}}: %{{y:.3f}}<extra></extra>",
            )
        )  # fmt: skip
    left, right = (figure_words(curve.name).title for curve in (proxy, held))
    chart.update_layout(
        template="none", height=280, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest", dragmode=False,
        paper_bgcolor="rgba(0, 0, 0, 0)", plot_bgcolor="rgba(0, 0, 0, 0)", font={"size": 14},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        yaxis={"title": {"text": left, "font": {"size": 12.5}}, "gridcolor": GRID, "automargin": True},
        yaxis2={"title": {"text": right, "font": {"size": 12.5}}, "overlaying": "y", "side": "right",
                "automargin": True, "showgrid": False},
    )  # fmt: skip
    chart.update_xaxes(title="optimiser steps", automargin=True, showgrid=False, zeroline=False, fixedrange=True)
    chart.update_yaxes(zeroline=False, fixedrange=True)
    return chart


def proxy_title(proxy: Curve, held: Curve) -> str:
    """What the chart says: whether what is watched rises with what is rewarded."""
    parts = []
    for curve in (proxy, held):
        ends = smoothed(curve.values)
        parts.append(f"{figure_words(curve.name).title} went from {_told(ends[0])} to {_told(ends[-1])}")
    rewarded, watched = smoothed(proxy.values), smoothed(held.values)
    fooled = rewarded[-1] > rewarded[0] and watched[-1] <= watched[0]
    return "; ".join(parts) + (": the reward model may be fooled" if fooled else "")


def training_title(curves: Sequence[Curve], figure: str = "loss") -> str:
    """What the curves show: where each ended."""
    said = figure_words(figure).title
    drawn = [(curve.name, smoothed(curve.values)) for curve in curves if len(curve.values) > 1]
    if not drawn:
        return f"No training step has reported a {said} yet"
    name, values = min(drawn, key=lambda each: each[1][-1])
    if len(drawn) == 1:
        return f"The {said} of {name} went from {_told(values[0])} to {_told(values[-1])}"
    worst, others = max(drawn, key=lambda each: each[1][-1])
    return f"The lowest {said} so far is {_told(values[-1])} ({name}), the highest {_told(others[-1])} ({worst})"


def _told(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"
