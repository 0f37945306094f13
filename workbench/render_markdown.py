"""A report as Markdown that is readable as it stands, in a terminal as well."""

import re
from collections.abc import Iterator, Sequence

from workbench.blocks import (
    TICKS,
    Answer,
    Block,
    Callout,
    Chart,
    Code,
    Column,
    Definitions,
    DifferencesChart,
    EffectsChart,
    Examples,
    Heading,
    Items,
    QualityChart,
    Report,
    Row,
    StandingsChart,
    Table,
    Text,
)
from workbench.chart_parts import MARKS
from workbench.cost import figure
from workbench.phrases import percent, points
from workbench.plaintext import visible
from workbench.quality_charts import Point

STRIP = 41
"""Characters of a dot with its interval."""
SHORT = 120
"""Characters of an answer that stands on one line with its label."""
ARROWS = {"": "", "higher": " ↑", "lower": " ↓"}


def document(report: Report) -> str:
    """The whole report; what candidates and users wrote can neither format nor link anything."""
    day = report.created.strftime("%Y-%m-%d %H:%M")
    parts = [f"# {plain(report.title)}", f"A report of {day} {report.created.tzname() or ''}".rstrip()]
    return "\n\n".join([*parts, body(report.blocks)]) + "\n"


def body(blocks: Sequence[Block]) -> str:
    """Blocks alone, without a title."""
    parts = ("\n".join(_lines(block)) for block in blocks)
    return "\n\n".join(part for part in parts if part)


def plain(text: str) -> str:
    """Text on one line in which nothing is Markdown or HTML."""
    flat = " ".join(visible(text).split())
    safe = re.sub(r"([\\`*\[\]|]|<(?=[A-Za-z/!?])|~(?=~))", r"\\\1", flat)
    safe = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", safe)
    safe = re.sub(r"&(?=#?\w+;)", r"\\&", safe)
    safe = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", safe)
    return re.sub(r"^(>|(?:#+|[-+=]+)(?=\s|$))", r"\\\1", safe)


def fenced(text: str) -> str:
    """Text as it is, between fences that it cannot close."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def literal(text: str) -> str:
    """Text on one line, letter by letter."""
    flat = " ".join(visible(text).split())
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"## {plain(block.text)}"
    elif isinstance(block, Text):
        yield plain(block.text)
    elif isinstance(block, Callout):
        yield from _callout(block)
    elif isinstance(block, Items):
        for item in block.items:
            cited = f" (comparison {plain(item.link_text)})" if item.link else ""
            yield f"- {plain(item.text)}{cited}"
    elif isinstance(block, Table):
        yield f"**{plain(block.title)}**\n"
        yield from grid(block.columns, [_cells(row) for row in block.rows])
    elif isinstance(block, Chart):
        yield from _chart(block)
    elif isinstance(block, Examples):
        yield from _examples(block)
    elif isinstance(block, Definitions):
        for term in block.items:
            yield f"- {plain(term.term)}: {literal(term.text) if term.literal else plain(term.text)}"
    else:
        yield from _code(block)


def _cells(row: Row) -> list[str]:
    """A row's cells; the first of one that matters more stands out."""
    cells = [plain(cell) for cell in row.cells]
    return [f"**{cells[0]}**", *cells[1:]] if row.strong and cells[0] else cells


def _callout(block: Callout) -> Iterator[str]:
    yield f"> **{plain(block.headline)}**\n>"
    yield f"> {block.strength.capitalize()}: {plain(block.meaning)}"
    for sentence in block.sentences:
        yield f">\n> {plain(sentence)}"
    if block.next_step:
        yield f">\n> Next: {plain(block.next_step)}"
    for caution in block.cautions:
        yield f"\n**Mind:** {plain(caution)}"


def _code(block: Code) -> Iterator[str]:
    yield f"{plain(block.title)}:\n"
    yield fenced(block.text)


def grid(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table whose columns line up; the cells are Markdown already."""
    heads = [plain(column.title) + ARROWS[column.better] for column in columns]
    widths = [max(3, *(len(cell) for cell in cells)) for cells in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if column.align == "right" else cell.ljust(width)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    yield line(heads)
    rules = [
        "-" * (width + 1) + (":" if column.align == "right" else "-")
        for width, column in zip(widths, columns, strict=True)
    ]
    yield f"|{'|'.join(rules)}|"
    yield from (line(row) for row in rows)


# --- Charts as tables ---------------------------------------------------------------------------------


def _chart(block: Chart) -> Iterator[str]:
    yield f"**{plain(block.title)}**\n"
    if isinstance(block, StandingsChart):
        yield from _standings(block)
    elif isinstance(block, DifferencesChart):
        yield from _differences(block)
    elif isinstance(block, QualityChart):
        yield from _quality(block)
    elif isinstance(block, EffectsChart):
        yield from _effects(block)
    else:
        yield "Its figures stand in the table below."


def _standings(block: StandingsChart) -> Iterator[str]:
    columns = (
        Column(title="Candidate"),
        Column(title="0 % to 100 %"),
        Column(title=block.metric, align="right", better="higher"),
    )
    rows = []
    for one in block.standings:
        name = plain(one.candidate)
        marked = f"**{name}** (chosen)" if one.candidate == block.choice else name
        drawn = strip(one.mean, one.low, one.high, span=(0.0, 1.0), mark=MARKS[one.approach])
        rows.append((marked, drawn, percent(one.mean)))
    yield from grid(columns, rows)


def _effects(block: EffectsChart) -> Iterator[str]:
    columns = (Column(title=""), Column(title="Figure (95 % interval)", align="right"))
    yield from grid(columns, [(plain(one.name), one.words) for one in block.effects])


def _differences(block: DifferencesChart) -> Iterator[str]:
    far = max(abs(edge) for one in block.gaps for edge in (one.low, one.high))
    name = plain(block.gaps[0].candidate)
    columns = (
        Column(title="Other"),
        Column(title=f"{points(-far)} to +{points(far)} points"),
        Column(title=f"{name} is ahead by", align="right"),
        Column(title="Shown?"),
    )
    rows = [
        (
            plain(one.other),
            strip(one.delta, one.low, one.high, span=(-far, far), mark=MARKS[one.approach], zero=True),
            points(one.delta),
            "yes" if one.shown else "no",
        )
        for one in block.gaps
    ]
    yield from grid(columns, rows)


def _quality(block: QualityChart) -> Iterator[str]:
    columns = (
        Column(title="Candidate"),
        Column(title=block.takes.title, align="right", better="lower"),
        Column(title=block.metric, align="right", better="higher"),
        Column(title="95 % interval", align="right"),
    )
    rows = [
        (
            plain(one.candidate),
            _takes(one),
            percent(one.mean),
            f"{100 * one.low:.1f} to {100 * one.high:.1f}",
        )
        for one in sorted(block.points, key=lambda one: one.takes)
    ]
    yield from grid(columns, rows)


def _takes(one: Point) -> str:
    if one.takes_low is None or one.takes_high is None:
        return figure(one.takes)
    return f"{figure(one.takes)} ({figure(one.takes_low)} to {figure(one.takes_high)})"


def strip(value: float, low: float, high: float, *, span: tuple[float, float], mark: str, zero: bool = False) -> str:
    """A dot with its interval, drawn with characters."""

    def place(at: float) -> int:
        return min(STRIP - 1, max(0, round((STRIP - 1) * (at - span[0]) / (span[1] - span[0]))))

    cells = ["·"] * STRIP
    cells[place(low) : place(high) + 1] = ["─"] * (place(high) - place(low) + 1)
    if zero:
        cells[place(0.0)] = "┼" if place(low) <= place(0.0) <= place(high) else "│"
    cells[place(value)] = mark
    return f"`{''.join(cells)}`"


# --- Examples -----------------------------------------------------------------------------------------


def _examples(block: Examples) -> Iterator[str]:
    for number, one in enumerate(block.examples, 1):
        outcome = "Level with the others" if one.subject == "tied" else f"{one.subject.capitalize()} by {block.subject}"
        yield f"### {number}. {plain(outcome)} ({plain(one.example)})\n"
        yield from _said("Request", one.request)
        yield ""
        yield from _said("Target", one.target)
        yield ""
        for answer in one.answers:
            yield from _answer(answer)
        yield ""


def _said(what: str, text: str) -> Iterator[str]:
    """Somebody's words: behind the label where they are short, fenced below it where not."""
    if "\n" not in text.strip() and len(text) <= SHORT:
        yield f"{what}: {literal(text)}"
        return
    yield f"{what}:\n"
    yield fenced(text)


def _answer(answer: Answer) -> Iterator[str]:
    remark = f", {plain(answer.remark)}" if answer.remark else ""
    head = f"{TICKS[answer.verdict]} {plain(answer.candidate)} ({answer.approach}), {answer.verdict}{remark}"
    if answer.text.strip():
        first, *rest = _said(head, answer.text)
        yield f"- {first}"
        yield from ("\n".join(f"  {line}" for line in lines.split("\n")) for lines in rest)
    else:
        yield f"- {head}: an empty answer"
    if answer.passages:
        yield f"\n  Passages: {', '.join(literal(passage.id) for passage in answer.passages)}"
