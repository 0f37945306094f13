"""Plotly figures of what retrieval finds: recall by the number of passages looked at."""

import html
import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.chart_parts import COLOURS, LINE, SYMBOLS, Mark, axis, bare, spread
from workbench.found import RecallCurve
from workbench.phrases import agreeing, listed, percent

DASHES: Mapping[str, str] = {"solid": "──", "dash": "╌╌", "dot": "···", "dashdot": "─·"}
"""Lines of one approach, told apart, with what each looks like."""
APART = 17.0
"""Pixels between two labels at the ends of lines."""
PLOT_HEIGHT = 300.0
"""About the pixels from 0 to 100 %."""


def recall_title(curves: Sequence[RecallCurve]) -> str:
    """The finding: who finds most in the first passages, and how much is not found however deep one looks."""
    k = 5 if all(5 in one.points for one in curves) else min(curves[0].points)
    best = max(curves, key=lambda one: one.points[k].mean)
    deepest = max(best.points)
    first, last = (percent(best.points[each].mean) for each in (k, deepest))
    verb = agreeing(len(best.candidates), "finds", "find")
    place = "first passage" if k == 1 else f"first {k} passages"
    said = f"{listed(best.candidates)} {verb} {first} of the evidence in the {place}"
    return said if last == first else f"{said}, {last} in the first {deepest}"


def recall_chart(curves: Sequence[RecallCurve], *, title: str = "") -> go.Figure:
    """Recall with its intervals by the number of passages looked at, a line for each way of finding them."""
    chart = bare(height=380, title=title)
    counts: dict[Approach, int] = {}
    labels = []
    for one in curves:
        nth = counts[one.approach] = counts.get(one.approach, -1) + 1
        dash = list(DASHES)[nth % len(DASHES)]
        chart.add_trace(_line(one, dash=dash))
        labels.append(f"{DASHES[dash]} {', '.join(one.candidates)}" if len(curves) > 1 else ", ".join(one.candidates))
    for one, label, shift in zip(curves, labels, _shifts(curves), strict=True):
        deepest = max(one.points)
        chart.add_annotation(
            x=math.log10(deepest), y=100 * one.points[deepest].mean, text=html.escape(label),
            showarrow=False, xanchor="left", xshift=12, yshift=shift, font={"color": COLOURS[one.approach]},
        )  # fmt: skip
    every = sorted({k for one in curves for k in one.points})
    lowest = min(mean.low for one in curves for mean in one.points.values())
    chart.update_layout(margin_r=max(60, 7 * max(map(len, labels)) + 24))
    chart.update_xaxes(
        type="log", tickvals=every, ticktext=[str(k) for k in every], gridcolor=LINE, zeroline=False, fixedrange=True,
        range=[math.log10(every[0]) - 0.06, math.log10(every[-1]) + 0.06],
        title=axis(["passages looked at, the best first (log scale)", "with 95 % intervals"]),
    )  # fmt: skip
    chart.update_yaxes(
        range=[max(0.0, 10 * math.floor(10 * lowest - 0.4)), 101.5], ticksuffix=" %", gridcolor=LINE, zeroline=False,
        fixedrange=True, ticklabelstandoff=6, title=axis(["recall: share of the evidence found"]),
    )  # fmt: skip
    return chart


def _line(one: RecallCurve, *, dash: str) -> go.Scatter:
    means = list(one.points.values())
    arms = [spread(Mark(mean.mean, mean.low, mean.high, approach=one.approach)) for mean in means]
    error = arms[0] | {key: [arm[key][0] for arm in arms] for key in ("array", "arrayminus")} | {"thickness": 1.5}
    names = html.escape(", ".join(one.candidates))
    return go.Scatter(
        x=list(one.points), y=[100 * mean.mean for mean in means], mode="lines+markers", error_y=error,
        line={"color": COLOURS[one.approach], "width": 2.5, "dash": dash},
        marker={"symbol": SYMBOLS[one.approach], "color": COLOURS[one.approach], "size": 9},
        hovertemplate=[f"{names}: {mean.words} in {k}<extra></extra>" for k, mean in one.points.items()],
    )  # fmt: skip


def _shifts(curves: Sequence[RecallCurve]) -> list[float]:
    """Pixels upwards for the label at each line's end, so that none covers another."""
    ends = [PLOT_HEIGHT * one.points[max(one.points)].mean for one in curves]
    shifts = [0.0] * len(curves)
    last = math.inf
    for n in sorted(range(len(curves)), key=lambda n: -ends[n]):
        place = min(ends[n], last - APART)
        shifts[n], last = place - ends[n], place
    return shifts
