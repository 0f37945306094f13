"""What all figures share: colours and shapes, frames, marks with intervals, axes.

Every figure is transparent and names no text colour, so that light and dark surroundings both work. An
approach has one colour and one shape everywhere, and each mark is labelled, so nothing rests on colour.
"""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from workbench.candidate import Approach

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
CONFIG: Mapping[str, Any] = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
"""How a figure behaves on a page: it answers to the pointer and stays where it is."""


@dataclass(frozen=True)
class Mark:
    """One figure with its interval, as shares."""

    value: float
    low: float
    high: float
    approach: Approach
    strong: bool = False
    hollow: bool = False


def bare(*, height: int, title: str) -> go.Figure:
    """An empty figure without a frame."""
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


def in_rows(names: Sequence[str], *, title: str) -> go.Figure:
    """A frame with one row for each name, the first on top."""
    chart = bare(height=ROW_HEIGHT * len(names) + 64 + (36 if title else 0), title=title)
    chart.update_layout(margin_r=128)
    chart.update_yaxes(
        tickvals=list(range(len(names))), ticktext=list(names), range=[len(names) - 0.5, -0.5],
        showgrid=False, zeroline=False, fixedrange=True, ticks="", ticklabelstandoff=8,
    )  # fmt: skip
    chart.update_xaxes(showgrid=True, gridcolor=LINE, zeroline=False, fixedrange=True)
    return chart


def named(name: str, approach: Approach, *, strong: bool = False) -> str:
    """A candidate's name with its approach below."""
    text = f"<b>{html.escape(name)}</b>" if strong else html.escape(name)
    return f"{text}<br><span style='font-size: 12px'>{approach}</span>"


def draw(chart: go.Figure, row: int, mark: Mark, *, label: str, hover: str) -> None:
    """Put a mark with its interval and its label into a row."""
    mark_ = dot(
        100 * mark.value, row, mark.approach, strong=mark.strong, hollow=mark.hollow, hover=hover,
        error_x=spread(mark),
    )  # fmt: skip
    chart.add_trace(mark_)
    chart.add_annotation(x=100 * mark.high, y=row, text=label, showarrow=False, xanchor="left", xshift=8)


def dot(
    x: float, y: float, approach: Approach, *, hover: str, strong: bool = False, hollow: bool = False, **error: Any
) -> go.Scatter:
    """One mark of an approach."""
    symbol = SYMBOLS[approach] + ("-open" if hollow else "")
    marker: dict[str, Any] = {"symbol": symbol, "color": COLOURS[approach], "size": 16 if strong else 12}
    if hollow:
        marker["line"] = {"width": 2.5}
    return go.Scatter(x=[x], y=[y], mode="markers", marker=marker, hovertemplate=f"{hover}<extra></extra>", **error)


def spread(mark: Mark) -> dict[str, Any]:
    """A mark's interval, as plotly's error bars."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * max(0.0, mark.high - mark.value)],
        "arrayminus": [100 * max(0.0, mark.value - mark.low)],
        "color": COLOURS[mark.approach],
        "thickness": 2.5,
        "width": 0,
    }


def band(**edges: float) -> dict[str, Any]:
    """A shaded rectangle; edges that are not given are the frame's."""
    free: dict[str, Any] = {}
    if "x0" not in edges:
        free |= {"xref": "paper", "x0": 0, "x1": 1}
    if "y0" not in edges:
        free |= {"yref": "paper", "y0": 0, "y1": 1}
    return {"type": "rect", "fillcolor": SHADE, "line": {"width": 0}, "layer": "below", **free, **edges}


def upright(x: float, *, dash: str = "solid") -> dict[str, Any]:
    """An upright line."""
    line = {"color": STRONG_LINE, "width": 1.5, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line, "layer": "below"}


def axis(notes: Sequence[str]) -> dict[str, Any]:
    """An axis' title, of several notes."""
    return {"text": " · ".join(notes), "font": {"size": 12.5}, "standoff": 10}


def shares(low: float, high: float) -> list[float]:
    """A range in percent, in tens, around shares with some room."""
    bottom = max(0.0, 10 * math.floor((100 * low - 4) / 10))
    top = min(100.0, 10 * math.ceil((100 * high + 4) / 10))
    # Marks at 0 and at 100 % are not cut in half.
    return [bottom - (2 if bottom == 0 else 0), top + (2 if top == 100 else 0)]
