"""The report as PDF, as a workbook, and as JSON that can be verified."""

import io
import json
import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, get_args

import openpyxl
import plotly.graph_objects as go
import pytest
from pypdf import PdfReader

from tests.toys import finished_case
from workbench import render_html
from workbench.blocks import Block, Callout, Chart, Column, Heading, Report, Row, Table, Text
from workbench.cli import main
from workbench.errors import DataError, NotFound
from workbench.figure_svg import figure_svg
from workbench.figures import figure_of
from workbench.model import Noun
from workbench.render_pdf import document
from workbench.report import FORMS, assemble, render
from workbench.results import Results, decide, load_results
from workbench.verify import verify

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
HOSTILE = (
    '=HYPERLINK("http://evil.example","click")',
    '#image("/etc/passwd") #eval("1")',
    "] #sys.inputs [ $x$ *b* _i_ `raw` \\ <label> @cite",
    "invoice\u202efdp.exe \x1b[31m \x00",
    "longword" * 60,
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return load_results(finished_case(tmp_path_factory.mktemp("forms") / "workspace"))


@pytest.fixture(scope="module")
def told(results: Results) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(results, decide(results), to="json", created=NOON))
    return made


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def sheets(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


# --- PDF


def test_the_pdf_says_what_the_page_says(results: Results) -> None:
    recommendation = decide(results)
    text = text_of(render(results, recommendation, to="pdf", created=NOON))
    for said in (recommendation.headline, recommendation.sentences[1], "What would flip it", "Provenance"):
        assert said[:80] in text
    assert "2026-03-01 12:00 UTC" in text


def test_the_same_report_is_the_same_pdf(results: Results) -> None:
    report = assemble(results, decide(results), created=NOON)
    assert document(report) == document(report)


def test_what_others_wrote_is_only_text_on_paper() -> None:
    blocks: list[Block] = [Heading(text="T")]
    for text in HOSTILE:
        blocks += [
            Text(text=text),
            Table(title=text[:40], columns=(Column(title=text[:30]),), rows=(Row(cells=(text,)),)),
        ]
    text = text_of(document(Report(title=HOSTILE[2], created=NOON, blocks=tuple(blocks))))
    assert '#image("/etc/passwd")' in text
    assert "root:" not in text
    assert "U+202E" in text


def test_every_chart_can_be_drawn(results: Results) -> None:
    charts = [block for block in assemble(results, decide(results)).blocks if isinstance(block, Chart)]
    assert charts
    for block in charts:
        svg = figure_svg(figure_of(block))
        assert svg.startswith("<svg")
        assert "nan" not in svg
        assert (escape(block.effects[0].name) if block.kind == "effects" else "rag-sft") in svg


# --- Workbook


def test_the_workbook_holds_the_answer_the_tables_and_every_raw_row(results: Results) -> None:
    recommendation = decide(results)
    found = sheets(render(results, recommendation, to="xlsx", created=NOON))
    assert recommendation.headline in [row[1] for row in found["Answer"]]
    head, *rows = found["Raw rows"]
    assert len(rows) == sum(len(one.runs) for one in results.candidates) * len(results.examples)
    score, name, seed = head.index("score"), head.index("candidate"), head.index("seed")
    for one in results.candidates:
        own = [row[score] for row in rows if row[name] == one.name and row[seed] == one.runs[0].seed]
        assert sum(own) == pytest.approx(one.values[results.use_case.metric][0].sum())
    assert isinstance(found["Every pair on exact match"][1][3], int | float)
    assert isinstance(found["Quality"][1][4], int)


def test_no_cell_is_a_formula(results: Results) -> None:
    from workbench.render_xlsx import workbook

    table = Table(title="a/b:c", columns=(Column(title="x"),), rows=tuple(Row(cells=(text,)) for text in HOSTILE))
    report = Report(title=HOSTILE[0], created=NOON, blocks=(table, table))
    book = openpyxl.load_workbook(io.BytesIO(workbook(report, results)))
    assert {"a b c", "a b c 2"} <= set(book.sheetnames)
    kinds = {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["a b c"]["A2"].value == HOSTILE[0]


# --- Verified


def write(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_report_follows_from_its_rows(told: dict[str, Any], tmp_path: Path) -> None:
    found = verify(write(tmp_path / "r.json", told))
    assert found.wrong == ()
    assert found.figures > 200


def altered(told: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(told))
    return copy


def test_one_changed_row_is_found(told: dict[str, Any], tmp_path: Path) -> None:
    data = altered(told)
    row = data["grounds"]["candidates"][-1]["values"]["exact_match"][0]
    row[7] = 1 - row[7]
    assert verify(write(tmp_path / "r.json", data)).wrong


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("recommendation", "headline"), "Use something else."),
        (("recommendation", "standings", 0, "mean"), 0.5),
        (("grounds", "use_case", "smallest_difference"), 0.3),
    ],
)
def test_one_changed_figure_is_found(
    told: dict[str, Any], tmp_path: Path, where: tuple[str | int, ...], value: object
) -> None:
    data = altered(told)
    inside: Any = data
    for key in where[:-1]:
        inside = inside[key]
    inside[where[-1]] = value
    assert verify(write(tmp_path / "r.json", data)).wrong


def test_a_changed_answer_or_picture_is_found(told: dict[str, Any], tmp_path: Path) -> None:
    data = altered(told)
    callout = next(block for block in data["report"]["blocks"] if block["kind"] == "callout")
    callout["headline"] = "Use something else."
    picture = next(block for block in data["report"]["blocks"] if block["kind"] == "dots with intervals")
    picture["standings"][0]["high"] = 0.99
    wrong = verify(write(tmp_path / "r.json", data)).wrong
    assert any(text.startswith("The answer, callout") for text in wrong)
    assert any(text.startswith("The picture, dots with intervals") for text in wrong)


def test_what_is_no_report_is_said(tmp_path: Path, told: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        verify(tmp_path / "none.json")
    (tmp_path / "x.json").write_text("<html>")
    with pytest.raises(DataError, match="no JSON"):
        verify(tmp_path / "x.json")
    with pytest.raises(DataError, match="no report"):
        verify(write(tmp_path / "y.json", {"a": 1}))
    with pytest.raises(DataError, match="older version"):
        verify(write(tmp_path / "z.json", {**told, "grounds": None}))
    with pytest.raises(DataError, match="older version"):
        verify(write(tmp_path / "z.json", {name: told[name] for name in ("report", "recommendation", "grounds")}))


def test_the_commands(results: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case, where = results.case, ["--workspace", str(results.case.workspace)]
    for form in FORMS:
        path = tmp_path / f"r.{form}"
        assert main(["report", case.name, "--to", form, "--out", str(path), *where]) == 0
        assert path.stat().st_size > 1_000
    assert main(["verify", str(tmp_path / "r.json")]) == 0
    assert "follow from its raw rows" in capsys.readouterr().out
    data = json.loads((tmp_path / "r.json").read_text())
    data["grounds"]["candidates"][0]["values"]["exact_match"][0][0] = 0.25
    assert main(["verify", str(write(tmp_path / "r.json", data))]) == 2
    assert "do not follow" in capsys.readouterr().out


def test_a_callout_is_told_whole(told: dict[str, Any]) -> None:
    assert [block for block in Report.model_validate(told["report"]).blocks if isinstance(block, Callout)]


@pytest.mark.parametrize("kind", get_args(Chart), ids=lambda kind: str(kind.__name__))
def test_every_kind_of_picture_is_drawn_in_the_page(kind: type[Noun], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_html, "figure_of", lambda block: go.Figure())
    block = kind.model_construct(title="what it shows")
    text = render_html.page(Report.model_construct(title="t", created=datetime.now(UTC), blocks=(block,)))
    assert text.count('class="figure"') == 1
    assert "<figcaption>what it shows</figcaption>" in text
