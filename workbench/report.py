"""The report: what was measured and what follows from it, for a reader who was not there."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from workbench import render_html, render_markdown, render_pdf, render_xlsx, sections
from workbench.blocks import Block
from workbench.blocks import Report as Report
from workbench.create import audit_case
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
    material = sections.Material(results, recommendation, audit_case(results.case))
    blocks: list[Block] = [block for section in sections.ALL for block in section(material)]
    return Report(
        title=f"{results.case.name}: prompting, RAG or fine-tuning?",
        created=created or datetime.now(UTC),
        blocks=tuple(blocks),
    )


def render(results: Results, recommendation: Recommendation, *, to: Form, created: datetime | None = None) -> bytes:
    """The report as one self-contained HTML page, Markdown, PDF, a workbook, or JSON; both last hold the raw rows."""
    report = assemble(results, recommendation, created=created)
    if to == "pdf":
        return render_pdf.document(report)
    if to == "xlsx":
        return render_xlsx.workbook(report, results)
    if to == "html":
        return render_html.page(report).encode()
    if to == "md":
        return render_markdown.document(report).encode()
    rows = grounds(results)
    all_of_it = {
        "report": report.model_dump(mode="json"),
        "recommendation": recommendation.model_dump(mode="json"),
        "grounds": rows.model_dump(mode="json") if rows is not None else None,
    }
    return (json.dumps(all_of_it, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def write_report(path: Path, rendered: bytes) -> None:
    """Write a rendered report: whole or not at all.

    Raises WorkbenchError where it cannot be written.
    """
    write_atomically(path, rendered)
