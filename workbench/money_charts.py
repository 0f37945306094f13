"""Plotly figures of what candidates earn."""

import html
import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.chart_parts import COLOURS, LINE, STRONG_LINE, axis, band, bare
from workbench.earnings import Acceptability, Earnings, price
from workbench.money_words import answers, value_scale
from workbench.phrases import percent

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Candidates of one approach are told apart by these, and by the name at their line."""
HARDLY = 0.03
"""A line that stays below this is not named: nobody could point at it."""


def acceptability_title(earned: Earnings, currency: str) -> str:
    """The finding: who earns most, and from which value on."""
    first, *rest = earned.switches
    many = value_scale(earned)
    said = [first.candidate, *(f"{one.candidate} from {price(many * one.value, currency)} on" for one in rest)]
    return f"Who earns most by what {answers(many)} worth: {', '.join(said)}"


def acceptability_chart(
    shown: Acceptability,
    *,
    approaches: Mapping[str, Approach],
    values: Sequence[float],
    currency: str,
    many: int = 1,
    title: str = "",
) -> go.Figure:
    """Each candidate's chance to earn most, along the value of a right answer; the use case's values are shaded.

    ``many``: of how many right answers the worth is shown.
    """
    across, values = [many * value for value in shown.values], [many * value for value in values]
    chart = bare(height=380, title=title)
    counts: dict[Approach, int] = {}
    for name, chances in shown.chances.items():
        approach = approaches[name]
        nth = counts[approach] = counts.get(approach, -1) + 1
        line = {"color": COLOURS[approach], "width": 2.5, "dash": DASHES[nth % len(DASHES)]}
        texts = [f"{html.escape(name)}: {percent(chance)}" for chance in chances]
        chart.add_trace(
            go.Scatter(
                x=across, y=[100 * chance for chance in chances], mode="lines", line=line, text=texts,
                hovertemplate="%{text}<extra></extra>",
            )
        )  # fmt: skip
        _name(chart, name, approach, across, chances)
    if len(values) == 2:
        chart.add_shape(band(x0=values[0], x1=values[1]))
    for value in values:
        line = {"color": STRONG_LINE, "width": 1.5, "dash": "dash"}
        chart.add_shape(type="line", x0=value, x1=value, yref="paper", y0=0, y1=1, line=line, layer="below")
    unit = f", in {currency}" if currency else ""
    chart.update_xaxes(
        type="log", title=axis([f"what {answers(many)} worth{unit} (each step is a multiple)"]), showgrid=True,
        gridcolor=LINE, zeroline=False, fixedrange=True, dtick=1,
    )  # fmt: skip
    chart.update_yaxes(
        range=[0, 108], tickvals=[0, 25, 50, 75, 100], ticktext=["0", "25 %", "50 %", "75 %", "100 %"],
        title=axis(["chance to earn most"]), showgrid=True, gridcolor=LINE, zeroline=False,
        fixedrange=True,
    )  # fmt: skip
    chart.update_layout(hovermode="x unified")
    return chart


def _name(chart: go.Figure, name: str, approach: Approach, values: Sequence[float], chances: Sequence[float]) -> None:
    """The candidate's name above the highest point of its line."""
    top = max(chances)
    if top < HARDLY:
        return
    highest = [n for n, chance in enumerate(chances) if chance >= top - 0.01]
    at = highest[len(highest) // 2]
    chart.add_annotation(
        x=math.log10(values[at]), y=100 * chances[at], text=html.escape(name), showarrow=False, yshift=11,
        font={"color": COLOURS[approach], "size": 13},
    )  # fmt: skip
