"""A figure as SVG, for paper: drawn here from plotly's description, since plotly itself needs a browser for it.

It knows what the project's figures are made of: marks, lines, intervals, shaded rectangles, straight lines, labels, and
linear or logarithmic axes.
"""

import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

WIDTH = 720.0
INK, FAINT = "#1d1d24", "#d4d4d8"
SIZE = 13.0
"""Of labels, in pixels; a letter is about half as wide."""
LETTER = 0.52
TAGS = re.compile(r"<[^>]*>")
DASHES = {"dot": "1.5 4", "dash": "7 5", "dashdot": "7 4 1.5 4", "longdash": "11 6", "longdashdot": "11 5 1.5 5"}
TICKS = 6


@dataclass(frozen=True)
class _Scale:
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """The place of a value; outside the frame it stays on its edge's far side."""
        if self.log and value <= 0:
            return self.start
        number = math.log10(value) if self.log else value
        return self.start + (self.end - self.start) * (number - self.low) / ((self.high - self.low) or 1.0)

    def at_raw(self, value: float) -> float:
        """The place of a value that is a logarithm already, where the axis is one."""
        return self.start + (self.end - self.start) * (value - self.low) / ((self.high - self.low) or 1.0)


def figure_svg(chart: go.Figure) -> str:
    """The figure without its title, as one SVG element."""
    described = chart.to_plotly_json()
    traces, layout = [_plain(each) for each in described["data"]], _plain(described["layout"])
    xaxis, yaxis = layout.get("xaxis", {}), layout.get("yaxis", {})
    height = float(layout.get("height", 360)) - (36 if layout.get("title") else 0)
    margin = layout.get("margin", {})
    lows_highs = _extent(traces, xaxis, "x"), _extent(traces, yaxis, "y")
    xticks, yticks = _ticks(xaxis, lows_highs[0]), _ticks(yaxis, lows_highs[1])
    widest = max((_wide(line) for _, text in yticks for line in _lines(text)), default=20.0)
    left = widest + (34 if _title(yaxis) else 14)
    right = WIDTH - max(24.0, float(margin.get("r", 24)))
    bottom = height - (52 if _title(xaxis) else 30)
    across = _Scale(*lows_highs[0], left, right, xaxis.get("type") == "log")
    upwards = _Scale(*lows_highs[1], bottom, 12.0, yaxis.get("type") == "log")
    parts = [
        *(_shape(each, across, upwards) for each in layout.get("shapes", ())),
        *_grid(xticks, yticks, across, upwards, xaxis, yaxis),
        *(part for each in traces for part in _trace(each, across, upwards)),
        *(_label(each, across, upwards) for each in layout.get("annotations", ())),
        *_titles(xaxis, yaxis, across, upwards, height),
    ]
    frame = f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" height="{height:.0f}"'
    inside = "\n".join(part for part in parts if part)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {frame} font-size="{SIZE}">\n{inside}\n</svg>\n'


def _plain(value: Any) -> Any:
    """Arrays as lists, all the way down."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


# --- Axes ---------------------------------------------------------------------------------------------


def _extent(traces: Sequence[Mapping[str, Any]], axis: Mapping[str, Any], which: str) -> tuple[float, float]:
    """Both ends of an axis, as logarithms where it is logarithmic: given, or those of the data with some air."""
    if axis.get("range"):
        return float(axis["range"][0]), float(axis["range"][1])
    values = [float(value) for trace in traces for value in trace.get(which, ()) if value is not None]
    if axis.get("type") == "log":
        values = [math.log10(value) for value in values if value > 0]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    air = 0.0 if axis.get("type") == "log" else 0.05 * ((high - low) or 1.0)
    return low - air, high + air


def _ticks(axis: Mapping[str, Any], extent: tuple[float, float]) -> list[tuple[float, str]]:
    """Where ticks stand, on the scale of the extent, and what is written at them."""
    low, high = sorted(extent)
    suffix = axis.get("ticksuffix", "") or ""
    if axis.get("tickvals") is not None:
        texts = axis.get("ticktext") or [f"{value:g}{suffix}" for value in axis["tickvals"]]
        log = axis.get("type") == "log"
        spots = [math.log10(value) if log else float(value) for value in axis["tickvals"]]
        return [(spot, str(text)) for spot, text in zip(spots, texts, strict=True) if not log or low <= spot <= high]
    if axis.get("type") == "log":
        digits = (1, 2, 5) if high - low < 2.5 else (1,)
        each = [
            (math.log10(digit) + power, f"{digit * 10.0**power:g}{suffix}")
            for power in range(math.floor(low), math.ceil(high) + 1)
            for digit in digits
        ]
        return [(value, text) for value, text in each if low <= value <= high]
    step = _step((high - low) / TICKS)
    first = math.ceil(low / step - 1e-9)
    return [
        (n * step, f"{round(n * step, 10):g}{suffix}".replace("-", "\u2212"))
        for n in range(first, math.floor(high / step + 1e-9) + 1)
    ]


def _step(rough: float) -> float:
    """The next step of 1, 2 or 5."""
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(each * power for each in (1, 2, 5, 10) if each * power >= rough - 1e-12)


def _grid(
    xticks: Sequence[tuple[float, str]],
    yticks: Sequence[tuple[float, str]],
    across: _Scale,
    upwards: _Scale,
    xaxis: Mapping[str, Any],
    yaxis: Mapping[str, Any],
) -> Iterator[str]:
    for value, text in xticks:
        x = across.at_raw(value)
        if xaxis.get("showgrid", True):
            yield _line(x, upwards.end, x, upwards.start, FAINT, 0.8)
        yield _text(text, x, upwards.start + 17, anchor="middle")
    for value, text in yticks:
        y = upwards.at_raw(value)
        if yaxis.get("showgrid", True):
            yield _line(across.start, y, across.end, y, FAINT, 0.8)
        lines = _lines(text)
        for n, line in enumerate(lines):
            size = SIZE if n == 0 else SIZE - 2
            down = y + 4.5 + 15 * n - 7.5 * (len(lines) - 1)
            yield _text(line, across.start - 8, down, anchor="end", size=size, bold="<b>" in text and n == 0)


def _titles(
    xaxis: Mapping[str, Any], yaxis: Mapping[str, Any], across: _Scale, upwards: _Scale, height: float
) -> Iterator[str]:
    middle = (across.start + across.end) / 2
    if _title(xaxis):
        yield _text(_title(xaxis), middle, height - 8, anchor="middle", size=SIZE - 1)
    if _title(yaxis):
        y = (upwards.start + upwards.end) / 2
        turned = f'transform="rotate(-90 12 {y:.1f})"'
        yield _text(_title(yaxis), 12, y, anchor="middle", size=SIZE - 1, more=turned)


def _title(axis: Mapping[str, Any]) -> str:
    title = axis.get("title") or {}
    return html.unescape(TAGS.sub("", str(title.get("text") or ""))) if isinstance(title, Mapping) else str(title)


# --- What stands in the frame -------------------------------------------------------------------------


def _trace(trace: Mapping[str, Any], across: _Scale, upwards: _Scale) -> Iterator[str]:
    mode = str(trace.get("mode") or "markers")
    points = [
        (across.at(float(x)), upwards.at(float(y)), n)
        for n, (x, y) in enumerate(zip(trace["x"], trace["y"], strict=True))
        if x is not None and y is not None
    ]
    if "lines" in mode and len(points) > 1:
        line = trace.get("line", {})
        path = " ".join(f"{'M' if not n else 'L'}{x:.1f} {y:.1f}" for n, (x, y, _) in enumerate(points))
        dash = f' stroke-dasharray="{DASHES[line["dash"]]}"' if line.get("dash") in DASHES else ""
        width = line.get("width", 2)
        yield f'<path d="{path}" fill="none" stroke="{_colour(line.get("color"))}" stroke-width="{width}"{dash}/>'
    if "markers" not in mode:
        return
    marker = trace.get("marker", {})
    for x, y, n in points:
        yield from _arms(trace.get("error_x"), n, float(trace["x"][n]), y, across, flat=True)
        yield from _arms(trace.get("error_y"), n, float(trace["y"][n]), x, upwards, flat=False)
        size = float(_nth(marker.get("size", 10), n))
        yield _mark(str(_nth(marker.get("symbol", "circle"), n)), x, y, size, _colour(_nth(marker.get("color"), n)))


def _arms(
    error: Mapping[str, Any] | None, n: int, value: float, other: float, scale: _Scale, *, flat: bool
) -> Iterator[str]:
    if not error or not error.get("array"):
        return
    up = float(error["array"][n])
    down = float((error.get("arrayminus") or error["array"])[n])
    one, two = scale.at(value - down), scale.at(value + up)
    ends = (one, other, two, other) if flat else (other, one, other, two)
    yield _line(*ends, _colour(error.get("color")), float(error.get("thickness", 2)))


def _mark(symbol: str, x: float, y: float, size: float, colour: str) -> str:
    half = size / 2
    hollow = symbol.endswith("-open")
    paint = f'fill="{"#ffffff" if hollow else colour}" stroke="{colour}" stroke-width="{2 if hollow else 0.5}"'
    kind = symbol.removesuffix("-open")
    if kind == "square":
        return f'<rect x="{x - half:.1f}" y="{y - half:.1f}" width="{size:.1f}" height="{size:.1f}" {paint}/>'
    corners = {
        "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        "triangle-up": [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        "triangle-down": [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    }.get(kind)
    if corners:
        places = " ".join(f"{x + half * dx:.1f},{y + half * dy:.1f}" for dx, dy in corners)
        return f'<polygon points="{places}" {paint}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{half:.1f}" {paint}/>'


def _shape(shape: Mapping[str, Any], across: _Scale, upwards: _Scale) -> str:
    x0, x1 = (_place(shape[key], shape.get("xref"), across) for key in ("x0", "x1"))
    y0, y1 = (_place(shape[key], shape.get("yref"), upwards) for key in ("y0", "y1"))
    if shape.get("type") == "rect":
        left, right = sorted((_within(x0, across), _within(x1, across)))
        top, low = sorted((_within(y0, upwards), _within(y1, upwards)))
        size = f'width="{right - left:.1f}" height="{low - top:.1f}"'
        return f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="#808080" fill-opacity="0.14"/>'
    line = shape.get("line", {})
    ends = _within(x0, across), y0, _within(x1, across), y1
    return _line(*ends, "#8a8a90", float(line.get("width", 1.5)), DASHES.get(str(line.get("dash")), ""))


def _place(value: Any, ref: Any, scale: _Scale) -> float:
    """A shape's edge: a share of the frame, or a value."""
    if str(ref or "").startswith("paper") or str(ref or "").endswith("domain"):
        return scale.start + (scale.end - scale.start) * float(value)
    return scale.at(float(value))


def _within(value: float, scale: _Scale) -> float:
    low, high = sorted((scale.start, scale.end))
    return min(max(value, low), high)


def _label(note: Mapping[str, Any], across: _Scale, upwards: _Scale) -> str:
    if not note.get("text"):
        return ""
    x = across.at_raw(float(note["x"])) + float(note.get("xshift", 0))
    y = upwards.at_raw(float(note["y"])) - float(note.get("yshift", 0))
    anchor = {"left": "start", "right": "end"}.get(str(note.get("xanchor")), "middle")
    font = note.get("font") or {}
    lowered = y + (4.5 if note.get("yanchor") != "bottom" else -4)
    text = str(note["text"])
    return _text(text, x, lowered, anchor=anchor, colour=_colour(font.get("color", INK)), bold="<b>" in text)


# --- Strokes and letters ------------------------------------------------------------------------------


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _text(
    text: str,
    x: float,
    y: float,
    *,
    anchor: str,
    size: float = SIZE,
    colour: str = INK,
    bold: bool = False,
    more: str = "",
) -> str:
    shown = html.escape(html.unescape(TAGS.sub("", text)))
    weight = ' font-weight="bold"' if bold else ""
    look = f'text-anchor="{anchor}" font-size="{size}" fill="{colour}"{weight}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look} {more}>{shown}</text>'.replace(" >", ">")


def _lines(text: str) -> list[str]:
    return re.split(r"<br ?/?>", text)


def _wide(text: str) -> float:
    return len(html.unescape(TAGS.sub("", text))) * SIZE * LETTER


def _nth(value: Any, n: int) -> Any:
    return value[n] if isinstance(value, list) else value


def _colour(value: Any) -> str:
    """A colour that SVG knows: what is see-through becomes a plain grey."""
    text = str(value or INK)
    return text if re.fullmatch(r"#[0-9A-Fa-f]{3,8}", text) else "#8a8a90"
