"""A Word document becomes text: headings by their style, lists and tables kept. The only importer of docx."""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any
from zipfile import BadZipFile, ZipFile

import docx
from docx.oxml.ns import qn

from rag.archives import checked
from rag.markdown import heading, table
from rag.parsed import Parsed
from workbench.binaryfiles import COMPOUND_FILE
from workbench.errors import DataError

HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
TITLE = 0
"""The level of a document's own title, above all headings."""
LONGEST_CHAIN = 20
"""Styles that one is based on, at most: a damaged file may hold a circle."""
SIGNS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
GONE = frozenset((qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), FALLBACK))
"""What was deleted, how text looks, and what is said a second time for old programs."""
AROUND = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:ins", "w:moveTo", "w:customXml", "w:smartTag")))
"""What may stand around paragraphs and tables."""

Element = Any
"""An element of the file's XML; lxml's own class has no types."""


def parse_word(data: bytes, name: str) -> Parsed:
    """The text of a .docx file as Markdown, with all tracked changes accepted; without headers, footers and notes.

    Raises DataError where it has a password, is of the old .doc kind, is damaged, or says nothing.
    """
    if data.startswith(COMPOUND_FILE):
        old = "EncryptedPackage".encode("utf-16-le") not in data
        raise DataError(
            f"{name} is {'an old .doc file' if old else 'protected by a password'}.",
            "Save it as .docx." if old else "Save a copy without the password.",
        )
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            checked(archive, name)
        document = docx.Document(io.BytesIO(data))
        levels = _levels(document)
        blocks = list(_blocks(document.element.body, levels))
        title = " ".join((document.core_properties.title or "").split())
    # A damaged file shows in whichever part of the library meets it first, as any kind of exception.
    except (MemoryError, DataError):
        raise
    except Exception as error:
        kind = "it is not a ZIP file inside" if isinstance(error, BadZipFile) else type(error).__name__
        raise DataError(f"{name} cannot be read as a Word document: {kind}.", "Save it again as .docx.") from None
    text = "".join(f"\n{block}" if is_item else f"\n\n{block}" for block, is_item in _spaced(blocks)).strip()
    if not text:
        raise DataError(f"{name} has no text.", "If its pages are pictures, run OCR first.")
    return Parsed(text=text, title=title)


def _levels(document: Any) -> Mapping[str, int]:
    """The levels of those styles that are headings, or based on one, by the styles' ids."""
    found: dict[str, int] = {}
    for style in document.styles:
        one = style
        for _ in range(LONGEST_CHAIN):
            level = _level(one.element.find(qn("w:pPr")), str(one.name or ""))
            if level is not None:
                found[style.style_id] = level
            one = getattr(one, "base_style", None)
            if level is not None or one is None:
                break
    return found


def _level(properties: Element, name: str) -> int | None:
    """The level of a heading, from its style's name or its place in the outline."""
    if name.casefold() == "title":
        return TITLE
    if match := HEADING.fullmatch(name):
        return int(match[1])
    outline = properties.find(qn("w:outlineLvl")) if properties is not None else None
    level = int(outline.get(qn("w:val"), "9")) if outline is not None else 9
    return level + 1 if level < 9 else None


def _blocks(parent: Element, levels: Mapping[str, int]) -> Iterator[tuple[str, bool]]:
    """The blocks below an element in order, and whether each is an item of a list."""
    for child in parent:
        if child.tag == qn("w:p"):
            text = _text(child).strip()
            if text:
                yield _paragraph(child, text, levels)
        elif child.tag == qn("w:tbl"):
            text = _table(child)
            if text:
                yield text, False
        elif child.tag in AROUND:
            yield from _blocks(child, levels)


def _paragraph(element: Element, text: str, levels: Mapping[str, int]) -> tuple[str, bool]:
    properties = element.find(qn("w:pPr"))
    named = properties.find(qn("w:pStyle")) if properties is not None else None
    style = named.get(qn("w:val"), "") if named is not None else ""
    level = levels.get(style, _level(properties, ""))
    if level is not None:
        return heading(level + 1, text), False
    listed = properties.find(qn("w:numPr")) if properties is not None else None
    if listed is None and not style.startswith("List"):
        return text, False
    depth = listed.find(qn("w:ilvl")) if listed is not None else None
    indent = "  " * int(depth.get(qn("w:val"), "0")) if depth is not None else ""
    return f"{indent}- {text}", True


def _text(element: Element) -> str:
    """The text of a paragraph or a cell, each paragraph within it on a line of its own."""
    parts: list[str] = []
    for child in element:
        if child.tag == qn("w:t"):
            parts.append(child.text or "")
        elif child.tag in SIGNS:
            parts.append(SIGNS[child.tag])
        elif child.tag not in GONE:
            parts.append(_text(child))
            if child.tag == qn("w:p"):
                parts.append("\n")
    return "".join(parts)


def _table(element: Element) -> str:
    """A table; a cell that goes over several rows stands in each, one of a single column only arranges its text."""
    rows: list[list[str]] = []
    for row in element.iterchildren(qn("w:tr")):
        cells: list[str] = []
        for cell in row.iterchildren(qn("w:tc")):
            merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
            goes_on = merged is not None and merged.get(qn("w:val"), "continue") == "continue"
            above = rows[-1][len(cells)] if rows and len(cells) < len(rows[-1]) else ""
            span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
            cells.append(above if goes_on else _text(cell))
            cells += [""] * (int(span.get(qn("w:val"), "1")) - 1 if span is not None else 0)
        rows.append(cells)
    if max(map(len, rows), default=0) > 1:
        return table(rows)
    return "\n\n".join(filter(None, (cell.strip() for row in rows for cell in row)))


def _spaced(blocks: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Each block, and whether it goes on with the list of the block before."""
    before = False
    for block, is_item in blocks:
        yield block, before and is_item
        before = is_item
