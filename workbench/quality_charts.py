"""Quality against what an answer takes, money where it has a price and else seconds, as a picture."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from workbench.candidate import Approach
from workbench.chart_parts import LINE, Mark, axis, bare, dot, shares, spread
from workbench.cost import figure
from workbench.earnings import price
from workbench.model import Noun
from workbench.phrases import percent

FAR_APART = 5
"""Where the most is this many times the least, the scale is logarithmic."""
LABEL_SIZE = (90.0, 17.0)
"""About the pixels that a label takes."""
LETTER = 7.6
"""Of one that is longer, for each of its letters."""
PLOT_SIZE = (700.0, 310.0)
"""About the pixels that the points are spread over."""


class Takes(Noun):
    """In what the picture counts what an answer takes."""

    currency: str | None = None
    """Of the cost of 1,000 answers; empty where the use case names none. None: seconds of one answer."""
    training: bool = False
    """Whether that cost holds a share of the training."""

    @property
    def money(self) -> bool:
        """Whether it is money."""
        return self.currency is not None

    @property
    def title(self) -> str:
        """The figure's name, as over a column."""
        if self.currency is None:
            return "Mean seconds"
        return f"Cost of 1,000{', ' + self.currency if self.currency else ''}"

    def told(self, amount: float) -> str:
        """An amount with its unit."""
        return f"{figure(amount)} s" if self.currency is None else price(amount, self.currency)


SECONDS = Takes()


class Point(Noun):
    """One candidate's quality beside what its answers take."""

    candidate: str
    approach: Approach
    mean: float
    low: float
    high: float
    takes: float
    """Mean seconds of single requests, or the cost of 1,000."""
    takes_low: float | None = None
    """95 % interval of that; None where it is not known."""
    takes_high: float | None = None


def quality_title(shown: Sequence[Point], takes: Takes = SECONDS) -> str:
    """What the highest mean takes beside the least; ``shown`` is not empty."""
    top = max(shown, key=lambda one: (one.mean, -one.takes))
    least = min(shown, key=lambda one: (one.takes, -one.mean))
    verb, what = ("costs", "for 1,000 answers") if takes.money else ("takes", "an answer")
    if len(shown) == 1:
        return f"{top.candidate} {verb} {takes.told(top.takes)} {what}"
    text = f"The highest mean, {percent(top.mean)} of {top.candidate}, {verb} {takes.told(top.takes)} {what}"
    if top == least:
        return f"{text}, and none is {'cheaper' if takes.money else 'quicker'}"
    word = "cheapest" if takes.money else "quickest"
    return f"{text}; the {word}, {least.candidate}, {takes.told(least.takes)} for {percent(least.mean)}"


def pareto_front(shown: Sequence[Point]) -> list[Point]:
    """Those beside whom nobody is as good and takes less, or better and takes as much; the least first."""
    front: list[Point] = []
    for one in sorted(shown, key=lambda one: (one.takes, -one.mean)):
        if not front or one.mean > front[-1].mean:
            front.append(one)
    return front


def quality_chart(
    shown: Sequence[Point], *, metric: str, takes: Takes = SECONDS, choice: str | None = None, title: str = ""
) -> go.Figure:
    """Quality against what an answer takes, both with intervals, on a log scale where the latter differs widely."""
    across = [one.takes for one in shown]
    wide = min(across) > 0 and max(across) / min(across) > FAR_APART
    chart, span = bare(height=380, title=title), _span(shown, log=wide)
    front = pareto_front(shown)
    if len(front) > 1:
        line = {"color": LINE, "width": 2, "dash": "dot"}
        steps, up = [one.takes for one in front], [100 * one.mean for one in front]
        chart.add_trace(go.Scatter(x=steps, y=up, mode="lines", line=line, hoverinfo="skip"))
    for one in shown:
        each = "for 1,000 answers" if takes.money else "an answer"
        hover = f"{html.escape(one.candidate)}: {percent(one.mean)} for {takes.told(one.takes)} {each}"
        strong = one.candidate == choice
        error = spread(Mark(one.mean, one.low, one.high, approach=one.approach))
        mark = dot(one.takes, 100 * one.mean, one.approach, strong=strong, error_y=error, hover=hover)
        if one.takes_low is not None and one.takes_high is not None:
            # What reaches down to nothing ends at the edge of a logarithmic scale.
            low = max(one.takes_low, 10 ** span[0]) if wide else one.takes_low
            mark.error_x = error | {"array": [one.takes_high - one.takes], "arrayminus": [one.takes - low]}
        chart.add_trace(mark)
    rows = shares(min(one.low for one in shown), max(one.high for one in shown))
    for one, (aside, shift, side) in zip(shown, _label_places(shown, span, rows, log=wide), strict=True):
        text = f"<b>{html.escape(one.candidate)}</b> chosen" if one.candidate == choice else html.escape(one.candidate)
        chart.add_annotation(
            x=math.log10(one.takes) if wide else one.takes, y=100 * one.mean, text=text, showarrow=False,
            xanchor=side, xshift=aside, yshift=shift,
        )  # fmt: skip
    notes = [f"{_axis(takes)}{', log scale' if wide else ''} (lower is better)"]
    if len(front) > 1:
        less = "for less" if takes.money else "in less time"
        notes.append(f"dotted: nobody scores more {less} (Pareto front)")
    chart.update_xaxes(
        type="log" if wide else "linear", range=span, showgrid=True, gridcolor=LINE, zeroline=False,
        title=axis(notes), fixedrange=True,
    )  # fmt: skip
    if wide:
        chart.update_xaxes(dtick="D2", tickformat="~g")
    chart.update_yaxes(
        range=rows, gridcolor=LINE, zeroline=False, fixedrange=True, ticks="", ticklabelstandoff=6,
        title=axis([f"{metric}, % (higher is better)"]),
    )  # fmt: skip
    return chart


def _axis(takes: Takes) -> str:
    if not takes.money:
        return "mean seconds for one answer"
    currency = f", {html.escape(takes.currency)}" if takes.currency else ""
    return f"cost of 1,000 answers{currency}, training {'included' if takes.training else 'apart'}"


# --- Ranges and labels ---------------------------------------------------------------------------------


def _span(shown: Sequence[Point], *, log: bool) -> list[float]:
    low = min(one.takes if one.takes_low is None else one.takes_low for one in shown)
    high = max(one.takes if one.takes_high is None else one.takes_high for one in shown)
    if log:
        # An interval that reaches almost down to nothing must not squeeze all the rest.
        low = max(low, min(one.takes for one in shown) / FAR_APART)
        pad = 0.12 * (math.log10(high) - math.log10(low))
        return [math.log10(low) - pad, math.log10(high) + pad]
    return [0.0, 1.25 * high or 1.0]


def _label_places(
    shown: Sequence[Point], span: Sequence[float], rows: Sequence[float], *, log: bool
) -> list[tuple[float, float, str]]:
    """For each point, by how many pixels its label is moved right and up, and which side of it is at the point.

    The first place is taken that hides least: other labels, other marks, other intervals, the figures of an axis.
    """
    width, height = PLOT_SIZE

    def across(takes: float) -> float:
        value = math.log10(takes) if log else takes
        return width * (value - span[0]) / (span[1] - span[0])

    def ends(one: Point) -> tuple[float, float]:
        """Where a point with its interval begins and ends."""
        low = one.takes if one.takes_low is None or (log and one.takes_low <= 0) else one.takes_low
        high = one.takes if one.takes_high is None else one.takes_high
        return min(across(low), across(one.takes) - 8), max(across(high), across(one.takes) + 8)

    def up(share: float) -> float:
        return height * (100 * share - rows[0]) / (rows[1] - rows[0])

    taken: list[_Box] = [
        _Box(across(one.takes) - half, across(one.takes) + half, up(low) - half, up(high) + half)
        for one in shown
        for low, high, half in ((one.mean, one.mean, 8.0), (one.low, one.high, 2.0))
    ]
    taken += [_Box(*ends(one), up(one.mean) - 2, up(one.mean) + 2) for one in shown]
    places = []
    for one in shown:
        best: tuple[int, float, float, str, _Box] | None = None
        begin, end = ends(one)
        for rows_up in (0, 1, -1, 2, -2):
            shift = rows_up * LABEL_SIZE[1]
            for side in ("left", "right"):
                y = up(one.mean) + shift
                wide = max(LABEL_SIZE[0], LETTER * len(one.candidate))
                box = _Box(end + 2, end + 2 + wide, y - 8, y + 8)
                if side == "right":
                    box = _Box(begin - 2 - wide, begin - 2, y - 8, y + 8)
                aside = (end + 4 if side == "left" else begin - 4) - across(one.takes)
                outside = box.left < 0 or box.right > width + 20 or box.bottom < 0
                hidden = sum(box.meets(other) for other in taken) + 9 * outside
                if best is None or hidden < best[0]:
                    best = (hidden, aside, shift, side, box)
        assert best is not None
        taken.append(best[4])
        places.append(best[1:4])
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
