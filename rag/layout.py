"""Slides, workbooks and the tables of PDFs, read through an optional package. The only importer of markitdown."""

import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile, ZipFile

from rag.archives import checked
from rag.parsed import Parsed
from rag.pdf import parse_pdf, single_pages
from workbench.binaryfiles import COMPOUND_FILE
from workbench.document_kinds import LAYOUT_EXTRA, layout_version
from workbench.errors import DataError

SLIDE = re.compile(r"<!-- Slide number: \d+ -->\s*")
"""What stands before each slide."""
MAIN = {".pptx": "ppt/presentation.xml", ".xlsx": "xl/workbook.xml"}
"""The part that a file of each kind must have; without it, any archive would be taken for one."""
PICTURE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)[ \t]*")
"""A picture that is not there any more."""


def parse_layout(data: bytes, name: str, suffix: str) -> Parsed:
    """The text of slides or a workbook as Markdown, each slide a page.

    Raises DataError where the package is not installed, or the file has a password, is damaged, or says nothing.
    """
    if layout_version() is None:
        raise DataError(f"{name} needs an optional package: {LAYOUT_EXTRA}.", "Install it, or save the file as PDF.")
    if data.startswith(COMPOUND_FILE):
        raise DataError(f"{name} is protected by a password or of an old kind.", f"Save it as {suffix} without one.")
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            inner = {info.filename for info in checked(archive, name)}
    except BadZipFile:
        raise DataError(f"{name} is damaged: it is not a ZIP file inside.", "Save it again.") from None
    if MAIN[suffix] not in inner:
        raise DataError(f"{name} is damaged: it lacks {MAIN[suffix]}.", "Save it again.")
    text = PICTURE.sub("", _converted(data, name, suffix))
    slides = [slide.strip() for slide in SLIDE.split(text)[1:]] if suffix == ".pptx" else []
    pages = [sum(len(slide) + 2 for slide in slides[:n]) for n in range(len(slides))]
    whole = "\n\n".join(slides) if slides else text.strip()
    if not whole.strip():
        raise DataError(f"{name} has no text.", "If it holds pictures of text, run OCR first.")
    return Parsed(text=whole.rstrip(), pages=tuple(pages))


def parse_pdf_layout(data: bytes, name: str) -> Parsed:
    """The text of a PDF as ``parse_pdf`` has it, its tables as tables.

    Raises DataError as that does.
    """
    return parse_pdf(data, name, extract=lambda: list(_page_texts(data, name)))


def _page_texts(data: bytes, name: str) -> Iterator[str]:
    for page in single_pages(data, name):
        yield _converted(page, name, ".pdf")


def _converted(data: bytes, name: str, suffix: str) -> str:
    # It takes a second to import, and most corpora have no use for it.
    from markitdown import MarkItDown, MarkItDownException, StreamInfo

    converter: Any = MarkItDown(enable_plugins=False)
    try:
        return str(converter.convert_stream(io.BytesIO(data), stream_info=StreamInfo(extension=suffix)).markdown)
    except MarkItDownException as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise DataError(f"{name} cannot be read: {reason}.", "Save it again, or as PDF.") from None
