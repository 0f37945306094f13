"""A report as a workbook: its tables, and the raw rows that they were made of."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from workbench.blocks import Callout, Report, Table
from workbench.plaintext import visible
from workbench.results import CandidateResults, Results

MOST_CHARACTERS = 32_767
"""Of one cell, as spreadsheets have it."""
WIDEST = 60
NUMBER = re.compile(r"[\u2212+]?[0-9][0-9,]*(\.[0-9]+)?( %)?")
RAW = (
    "example", "group", "tags", "request", "target", "candidate", "approach", "seed", "score", "abstained", "failure",
    "seconds", "tokens read", "tokens written", "answer",
)  # fmt: skip
"""Columns of the raw rows."""


def workbook(report: Report, results: Results) -> bytes:
    """The answer, every table on a sheet of its own, and one row for each candidate, seed and example."""
    book = Workbook()
    book.remove(book.worksheets[0])
    # The same report gives the same bytes, but for what the file format itself counts.
    book.properties.created = book.properties.modified = report.created.replace(tzinfo=None)
    _answer(book, report)
    taken: set[str] = set()
    for block in report.blocks:
        if isinstance(block, Table):
            heads = [visible(column.title) for column in block.columns]
            _sheet(
                book, _name(block.title, taken), heads, ([_figure(cell) for cell in row.cells] for row in block.rows)
            )
    _sheet(book, _name("Raw rows", taken), RAW, _raw(results))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _answer(book: Workbook, report: Report) -> None:
    rows: list[list[object]] = [["Report", report.title], ["Written", _when(report.created)]]
    for block in report.blocks:
        if isinstance(block, Callout):
            rows += [["Answer", block.headline], ["Strength", f"{block.strength}: {block.meaning}"]]
            rows += [["", sentence] for sentence in block.sentences]
            rows += [["Next", block.next_step]] if block.next_step else []
            rows += [["Mind", caution] for caution in block.cautions]
    _sheet(book, "Answer", ("", ""), rows)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()


def _sheet(book: Workbook, name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    sheet = book.create_sheet(name)
    lines: list[Sequence[object]] = [heads, *rows] if any(heads) else list(rows)
    longest = [0] * len(heads)
    for n, line in enumerate(lines, 1):
        for column, value in enumerate(line, 1):
            _fill(sheet.cell(n, column), value, bold=n == 1 and any(heads))
            longest[column - 1] = max(longest[column - 1], len(str(value)))
    for column, letters in enumerate(longest, 1):
        sheet.column_dimensions[get_column_letter(column)].width = min(WIDEST, letters + 2)
    if any(heads):
        sheet.freeze_panes = "A2"


def _fill(cell: Cell, value: object, *, bold: bool) -> None:
    """Put a value into a cell; text is never read as a formula, whoever wrote it."""
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", visible(value))[:MOST_CHARACTERS]
        cell.value = text
        cell.data_type = "s"
        if len(text) > WIDEST:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    else:
        cell.value = value  # type: ignore[assignment]
    if bold:
        cell.font = Font(bold=True)


def _figure(text: str) -> object:
    """A figure as a number, so that it can be sorted; percent as a share times 100, as it is printed."""
    if not NUMBER.fullmatch(text):
        return text
    number = float(text.removesuffix(" %").replace("\u2212", "-").replace(",", ""))
    return int(number) if number.is_integer() and "." not in text else number


def _name(title: str, taken: set[str]) -> str:
    """A sheet's name: short, without what spreadsheets refuse, and its own."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", visible(title)).strip("' ")[:28] or "Table"
    name = next(each for each in (plain, *(f"{plain} {n}" for n in range(2, 100))) if each.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _raw(results: Results) -> Iterable[list[object]]:
    for one in results.candidates:
        for row, run in enumerate(one.runs):
            yield from _rows(results, one, row, run.seed)


def _rows(results: Results, one: CandidateResults, row: int, seed: int) -> Iterable[list[object]]:
    values, responses = one.values[results.use_case.metric][row], one.responses(row)
    answers = {response.example: response for response in responses}
    for n, example in enumerate(results.examples):
        response, value = answers[example.id], float(values[n])
        yield [
            example.id, example.cluster, ", ".join(example.tags), example.question, example.reference, one.name,
            one.candidate.approach, seed, None if value != value else value, bool(one.abstained[row, n]),
            response.finish if response.finish != "stop" else "", response.seconds, response.prompt_tokens,
            response.completion_tokens, response.text,
        ]  # fmt: skip
