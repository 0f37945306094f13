"""Plotly figures of what was compared: pure functions of nouns, the same for the pages and the report.

Every figure is transparent and names no text colour, so that light and dark surroundings both work. An
approach has one colour and one shape everywhere, and each mark is labelled, so nothing rests on colour.
"""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from workbench.analysis import Standing
from workbench.candidate import Approach
from workbench.comparison import Comparison
from workbench.cost import figure
from workbench.model import Noun
from workbench.phrases import agreeing, listed, percent, points

COLOURS: Mapping[Approach, str] = {
    "prompting": "#767676",
    "RAG": "#0072B2",
    "fine-tuning": "#D55E00",
    "RAG + fine-tuning": "#009E73",
}
"""Okabe and Ito's palette, told apart by colour-blind readers; at least 3 : 1 against white and near-black."""
SYMBOLS: Mapping[Approach, str] = {
    "prompting": "circle",
    "RAG": "square",
    "fine-tuning": "diamond",
    "RAG + fine-tuning": "triangle-up",
}
MARKS: Mapping[Approach, str] = {"prompting": "●", "RAG": "■", "fine-tuning": "◆", "RAG + fine-tuning": "▲"}
"""The same shapes as characters."""
SHADE = "rgba(128, 128, 128, 0.16)"
LINE = "rgba(128, 128, 128, 0.30)"
STRONG_LINE = "rgba(128, 128, 128, 0.90)"
ROW_HEIGHT = 46
"""Pixels of one candidate in a chart of rows."""
LABEL_SIZE = (90.0, 17.0)
"""About the pixels that a label takes."""
PLOT_SIZE = (700.0, 310.0)
"""About the pixels that the points of the quality chart are spread over."""
CONFIG: Mapping[str, Any] = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
"""How a figure behaves on a page: it answers to the pointer and stays where it is."""


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


class Point(Noun):
    """One candidate's quality beside the time that it takes to answer."""

    candidate: str
    approach: Approach
    mean: float
    low: float
    high: float
    seconds: float
    """Mean of single requests."""


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


def standings_title(standings: Sequence[Standing], best_set: Sequence[str], *, metric: str) -> str:
    """Who may be the best; ``metric`` in words.

    ``best_set`` is the recommendation's; whoever is not in it cannot be the best, or breaks a limit. That is
    a claim about the set, and easier to show than that one candidate is better than another.
    """
    if len(standings) < 2:
        return f"{standings[0].candidate} is the only candidate, so nothing is compared"
    if not best_set:
        return f"No candidate keeps the limits; this is what they reach on {metric}"
    others = [one for one in standings if one.candidate not in best_set]
    if not others:
        return f"Any of the {len(standings)} candidates may be the best on {metric}: this test can't tell"
    only = "Only " if len(best_set) == 1 else ""
    worse = [one.candidate for one in others if not one.in_best_set]
    out = [one.candidate for one in others if one.in_best_set]
    rest = []
    if worse:
        count = f"the {len(worse)} others" if len(worse) > 2 and not out else listed(worse)
        rest.append(f"{count} may not")
    if out:
        rest.append(f"{listed(out)} {agreeing(len(out), 'breaks', 'break')} a limit")
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


def quality_title(shown: Sequence[Point]) -> str:
    """What the highest mean takes beside the quickest; ``shown`` is not empty."""
    top = max(shown, key=lambda one: (one.mean, -one.seconds))
    quick = min(shown, key=lambda one: (one.seconds, -one.mean))
    if len(shown) == 1:
        return f"{top.candidate} takes {figure(top.seconds)} s an answer"
    text = f"The highest mean, {percent(top.mean)} of {top.candidate}, takes {figure(top.seconds)} s an answer"
    if top == quick:
        return f"{text}, and none is quicker"
    return f"{text}; the quickest, {quick.candidate}, {figure(quick.seconds)} s for {percent(quick.mean)}"


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
    names = [_named(one.candidate, one.approach, strong=one.candidate == choice) for one in standings]
    chart = _rows(names, title=title)
    for row, one in enumerate(standings):
        strong = one.candidate == choice
        label = f"<b>{percent(one.mean)}</b> chosen" if strong else percent(one.mean)
        interval = f"95 % interval {100 * one.low:.1f} to {100 * one.high:.1f}"
        hover = f"{html.escape(one.candidate)}: {percent(one.mean)}, {interval}"
        mark = _Mark(one.mean, one.low, one.high, approach=one.approach, strong=strong)
        _draw(chart, row, mark, label=label, hover=hover)
        if one.candidate in best_set and len(standings) > 1:
            chart.add_shape(_band(y0=row - 0.5, y1=row + 0.5))
    notes = [f"{metric}, % (higher is better)"]
    if len(standings) > 1 and best_set:
        notes.append("shaded: may be the best")
    for one in standings:
        if one.candidate == simplest and len(standings) > 1:
            chart.add_shape(_upright(100 * one.mean, dash="dot"))
            notes.append(f"dotted: {html.escape(simplest)}, the simplest")
    low, high = min(one.low for one in standings), max(one.high for one in standings)
    chart.update_xaxes(range=_shares(low, high), title=_axis(notes))
    return chart


def differences_chart(shown: Sequence[Gap], *, metric: str, smallest_difference: float, title: str = "") -> go.Figure:
    """One candidate's lead on every other with intervals; hollow where no difference is shown.

    The band is the ``smallest_difference`` (a share) to both sides of 0.
    """
    chart = _rows([_named(one.other, one.approach) for one in shown], title=title)
    margin = 100 * smallest_difference
    chart.add_shape(_band(x0=-margin, x1=margin))
    chart.add_shape(_upright(0.0))
    for row, one in enumerate(shown):
        hover = (
            f"{html.escape(one.candidate)} minus {html.escape(one.other)}: {signed(one.delta)} points, "
            f"interval {points(one.low)} to {points(one.high)}, n = {one.n}"
        )
        mark = _Mark(one.delta, one.low, one.high, approach=one.approach, hollow=not one.shown)
        _draw(chart, row, mark, label=signed(one.delta), hover=hover)
    low, high = min(one.low for one in shown), max(one.high for one in shown)
    pad = max(5.0, 6 * (high - low))
    name = html.escape(shown[0].candidate) if shown else ""
    notes = [f"points of {metric} by which {name} is ahead", f"shaded: less than {points(smallest_difference)} points"]
    if not all(one.shown for one in shown):
        notes.append("hollow: not shown")
    span = [min(100 * low, -margin) - pad, max(100 * high, margin) + pad]
    chart.update_xaxes(range=span, title=_axis(notes))
    return chart


def quality_chart(shown: Sequence[Point], *, metric: str, choice: str | None = None, title: str = "") -> go.Figure:
    """Quality with intervals against mean seconds for one answer, on a log scale where they differ fivefold."""
    seconds = [one.seconds for one in shown]
    wide = max(seconds) / min(seconds) > 5
    chart = _bare(height=380, title=title)
    for one in shown:
        hover = f"{html.escape(one.candidate)}: {percent(one.mean)} in {figure(one.seconds)} s"
        strong = one.candidate == choice
        error = _interval(_Mark(one.mean, one.low, one.high, approach=one.approach))
        chart.add_trace(_dot(one.seconds, 100 * one.mean, one.approach, strong=strong, error_y=error, hover=hover))
    span = _seconds_span(seconds, log=wide)
    rows = _shares(min(one.low for one in shown), max(one.high for one in shown))
    for one, (shift, side) in zip(shown, _label_places(shown, span, rows, log=wide), strict=True):
        text = f"<b>{html.escape(one.candidate)}</b> chosen" if one.candidate == choice else html.escape(one.candidate)
        chart.add_annotation(
            x=math.log10(one.seconds) if wide else one.seconds, y=100 * one.mean, text=text, showarrow=False,
            xanchor=side, xshift=12 if side == "left" else -12, yshift=shift,
        )  # fmt: skip
    scale = ", log scale" if wide else ""
    chart.update_xaxes(
        type="log" if wide else "linear", range=span, showgrid=True, gridcolor=LINE, zeroline=False,
        title=_axis([f"mean seconds for one answer{scale} (lower is better)"]), fixedrange=True,
    )  # fmt: skip
    if wide:
        chart.update_xaxes(dtick="D2", tickformat="~g")
    chart.update_yaxes(
        range=rows, gridcolor=LINE, zeroline=False, fixedrange=True, ticks="", ticklabelstandoff=6,
        title=_axis([f"{metric}, % (higher is better)"]),
    )  # fmt: skip
    return chart


# --- Marks and frames ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mark:
    """One figure with its interval, as shares."""

    value: float
    low: float
    high: float
    approach: Approach
    strong: bool = False
    hollow: bool = False


def _bare(*, height: int, title: str) -> go.Figure:
    chart = go.Figure()
    chart.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 24, "t": 44 if title else 8, "b": 8},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        font={"size": 14},
        showlegend=False,
        hovermode="closest",
        dragmode=False,
    )
    if title:
        chart.update_layout(title={"text": html.escape(title), "x": 0, "xanchor": "left", "font": {"size": 16}})
    chart.update_xaxes(automargin=True)
    chart.update_yaxes(automargin=True)
    return chart


def _rows(names: Sequence[str], *, title: str) -> go.Figure:
    """A frame with one row for each name, the first on top."""
    chart = _bare(height=ROW_HEIGHT * len(names) + 64 + (36 if title else 0), title=title)
    chart.update_layout(margin_r=110)
    chart.update_yaxes(
        tickvals=list(range(len(names))), ticktext=list(names), range=[len(names) - 0.5, -0.5],
        showgrid=False, zeroline=False, fixedrange=True, ticks="", ticklabelstandoff=8,
    )  # fmt: skip
    chart.update_xaxes(showgrid=True, gridcolor=LINE, zeroline=False, fixedrange=True)
    return chart


def _named(name: str, approach: Approach, *, strong: bool = False) -> str:
    text = f"<b>{html.escape(name)}</b>" if strong else html.escape(name)
    return f"{text}<br><span style='font-size: 12px'>{approach}</span>"


def _draw(chart: go.Figure, row: int, mark: _Mark, *, label: str, hover: str) -> None:
    dot = _dot(
        100 * mark.value, row, mark.approach, strong=mark.strong, hollow=mark.hollow, hover=hover,
        error_x=_interval(mark),
    )  # fmt: skip
    chart.add_trace(dot)
    chart.add_annotation(x=100 * mark.high, y=row, text=label, showarrow=False, xanchor="left", xshift=8)


def _dot(
    x: float, y: float, approach: Approach, *, hover: str, strong: bool = False, hollow: bool = False, **error: Any
) -> go.Scatter:
    symbol = SYMBOLS[approach] + ("-open" if hollow else "")
    marker: dict[str, Any] = {"symbol": symbol, "color": COLOURS[approach], "size": 16 if strong else 12}
    if hollow:
        marker["line"] = {"width": 2.5}
    return go.Scatter(x=[x], y=[y], mode="markers", marker=marker, hovertemplate=f"{hover}<extra></extra>", **error)


def _interval(mark: _Mark) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * max(0.0, mark.high - mark.value)],
        "arrayminus": [100 * max(0.0, mark.value - mark.low)],
        "color": COLOURS[mark.approach],
        "thickness": 2.5,
        "width": 0,
    }


def _band(**edges: float) -> dict[str, Any]:
    """A shaded rectangle; edges that are not given are the frame's."""
    free: dict[str, Any] = {}
    if "x0" not in edges:
        free |= {"xref": "paper", "x0": 0, "x1": 1}
    if "y0" not in edges:
        free |= {"yref": "paper", "y0": 0, "y1": 1}
    return {"type": "rect", "fillcolor": SHADE, "line": {"width": 0}, "layer": "below", **free, **edges}


def _upright(x: float, *, dash: str = "solid") -> dict[str, Any]:
    line = {"color": STRONG_LINE, "width": 1.5, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line, "layer": "below"}


def _axis(notes: Sequence[str]) -> dict[str, Any]:
    return {"text": " · ".join(notes), "font": {"size": 12.5}, "standoff": 10}


def _shares(low: float, high: float) -> list[float]:
    """A range in percent, in tens, around shares with some room."""
    bottom = max(0.0, 10 * math.floor((100 * low - 4) / 10))
    top = min(100.0, 10 * math.ceil((100 * high + 4) / 10))
    # Marks at 0 and at 100 % are not cut in half.
    return [bottom - (2 if bottom == 0 else 0), top + (2 if top == 100 else 0)]


def _seconds_span(seconds: Sequence[float], *, log: bool) -> list[float]:
    low, high = min(seconds), max(seconds)
    if log:
        pad = 0.12 * (math.log10(high) - math.log10(low))
        return [math.log10(low) - pad, math.log10(high) + pad]
    return [0.0, 1.25 * high]


def _label_places(
    shown: Sequence[Point], span: Sequence[float], rows: Sequence[float], *, log: bool
) -> list[tuple[float, str]]:
    """For each point, by how many pixels its label is moved up, and which side of it is at the point.

    The first place is taken that hides least: other labels, other marks, other intervals, the figures of an axis.
    """
    width, height = PLOT_SIZE

    def across(one: Point) -> float:
        value = math.log10(one.seconds) if log else one.seconds
        return width * (value - span[0]) / (span[1] - span[0])

    def up(share: float) -> float:
        return height * (100 * share - rows[0]) / (rows[1] - rows[0])

    taken: list[_Box] = [
        _Box(across(one) - half, across(one) + half, up(low) - half, up(high) + half)
        for one in shown
        for low, high, half in ((one.mean, one.mean, 8.0), (one.low, one.high, 2.0))
    ]
    places = []
    for one in shown:
        best: tuple[int, float, str, _Box] | None = None
        for rows_up in (0, 1, -1, 2, -2):
            shift = rows_up * LABEL_SIZE[1]
            for side in ("left", "right"):
                x, y = across(one), up(one.mean) + shift
                box = _Box(x + 10, x + 10 + LABEL_SIZE[0], y - 8, y + 8)
                if side == "right":
                    box = _Box(x - 10 - LABEL_SIZE[0], x - 10, y - 8, y + 8)
                outside = box.left < 0 or box.right > width + 40 or box.bottom < 0
                hidden = sum(box.meets(other) for other in taken) + 9 * outside
                if best is None or hidden < best[0]:
                    best = (hidden, shift, side, box)
        assert best is not None
        taken.append(best[3])
        places.append((best[1], best[2]))
    return places


@dataclass(frozen=True)
class _Box:
    """A rectangle in pixels."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )


def signed(share: float) -> str:
    """A difference in points with its sign: "+31.0", "−4.2", "0.0"."""
    text = points(share)
    return f"+{text}" if share > 0 and text != "0.0" else text
