"""Plotly figures of what candidates earn."""

import html
import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from workbench.break_even import BreakEven
from workbench.candidate import Approach
from workbench.chart_parts import COLOURS, LINE, STRONG_LINE, axis, band, bare, in_rows, upright
from workbench.earnings import Acceptability, Earnings, price
from workbench.money_words import answers, round_volume, value_scale
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


def break_even_chart(found: BreakEven, *, approach: Approach, volume: int | None = None, title: str = "") -> go.Figure:
    """What the break-even volume hangs on, the widest on top, on a log scale; a bar that ends at never runs off.

    The solid line is the break-even, the dotted one the ``volume`` that there is.
    """
    assert found.volume is not None
    ends = [end for bar in found.bars for end in (bar.at_from, bar.at_to) if end]
    reached = [*ends, found.volume, *([float(volume)] if volume else [])]
    low, high = math.log10(min(reached)), math.log10(max(reached))
    room = 0.75 * max(high - low, 0.5)  # For the words at the ends of the bars.
    chart = in_rows([html.escape(bar.what) for bar in found.bars], title=title)
    for row, bar in enumerate(found.bars):
        sides = [(bar.at_from, bar.from_), (bar.at_to, bar.to)]
        spots = [high + room / 3 if end is None else math.log10(end) if end > 0 else low - room / 3 for end, _ in sides]
        said = [f"{html.escape(text)}: {round_volume(end)}" for end, text in sides]
        line = {"color": COLOURS[approach], "width": 14}
        chart.add_trace(
            go.Scatter(
                x=[10**spot for spot in spots], y=[row, row], mode="lines", line=line,
                hovertemplate="<br>".join(said) + "<extra></extra>",
            )
        )  # fmt: skip
        for n in (0, 1):
            if sides[n][0] != found.volume:
                outer = spots[n] > spots[1 - n]
                chart.add_annotation(
                    x=spots[n], y=row, text=said[n], showarrow=False, xanchor="left" if outer else "right",
                    xshift=8 if outer else -8, font={"size": 12},
                )  # fmt: skip
    chart.add_shape(upright(found.volume))
    notes = ["requests a month, log scale", "line: as things are"]
    if volume:
        chart.add_shape(upright(float(volume), dash="dot"))
        notes.append(f"dotted: the {volume:,} that you have")
    if any(None in (bar.at_from, bar.at_to) for bar in found.bars):
        notes.append("to the right edge: never")
    whole = [10.0**n for n in range(math.floor(low - room), math.ceil(high + 2 * room) + 1)]
    chart.update_xaxes(
        type="log", range=[low - 1.3 * room, high + 1.3 * room], title=axis(notes), tickvals=whole,
        ticktext=[f"{tick:,.0f}" for tick in whole],
    )  # fmt: skip
    chart.update_layout(margin_r=24)
    return chart
