"""Tables and answers as HTML: pure functions. Everything that users and models wrote is escaped and made visible.

Colours are mid-tones or shades of grey, which light and dark surroundings both bear.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.blocks import Answer, Column, Table
from workbench.chart_parts import COLOURS, MARKS
from workbench.flips import Flip
from workbench.plaintext import visible
from workbench.traces import Pieces

ARROWS = {"higher": "↑", "lower": "↓", "": ""}
BETTER = {"higher": "higher is better", "lower": "lower is better"}
LONG = 220
"""Characters from which an answer or a passage is folded."""
STYLE = """
<style>
.wb-scroll { overflow-x: auto; }
.wb-table { border-collapse: collapse; width: 100%; font-size: 0.9rem; line-height: 1.4; }
.wb-narrow { width: auto; min-width: 24rem; }
.wb-table th, .wb-table td { padding: 0.45rem 0.7rem; border: 0; border-bottom: 1px solid rgba(128,128,128,.25);
  text-align: left; vertical-align: top; }
.wb-table thead th { font-weight: 600; font-size: 0.8rem; opacity: .75; vertical-align: bottom;
  border-bottom: 1px solid rgba(128,128,128,.6); }
.wb-table td:first-child { white-space: nowrap; }
.wb-table td:last-child { min-width: 6.5rem; }
.wb-table .r { text-align: right; font-variant-numeric: tabular-nums; }
.wb-table td.r { white-space: nowrap; }
.wb-table td.w { white-space: normal; opacity: .75; font-style: italic; }
.wb-table tr.s td { font-weight: 650; background: rgba(128,128,128,.12); }
.wb-example { padding: 0.9rem 0 1.1rem; border-bottom: 1px solid rgba(128,128,128,.25); }
.wb-ask { font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere; }
.wb-row { font-family: monospace; font-size: 0.82rem; white-space: pre-wrap; margin-bottom: .4rem; }
.wb-learned { background: rgba(46, 160, 67, .25); border-radius: 3px; }
.wb-unlearned { opacity: .6; }
.wb-soft { opacity: .7; font-size: 0.82rem; }
.wb-words { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
.wb-answers { display: grid; gap: 0.6rem; margin-top: 0.7rem; overflow-x: auto; }
.wb-answer { border-top: 3px solid; padding: 0.45rem 0.1rem 0 0.1rem; font-size: 0.88rem; line-height: 1.4; }
.wb-answer .wb-who { font-size: 0.8rem; font-weight: 600; }
.wb-verdict { font-size: 0.8rem; margin-top: 0.25rem; }
.wb-right { color: #0f9068; } .wb-wrong { color: #cf5a2e; }
.wb-won, .wb-lost { border: 1px solid; border-radius: 99px; padding: 0 0.45rem; font-size: 0.74rem;
  white-space: nowrap; }
.wb-won { color: #0f9068; } .wb-lost { color: #cf5a2e; }
.wb-answer details, .wb-ask details { font-size: 0.8rem; margin-top: 0.3rem; }
.wb-answer summary, .wb-ask summary { cursor: pointer; }
.wb-passage { margin: 0.35rem 0; padding-left: 0.6rem; border-left: 2px solid rgba(128,128,128,.4); }
</style>
"""


def text(words: str) -> str:
    """Somebody's words, safe to put into a page."""
    return html.escape(visible(words))


# --- Tables -------------------------------------------------------------------------------------------


def table_html(table: Table) -> str:
    """A table of the report with figures to the right, arrows in the headers, and what is missing in words."""
    head = "".join(_head(column) for column in table.columns)
    rows = "".join(
        f"<tr{' class=s' if row.strong else ''}>"
        + "".join(_cell(cell, column) for cell, column in zip(row.cells, table.columns, strict=True))
        + "</tr>"
        for row in table.rows
    )
    narrow = " wb-narrow" if len(table.columns) < 4 else ""
    whole = f"<table class='wb-table{narrow}'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"{STYLE}<div class='wb-scroll'>{whole}</div>"


def _head(column: Column) -> str:
    side = " class='r'" if column.align == "right" else ""
    arrow = f" <span title='{BETTER[column.better]}'>{ARROWS[column.better]}</span>" if column.better else ""
    return f"<th{side}>{text(column.title)}{arrow}</th>"


def _cell(cell: str, column: Column) -> str:
    missing = cell.startswith("not measured")
    classes = ["w"] if missing else ["r"] if column.align == "right" else []
    named = f" class='{' '.join(classes)}'" if classes else ""
    return f"<td{named}>{text(cell)}</td>"


# --- Answers ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One example with the answers of the shown candidates."""

    example: str
    request: str
    target: str
    answers: tuple[Answer, ...]
    against: tuple[str, ...]
    """For each answer ``won`` or ``lost`` against the reference's, or empty."""


def example_html(asked: Asked) -> str:
    """One example: the request and the right answer on top, each candidate's answer in its column."""
    cells = "".join(_answer(answer, side) for answer, side in zip(asked.answers, asked.against, strict=True))
    columns = f"grid-template-columns: repeat({len(asked.answers)}, minmax(8.5rem, 1fr))"
    return (
        f"<div class='wb-example'><div class='wb-ask'>{_folded(asked.request)}</div>"
        f"<div class='wb-soft'>right: <span class='wb-words'>{text(asked.target)}</span> · {text(asked.example)}</div>"
        f"<div class='wb-answers' style='{columns}'>{cells}</div></div>"
    )


def examples_html(shown: Sequence[Asked]) -> str:
    """Examples one below the other."""
    return STYLE + "".join(example_html(asked) for asked in shown)


def _answer(answer: Answer, side: str) -> str:
    colour = COLOURS[answer.approach]
    words = _folded(answer.text) if answer.text.strip() else "<span class='wb-soft'>(nothing)</span>"
    marks = {"right": "<span class='wb-right'>✓ right</span>", "wrong": "<span class='wb-wrong'>✗ wrong</span>"}
    verdict = marks.get(answer.verdict, text(answer.verdict))
    remark = f" <span class='wb-soft'>{text(answer.remark)}</span>" if answer.remark else ""
    badge = f" <span class='wb-{side}'>{side}</span>" if side else ""
    return (
        f"<div class='wb-answer' style='border-color:{colour}'>"
        f"<div class='wb-who'>{MARKS[answer.approach]} {text(answer.candidate)}</div>"
        f"<div>{words}</div><div class='wb-verdict'>{verdict}{badge}{remark}</div>{_passages(answer)}</div>"
    )


def _passages(answer: Answer) -> str:
    if not answer.passages:
        return ""
    quoted = "".join(
        f"<div class='wb-passage'><b>{n}</b> {text(quote.id)}<br><span class='wb-words'>{text(quote.text)}</span></div>"
        for n, quote in enumerate(answer.passages, 1)
    )
    many = f"{len(answer.passages)} passage{'s' if len(answer.passages) > 1 else ''}"
    return f"<details><summary>{many}</summary>{quoted}</details>"


def _folded(words: str) -> str:
    if len(words) <= LONG:
        return f"<span class='wb-words'>{text(words)}</span>"
    head = text(words[: LONG - 40].rstrip())
    return (
        f"<span class='wb-words'>{head} …</span>"
        f"<details><summary>all {len(words):,} characters</summary><div class='wb-words'>{text(words)}</div></details>"
    )


def tokens_html(rows: Sequence[Pieces]) -> str:
    """Rows of a training with what carries loss in green and what is only read in grey."""
    names = {True: "wb-learned", False: "wb-unlearned"}
    lines = ("".join(f"<span class='{names[own]}'>{text(part)}</span>" for part, own in row) for row in rows)
    return STYLE + "".join(f"<div class='wb-row'>{line}</div>" for line in lines)


# --- Flipped items ------------------------------------------------------------------------------------


def flips_html(found: Sequence[Flip], *, trainings: int) -> str:
    """Items that training changed: the request and the right answer on top, before and after side by side."""
    return STYLE + "".join(_flip(one, trainings) for one in found)


def _flip(one: Flip, trainings: int) -> str:
    often = f" in {one.trainings} of {trainings} trainings" if trainings > 1 else ""
    right = f" · right: <span class='wb-words'>{_folded(one.reference)}</span>" if one.reference else ""
    sides = "".join(
        f"<div class='wb-answer' style='border-color: rgba(128,128,128,.45)'><span class='wb-who'>{title}</span> "
        f"<span class='wb-{verdict}'>{mark}</span><div>{_folded(words) if words.strip() else NOTHING}</div></div>"
        for title, words, verdict, mark in (
            ("before", one.before, "right" if one.lost else "wrong", "✓" if one.lost else "✗"),
            ("after", one.after, "wrong" if one.lost else "right", "✗" if one.lost else "✓"),
        )
    )
    return (
        "<div class='wb-example' style='padding: 0.5rem 0'><div class='wb-answers' "
        "style='grid-template-columns: 1.4fr 1fr 1fr; margin-top: 0'>"
        f"<div><div class='wb-words'>{_folded(one.request)}</div>"
        f"<div class='wb-soft'>{text(one.item)}{often}{right}</div></div>{sides}</div></div>"
    )


NOTHING = "<span class='wb-soft'>(nothing)</span>"
