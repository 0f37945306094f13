"""One file becomes documents, or the reason why it does not."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from rag.archives import members
from rag.document import Document, Unreadable, fingerprint
from rag.encodings import read_text
from rag.layout import parse_layout, parse_pdf_layout
from rag.parsed import Parsed
from rag.pdf import parse_pdf
from rag.webpage import parse_webpage
from rag.word import parse_word
from workbench.document_kinds import LAYOUT_SUFFIXES, READING, layout_version
from workbench.errors import DataError
from workbench.table import Table
from workbench.textfiles import read_csv, read_jsonl

PLAIN_SUFFIXES = (".txt", ".md")
TABLE_SUFFIXES = (".jsonl", ".csv")
PARSED_SUFFIXES = (".html", ".htm", ".pdf", ".docx", *LAYOUT_SUFFIXES)
"""Kinds that take long enough to parse that what came out is worth keeping."""
ARCHIVE = ".zip"
TEXT_COLUMNS = ("text", "content", "body")
"""The first of these that a row has text in is the document."""

Parse = Callable[[bytes, str], Parsed]
Keep = Callable[[bytes, str, Callable[[], Parsed]], Parsed]
"""Called with a file's bytes, what it is parsed by, and what parses it: gives what was parsed before, or parses it."""


def parse_anew(data: bytes, by: str, parse: Callable[[], Parsed]) -> Parsed:
    """Nothing is kept."""
    return parse()


def read_file(path: Path, name: str, *, keep: Keep = parse_anew) -> Iterator[Document | Unreadable]:
    """The documents of a file, which it is called ``name``; those of an archive below its name."""
    try:
        if path.suffix.lower() == ARCHIVE:
            for member in members(path, name):
                inner = f"{name}/{member.name}"
                yield from [Unreadable(inner, member.refused)] if member.refused else _read(inner, member.data, keep)
        elif _unknown(name):
            yield Unreadable(name, _unknown(name))
        else:
            yield from _read(name, path.read_bytes(), keep)
    except DataError as error:
        yield _unusable(name, error)
    except OSError as error:
        yield Unreadable(name, f"cannot be opened: {error.strerror}")


def _unknown(name: str) -> str:
    """Why files of this ending are not read; empty where they are."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in PLAIN_SUFFIXES + TABLE_SUFFIXES + PARSED_SUFFIXES:
        return ""
    return f"is of an unknown kind, {suffix!r}" if suffix else "has no ending that says what kind of file it is"


def _unusable(name: str, error: DataError) -> Unreadable:
    return Unreadable(name, error.message.removeprefix(f"{name} ").rstrip("."))


def _read(name: str, data: bytes, keep: Keep) -> Iterator[Document | Unreadable]:
    suffix = PurePosixPath(name).suffix.lower()
    if reason := _unknown(name):
        yield Unreadable(name, reason)
        return
    try:
        if not data or data.isspace():
            yield Unreadable(name, "is empty")
        elif suffix in PLAIN_SUFFIXES:
            yield Document(name, _plain_lines(read_text(data, name)))
        elif suffix in TABLE_SUFFIXES:
            yield from _rows((read_jsonl if suffix == ".jsonl" else read_csv)(read_text(data, name), name), name)
        else:
            by, parse = _parser(suffix)
            found = keep(data, by, lambda: parse(data, name))
            yield Document(name, found.text, found.title, found.pages)
            for part, reason in found.gaps:
                yield Unreadable(f"{name}, {part}", reason)
    except DataError as error:
        yield _unusable(name, error)


def _parser(suffix: str) -> tuple[str, Parse]:
    """What parses files of an ending, and by what name that is known in what is kept."""
    layout = layout_version()
    if suffix in (".html", ".htm"):
        return f"html {READING}", parse_webpage
    if suffix == ".pdf" and layout is not None:
        return f"pdf {READING} layout {layout}", parse_pdf_layout
    if suffix in LAYOUT_SUFFIXES:
        return f"{suffix[1:]} {READING} layout {layout}", lambda data, name: parse_layout(data, name, suffix)
    return f"{suffix[1:]} {READING}", parse_pdf if suffix == ".pdf" else parse_word


def _rows(table: Table, name: str) -> Iterator[Document | Unreadable]:
    columns = [column for column in TEXT_COLUMNS if column in table.columns]
    if not columns:
        has = ", ".join(map(repr, table.columns))
        wanted = ", ".join(map(repr, TEXT_COLUMNS))
        yield Unreadable(name, f"has none of the columns {wanted}; it has {has}")
        return
    for number, row in zip(table.numbers, table.rows, strict=True):
        cells = {column: value.strip() for column, value in zip(table.columns, row, strict=True)}
        text = _plain_lines(next((cells[column] for column in columns if cells[column]), ""))
        title = " ".join(cells.get("title", "").split())
        if text:
            yield Document(cells.get("id", "") or f"{name}:{fingerprint(title, text)[:12]}", text, title)
        else:
            yield Unreadable(f"{name}, {table.unit} {number}", "has no text")


def _plain_lines(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()
