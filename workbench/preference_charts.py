"""Plotly figures of what people prefer."""

import html
from collections.abc import Mapping

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.chart_parts import Mark, axis, draw, in_rows, named, upright
from workbench.phrases import listed, percent
from workbench.rates import Rate, WinRates

EVEN = 0.5


def win_rates_title(rates: WinRates) -> str:
    """The finding: who is preferred, or that nobody is shown to be."""
    if rates.winner is not None:
        return f"{rates.winner} is preferred to every other candidate"
    if rates.caution or not rates.labels:
        return "Too few labels to claim anything"
    if len(rates.best_set) < len(rates.rates):
        return f"{listed(list(rates.best_set), word='or')} may be the one people prefer"
    return "Nobody is shown to be preferred"


def win_rates_chart(rates: WinRates, *, approaches: Mapping[str, Approach], title: str = "") -> go.Figure:
    """Each candidate's win rate against the baseline with its interval; the line is an even split."""
    known = [one for one in rates.rates if one.rate is not None and one.candidate != rates.baseline]
    names = [named(one.candidate, approaches[one.candidate], strong=one.candidate == rates.winner) for one in known]
    chart = in_rows(names or ["no comparison with the baseline yet"], title=title)
    for row, one in enumerate(known):
        draw(chart, row, _mark(one, rates, approaches), label=percent(one.rate or 0.0), hover=_hover(one))
    chart.add_shape(upright(100 * EVEN))
    notes = [f"percent of comparisons won against {html.escape(rates.baseline)}, a tie being half a win"]
    chart.update_xaxes(range=[0, 100], ticksuffix=" %", title=axis(notes))
    return chart


def _mark(one: Rate, rates: WinRates, approaches: Mapping[str, Approach]) -> Mark:
    assert one.rate is not None
    low, high = one.low if one.low is not None else one.rate, one.high if one.high is not None else one.rate
    strong = one.candidate == rates.winner
    return Mark(one.rate, low, high, approaches[one.candidate], strong=strong, hollow=not one.in_best_set)


def _hover(one: Rate) -> str:
    return (
        f"{html.escape(one.candidate)}: won {one.won:,}, tied {one.tied:,}, both bad {one.both_bad:,}, "
        f"lost {one.lost:,} of {one.compared:,} direct comparisons"
    )
