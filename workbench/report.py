"""The report: what was measured and what follows from it, for a reader who was not there."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from workbench import render_html, render_markdown, render_pdf, render_xlsx, sections
from workbench.blocks import Block
from workbench.blocks import Report as Report
from workbench.grounds import grounds
from workbench.recommend import Recommendation
from workbench.results import Results
from workbench.workspace import write_atomically

Form = Literal["html", "md", "json", "pdf", "xlsx"]
FORMS: tuple[Form, ...] = get_args(Form)


def assemble(results: Results, recommendation: Recommendation, *, created: datetime | None = None) -> Report:
    """Arrange results and recommendation into a report; ``created`` is now unless it is given.

    Apart from that the same results give the same report. Reads the answers and the examples anew.
    """
    parts = sections.write(sections.Material(results, recommendation, results.audit()))
    return _report(results, (block for _, blocks in parts for block in blocks), created=created)


def _report(results: Results, blocks: Iterable[Block], *, created: datetime | None) -> Report:
    return Report(title=sections.title(results.use_case), created=created or datetime.now(UTC), blocks=tuple(blocks))


def render(results: Results, recommendation: Recommendation, *, to: Form, created: datetime | None = None) -> bytes:
    """The report as one self-contained HTML page, Markdown, PDF, a workbook, or JSON; both last hold the raw rows."""
    if to == "json":
        return _json(results, recommendation, created=created).encode()
    report = assemble(results, recommendation, created=created)
    if to == "pdf":
        return render_pdf.document(report)
    if to == "xlsx":
        return render_xlsx.workbook(report, results)
    return (render_html.page(report) if to == "html" else render_markdown.document(report)).encode()


def _json(results: Results, recommendation: Recommendation, *, created: datetime | None) -> str:
    """Report, recommendation and raw rows; the rows without indentation, since they are many."""
    parts = dict(sections.write(sections.Material(results, recommendation, results.audit())))
    report = _report(results, (block for blocks in parts.values() for block in blocks), created=created)
    told = {
        "report": report.model_dump(mode="json"),
        "sections": {name: len(blocks) for name, blocks in parts.items()},
        "recommendation": recommendation.model_dump(mode="json"),
    }
    dumped = [f'"{name}": {_dump(value, indent=1)}' for name, value in told.items()]
    dumped.append(f'"grounds": {_dump(grounds(results, report.blocks).model_dump(mode="json"))}')
    return "{\n" + ",\n".join(dumped) + "\n}\n"


def _dump(value: object, *, indent: int | None = None) -> str:
    separators = None if indent else (",", ":")
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False)


def write_report(path: Path, rendered: bytes) -> None:
    """Write a rendered report: whole or not at all.

    Raises WorkbenchError where it cannot be written.
    """
    write_atomically(path, rendered)
