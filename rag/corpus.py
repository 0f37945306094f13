"""A folder becomes documents: every file read or listed with its reason, repeats dropped and counted."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.document import Document, Unreadable
from workbench.errors import DataError, NotFound
from workbench.table import Table, listed
from workbench.textfiles import decode, read_csv, read_jsonl

PLAIN_SUFFIXES = (".txt", ".md")
TABLE_SUFFIXES = (".jsonl", ".csv")
TEXT_COLUMNS = ("text", "content", "body")
"""The first of these that a row has text in is the document."""

READABLE = "Put .txt and .md files, or .jsonl and .csv files with a column 'text', into it, saved as UTF-8."


@dataclass(frozen=True)
class Corpus:
    """What a folder of documents held."""

    documents: tuple[Document, ...]
    unreadable: tuple[Unreadable, ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    """Documents that were dropped because title and text are those of an earlier one: (its id, the earlier one's)."""


def read_corpus(folder: Path) -> Corpus:
    """All documents below a folder, in the order of their names; hidden files are passed over.

    What cannot be read is listed in ``unreadable`` and does not stop the rest. Raises NotFound where
    there is no folder, and DataError where nothing in it can be read or two different documents
    have the same id.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", "Check the name of the folder with the documents.")
    found: list[Document] = []
    unreadable: list[Unreadable] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            for item in _read_file(path, name.as_posix()):
                if isinstance(item, Document):
                    found.append(item)
                else:
                    unreadable.append(item)
    if not found:
        raise _nothing_readable(folder, unreadable)
    documents, duplicates = _drop_repeats(found)
    return Corpus(documents, tuple(unreadable), duplicates)


def _nothing_readable(folder: Path, unreadable: Sequence[Unreadable]) -> DataError:
    if not unreadable:
        return DataError(f"{folder} holds no documents.", READABLE)
    reasons = listed((f"{item.name} {item.reason}" for item in unreadable), most=3)
    return DataError(f"Nothing in {folder} can be read: {reasons}.", READABLE)


def _read_file(path: Path, name: str) -> Iterator[Document | Unreadable]:
    suffix = path.suffix.lower()
    if suffix not in PLAIN_SUFFIXES + TABLE_SUFFIXES:
        kind = f"is of an unknown kind, {suffix!r}" if suffix else "has no ending that says what kind of file it is"
        yield Unreadable(name, kind)
        return
    try:
        data = path.read_bytes()
        if not data.strip():
            yield Unreadable(name, "is empty")
            return
        text = decode(data, name)
        if suffix in PLAIN_SUFFIXES:
            yield Document(name, _plain_lines(text))
        else:
            yield from _rows((read_jsonl if suffix == ".jsonl" else read_csv)(text, name), name)
    except DataError as error:
        yield Unreadable(name, error.message.removeprefix(f"{name} ").rstrip("."))
    except OSError as error:
        yield Unreadable(name, f"cannot be opened: {error.strerror}")


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
            yield Document(cells.get("id", "") or f"{name}:{_fingerprint(title, text)[:12]}", text, title)
        else:
            yield Unreadable(f"{name}, {table.unit} {number}", "has no text")


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _fingerprint(title: str, text: str) -> str:
    """Equal for documents that differ in nothing but spacing."""
    return hashlib.sha256(f"{title}\n{' '.join(text.split())}".encode()).hexdigest()


def _drop_repeats(found: Sequence[Document]) -> tuple[tuple[Document, ...], tuple[tuple[str, str], ...]]:
    kept: dict[str, Document] = {}
    duplicates: list[tuple[str, str]] = []
    contents: dict[str, set[str]] = defaultdict(set)
    for document in found:
        content = _fingerprint(document.title, document.text)
        contents[document.id].add(content)
        first = kept.setdefault(content, document)
        if first is not document:
            duplicates.append((document.id, first.id))
    twice = [identity for identity, different in contents.items() if len(different) > 1]
    if twice:
        raise DataError(
            f"Different documents have the same id: {listed(map(repr, twice))}.",
            "Give every document an id of its own, or leave the column out: ids are then made from the content.",
        )
    return tuple(kept.values()), tuple(duplicates)
