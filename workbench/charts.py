"""Plotly figures of what was compared: pure functions of nouns, the same for the pages and the report."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from workbench.analysis import Standing
from workbench.candidate import Approach
from workbench.chart_parts import (
    Mark,
    axis,
    band,
    draw,
    in_rows,
    named,
    shares,
    upright,
)
from workbench.comparison import Comparison
from workbench.model import Noun
from workbench.phrases import agreeing, listed, percent, points, signed
from workbench.probe_rows import Effect


class Gap(Noun):
    """How far one candidate is ahead of another, as seen from the first: positive is better."""

    candidate: str
    other: str
    approach: Approach
    """Of the other."""
    delta: float
    low: float
    high: float
    n: int
    shown: bool
    """Whether a difference is shown at all."""


def gaps(comparisons: Sequence[Comparison], standings: Sequence[Standing], *, subject: str) -> tuple[Gap, ...]:
    """All comparisons with ``subject``, seen from it, in the order of ``standings``."""
    found = {}
    for one in comparisons:
        if subject == one.candidate:
            found[one.reference] = (one.delta, one.low, one.high, one)
        elif subject == one.reference:
            found[one.candidate] = (-one.delta + 0.0, -one.high + 0.0, -one.low + 0.0, one)
    return tuple(
        Gap(
            candidate=subject,
            other=standing.candidate,
            approach=standing.approach,
            delta=delta,
            low=low,
            high=high,
            n=comparison.n,
            shown=comparison.shown != "not shown",
        )
        for standing in standings
        if standing.candidate in found
        for delta, low, high, comparison in (found[standing.candidate],)
    )


# --- Titles that state the finding --------------------------------------------------------------------


def standings_title(
    standings: Sequence[Standing],
    best_set: Sequence[str],
    *,
    metric: str,
    broken: Sequence[str],
    unknown: Sequence[str] = (),
) -> str:
    """Who may be the best; ``metric`` in words.

    ``best_set`` is the recommendation's; whoever is not in it cannot be the best, breaks a limit (``broken``),
    or routes and is not shown to be better. That is a claim about the set, and easier to show than that one candidate
    is better than another. ``unknown``: of whom nothing is known yet, since people were not asked.
    """
    if len(standings) < 2:
        which = " of whom labels tell anything" if unknown else ""
        return f"{standings[0].candidate} is the only candidate{which}, so nothing is compared"
    if not best_set and unknown:
        return f"Nobody of whom labels tell anything keeps the limits; this is what they reach on {metric}"
    if not best_set:
        return f"No candidate keeps the limits; this is what they reach on {metric}"
    others = [one for one in standings if one.candidate not in best_set]
    if not others:
        return f"Any of the {len(standings)} candidates may be the best on {metric}: this test can't tell"
    only = "Only " if len(best_set) == 1 and not unknown else ""
    worse = [one.candidate for one in others if not one.in_best_set and one.candidate not in broken]
    out = [one.candidate for one in others if one.candidate in broken]
    open_ = [one.candidate for one in others if one.in_best_set and one.candidate not in broken]
    rest = []
    if worse:
        count = f"the {len(worse)} others" if len(worse) > 2 and not (out or open_) else listed(worse)
        rest.append(f"{count} may not")
    if out:
        rest.append(f"{listed(out)} {agreeing(len(out), 'breaks', 'break')} a limit")
    if open_:
        rest.append(f"{listed(open_)} is not shown to be better")
    if unknown:
        rest.append(f"nothing is known of {listed(unknown)}")
    return f"{only}{listed(best_set)} may be the best on {metric}; {', '.join(rest)}"


def differences_title(shown: Sequence[Gap]) -> str:
    """Against how many others the candidate is shown to be better or worse; ``shown`` has at least one gap."""
    name = shown[0].candidate
    better = [one.other for one in shown if one.shown and one.delta > 0]
    worse = [one.other for one in shown if one.shown and one.delta < 0]
    open_ = [one.other for one in shown if not one.shown]
    if len(open_) == len(shown):
        return f"No difference is shown between {name} and {_some(open_, len(shown))}"
    sides = (("better", better), ("worse", worse))
    said = [f"{word} than {_some(others, len(shown))}" for word, others in sides if others]
    rest = f"; from {_some(open_, len(shown))} no difference is shown" if open_ else ""
    return f"{name} is shown to be {' and '.join(said)}{rest}"


def _some(names: Sequence[str], of: int) -> str:
    """Names where they are few, otherwise how many they are."""
    if len(names) <= 2:
        return listed(names)
    return f"all {of} others" if len(names) == of else f"{len(names)} of the {of} others"


# --- Figures ------------------------------------------------------------------------------------------


def standings_chart(
    standings: Sequence[Standing],
    *,
    metric: str,
    best_set: Sequence[str] = (),
    choice: str | None = None,
    simplest: str | None = None,
    title: str = "",
) -> go.Figure:
    """Candidates as dots with intervals, the ``best_set`` shaded, the ``simplest`` as a dotted line.

    ``metric`` in words, for the axis; ``choice`` is marked as chosen.
    """
    names = [named(one.candidate, one.approach, strong=one.candidate == choice) for one in standings]
    chart = in_rows(names, title=title)
    for row, one in enumerate(standings):
        strong = one.candidate == choice
        label = f"<b>{percent(one.mean)}</b> chosen" if strong else percent(one.mean)
        interval = f"95 % interval {100 * one.low:.1f} to {100 * one.high:.1f}"
        hover = f"{html.escape(one.candidate)}: {percent(one.mean)}, {interval}"
        mark = Mark(one.mean, one.low, one.high, approach=one.approach, strong=strong)
        draw(chart, row, mark, label=label, hover=hover)
        if one.candidate in best_set and len(standings) > 1:
            chart.add_shape(band(y0=row - 0.5, y1=row + 0.5))
    notes = [f"{metric}, % (higher is better)"]
    if len(standings) > 1 and best_set:
        notes.append("shaded: may be the best")
    for one in standings:
        if one.candidate == simplest and len(standings) > 1:
            chart.add_shape(upright(100 * one.mean, dash="dot"))
            notes.append(f"dotted: {html.escape(simplest)}, the simplest")
    low, high = min(one.low for one in standings), max(one.high for one in standings)
    chart.update_xaxes(range=shares(low, high), title=axis(notes))
    return chart


def differences_chart(shown: Sequence[Gap], *, metric: str, smallest_difference: float, title: str = "") -> go.Figure:
    """One candidate's lead on every other with intervals; hollow where no difference is shown.

    The band is the ``smallest_difference`` (a share) to both sides of 0.
    """
    chart = in_rows([named(one.other, one.approach) for one in shown], title=title)
    margin = 100 * smallest_difference
    chart.add_shape(band(x0=-margin, x1=margin))
    chart.add_shape(upright(0.0))
    for row, one in enumerate(shown):
        hover = (
            f"{html.escape(one.candidate)} minus {html.escape(one.other)}: {signed(one.delta)} points, "
            f"interval {points(one.low)} to {points(one.high)}, n = {one.n}"
        )
        mark = Mark(one.delta, one.low, one.high, approach=one.approach, hollow=not one.shown)
        draw(chart, row, mark, label=signed(one.delta), hover=hover)
    low, high = min(one.low for one in shown), max(one.high for one in shown)
    pad = max(5.0, 6 * (high - low))
    name = html.escape(shown[0].candidate) if shown else ""
    notes = [f"points of {metric} by which {name} is ahead", f"shaded: less than {points(smallest_difference)} points"]
    if not all(one.shown for one in shown):
        notes.append("hollow: not shown")
    span = [min(100 * low, -margin) - pad, max(100 * high, margin) + pad]
    chart.update_xaxes(range=span, title=axis(notes))
    return chart


def effects_chart(shown: Sequence[Effect], *, approach: Approach, title: str = "") -> go.Figure:
    """Figures with their intervals, one a row; hollow where a difference is not shown to be other than 0."""
    chart = in_rows([html.escape(one.name) for one in shown], title=title)
    differences = [one for one in shown if not one.level]
    if differences:
        chart.add_shape(upright(0.0))
    for row, one in enumerate(shown):
        hollow = not one.level and one.low <= 0 <= one.high
        label = percent(one.value) if one.level else signed(one.value)
        mark = Mark(one.value, one.low, one.high, approach=one.approach or approach, hollow=hollow)
        draw(chart, row, mark, label=label, hover=f"{html.escape(one.name)}: {html.escape(one.words)}")
    low, high = min(one.low for one in shown), max(one.high for one in shown)
    pad = max(3.0, 6 * (high - low))
    unit = (
        "points"
        if len(differences) == len(shown)
        else "% of examples"
        if not differences
        else "points, or % of examples"
    )
    notes = [unit, "95 % intervals"] + (
        ["hollow: may be 0"] if any(one.low <= 0 <= one.high for one in differences) else []
    )
    chart.update_xaxes(range=[100 * low - pad, 100 * high + pad], title=axis(notes))
    return chart
