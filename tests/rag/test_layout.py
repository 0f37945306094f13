"""Slides, workbooks and tables in PDFs, where the optional package for them is installed."""

import importlib.util
import io

import openpyxl
import pytest

from rag.layout import parse_layout, parse_pdf_layout
from tests.rag.files import packed, pdf
from workbench.document_kinds import DOCUMENT_SUFFIXES, LAYOUT_PACKAGE, layout_version, readable_suffixes
from workbench.errors import DataError

installed = pytest.mark.skipif(
    importlib.util.find_spec(LAYOUT_PACKAGE) is None, reason="the extra 'layout' is not installed"
)


def test_without_the_package_the_files_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.layout.layout_version", lambda: None)
    with pytest.raises(DataError, match=r"needs an optional package: pip install 'llm-workbench\[layout\]'"):
        parse_layout(b"PK", "a.pptx", ".pptx")
    assert (".pptx" in readable_suffixes()) == (layout_version() is not None)
    assert set(DOCUMENT_SUFFIXES) <= set(readable_suffixes())


@installed
def test_a_workbook_is_read_sheet_by_sheet() -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Prices"
    for row in (("Item", "Price"), ("Lamp", 49)):
        book.active.append(row)
    book.save(out)
    assert parse_layout(out.getvalue(), "a.xlsx", ".xlsx").text.startswith("## Prices\n| Item | Price |")


@installed
def test_every_slide_is_a_page() -> None:
    slides = pytest.importorskip("pptx").Presentation()
    out = io.BytesIO()
    for title, body in (("Hours", "Nine to five."), ("Returns", "Thirty days.")):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, body
    slides.save(out)
    found = parse_layout(out.getvalue(), "a.pptx", ".pptx")
    assert found.text == "# Hours\nNine to five.\n\n# Returns\nThirty days."
    assert [found.text[place:][:6] for place in found.pages] == ["# Hour", "# Retu"]


@installed
def test_pages_of_a_pdf_are_kept() -> None:
    found = parse_pdf_layout(pdf([["The lamp costs nine crowns."], ["The chair is blue."]]), "a.pdf")
    assert found.text == "The lamp costs nine crowns.\n\nThe chair is blue."
    assert found.text[found.pages[1] :] == "The chair is blue."
    with pytest.raises(DataError, match="are pictures"):
        parse_pdf_layout(pdf([None, None]), "a.pdf")


@installed
def test_what_is_damaged_says_so() -> None:
    for data, reason in (
        (b"x", "it is not a ZIP file inside"),
        (packed({"a": "b"}), r"it lacks ppt/presentation\.xml"),
        (packed({"ppt/presentation.xml": "<b/>"}), "cannot be read"),
    ):
        with pytest.raises(DataError, match=reason):
            parse_layout(data, "a.pptx", ".pptx")
