"""Word documents: headings by style, lists, tables, tracked changes; and what cannot be read."""

import io

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag.word import parse_word
from tests.rag.files import packed, word
from workbench.binaryfiles import COMPOUND_FILE
from workbench.errors import DataError


def test_headings_lists_and_tables_are_kept_in_order() -> None:
    data = word(
        ("Title", "The shop"),
        ("Heading 1", "Hours"),
        ("Normal", "Nine to five."),
        ("List Bullet", "Monday"),
        ("List Bullet", "Tuesday"),
        [["Item", "Price"], ["Lamp", "49 | net"]],
        ("Heading 2", "Summer"),
        ("Normal", "  "),
        ("Normal", "Always open."),
        title="Handbook",
    )
    found = parse_word(data, "a.docx")
    assert found.title == "Handbook"
    assert found.text == (
        "# The shop\n\n## Hours\n\nNine to five.\n\n- Monday\n- Tuesday\n\n"
        "| Item | Price |\n| --- | --- |\n| Lamp | 49 \\| net |\n\n### Summer\n\nAlways open."
    )


def test_a_style_based_on_a_heading_is_one() -> None:
    document, out = docx.Document(), io.BytesIO()
    own = document.styles.add_style("Own", 1)
    own.base_style = document.styles["Heading 2"]
    document.add_paragraph("Summer", style="Own")
    document.add_paragraph("Open.")
    document.save(out)
    assert parse_word(out.getvalue(), "a.docx").text == "### Summer\n\nOpen."


def test_changes_count_as_accepted_and_merged_cells_stand_in_every_row() -> None:
    document, out = docx.Document(), io.BytesIO()
    paragraph = document.add_paragraph("The lamp costs ")
    for kind, text in (("del", "<w:delText>nine</w:delText>"), ("ins", "<w:t>ten</w:t>")):
        paragraph._p.append(parse_xml(f'<w:{kind} {nsdecls("w")} w:id="1"><w:r>{text}</w:r></w:{kind}>'))
    table = document.add_table(3, 2)
    for row, cells in zip(table.rows, (("Kind", "Price"), ("Lamp", "9"), ("", "12")), strict=True):
        row.cells[0].text, row.cells[1].text = cells
    table.cell(1, 0).merge(table.cell(2, 0))
    document.save(out)
    text = parse_word(out.getvalue(), "a.docx").text
    assert text == "The lamp costs ten\n\n| Kind | Price |\n| --- | --- |\n| Lamp | 9 |\n| Lamp | 12 |"


def test_documents_that_cannot_be_read_say_why() -> None:
    encrypted = COMPOUND_FILE + "EncryptedPackage".encode("utf-16-le")
    for data, reason in (
        (encrypted, "protected by a password"),
        (COMPOUND_FILE, "an old .doc file"),
        (b"nothing", "it is not a ZIP file inside"),
        (packed({"a.txt": "x"}), "cannot be read as a Word document"),
        (word(), "has no text"),
        (packed({"word/document.xml": b"\0" * 2**25}), "times its size"),
    ):
        with pytest.raises(DataError, match=reason):
            parse_word(data, "a.docx")
