"""A report as PDF, set by Typst: for reading on paper, and for people who expect a document."""

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import typst

from workbench.blocks import (
    TICKS,
    AnsweredExample,
    Block,
    Callout,
    Chart,
    Code,
    Definitions,
    Examples,
    Heading,
    Items,
    Report,
    Table,
    Text,
)
from workbench.figure_svg import figure_svg
from workbench.figures import figure_of
from workbench.plaintext import visible

ARROWS = {"": "", "higher": " \u2191", "lower": " \u2193"}
MOST_CODE = 6_000
"""Characters of a listing; the rest stands in the other forms of the report."""
MOST_ANSWER = 1_200
WIDE_TABLE = 7
"""From so many columns on a table is set smaller."""
WORD = 14
"""Letters of a word that a column must hold without breaking it."""


def document(report: Report) -> bytes:
    """The whole report as PDF; the same report gives the same bytes."""
    data = {
        "title": visible(report.title),
        "day": report.created.strftime("%Y-%m-%d %H:%M") + f" {report.created.tzname() or ''}".rstrip(),
        "blocks": [_shown(block) for block in report.blocks],
    }
    template = resources.files("workbench").joinpath("report.typ").read_bytes()
    made = typst.compile(
        template,
        format="pdf",
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
        ignore_system_fonts=True,
        timestamp=report.created.replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def _shown(block: Block) -> dict[str, Any]:
    """A block as the template reads it."""
    if isinstance(block, Heading):
        return {"kind": "heading", "text": visible(block.text)}
    if isinstance(block, Text):
        return {"kind": "text", "text": visible(block.text), "note": block.note}
    if isinstance(block, Callout):
        return {
            "kind": "callout", "strength": block.strength, "meaning": visible(block.meaning),
            "headline": visible(block.headline), "sentences": [visible(each) for each in block.sentences],
            "next_step": visible(block.next_step), "cautions": [visible(each) for each in block.cautions],
        }  # fmt: skip
    if isinstance(block, Items):
        cited = [f" (comparison {item.link_text})" if item.link else "" for item in block.items]
        return {"kind": "items", "items": [visible(i.text) + c for i, c in zip(block.items, cited, strict=True)]}
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Chart):
        return {"kind": "picture", "title": visible(block.title), "svg": figure_svg(figure_of(block))}
    if isinstance(block, Examples):
        shown = [_example(n, one, block.subject) for n, one in enumerate(block.examples, 1)]
        return {"kind": "examples", "examples": shown}
    if isinstance(block, Definitions):
        items = [{"term": visible(one.term), "text": _breakable(visible(one.text))} for one in block.items]
        return {"kind": "definitions", "items": items}
    assert isinstance(block, Code)
    text = visible(block.text)
    if len(text) > MOST_CODE:
        text = f"{text[:MOST_CODE]}\n(cut here; the HTML and JSON forms of this report have all of it)"
    return {"kind": "code", "title": visible(block.title), "text": text}


def _table(block: Table) -> dict[str, Any]:
    """Columns as wide as what stands in them needs, within reason."""
    heads = [visible(column.title) + ARROWS[column.better] for column in block.columns]
    rows = [[_breakable(visible(cell)) for cell in row.cells] for row in block.rows]
    widths = [_width([head, *(row[n] for row in rows)]) for n, head in enumerate(heads)]
    return {
        "kind": "table", "title": visible(block.title), "size": 8.5 if len(heads) < WIDE_TABLE else 7.5,
        "widths": widths,
        "columns": [{"title": head, "align": c.align} for head, c in zip(heads, block.columns, strict=True)],
        "rows": [{"cells": cells, "strong": row.strong} for cells, row in zip(rows, block.rows, strict=True)],
    }  # fmt: skip


def _width(cells: list[str]) -> float:
    """A column's share: its longest word must fit, and a long text gets more."""
    word = max((len(part) for cell in cells for part in cell.split()), default=1)
    whole = max(len(cell) for cell in cells)
    return float(max(word + 1, min(whole, 14 + whole // 8)))


def _breakable(text: str) -> str:
    """Words that no line could hold may be broken: hashes, paths."""
    return " ".join(
        "\u200b".join(word[n : n + WORD] for n in range(0, len(word), WORD)) if len(word) > 3 * WORD else word
        for word in text.split(" ")
    )


def _example(number: int, one: AnsweredExample, subject: str) -> dict[str, Any]:
    outcome = "Level with the others" if one.subject == "tied" else f"{one.subject.capitalize()} by {subject}"
    return {
        "head": f"{number}. {outcome} ({visible(one.example)})",
        "request": _cut(one.request),
        "target": _cut(one.target),
        "answers": list(_answers(one)),
    }


def _answers(one: AnsweredExample) -> Iterator[dict[str, str]]:
    for answer in one.answers:
        remark = f", {visible(answer.remark)}" if answer.remark else ""
        head = f"{TICKS[answer.verdict]} {visible(answer.candidate)} ({answer.approach}), {answer.verdict}{remark}"
        yield {"head": head, "text": _cut(answer.text) if answer.text.strip() else "(an empty answer)"}


def _cut(text: str) -> str:
    shown = visible(text)
    return _breakable(shown if len(shown) <= MOST_ANSWER else f"{shown[:MOST_ANSWER]} \u2026")
