"""A folder becomes documents: every file read or listed with its reason, repeats dropped and counted."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.document import Document, Unreadable, fingerprint
from rag.reading import Keep, parse_anew, read_file
from workbench.document_kinds import KINDS, files_of
from workbench.errors import DataError, NotFound
from workbench.table import listed

READABLE = f"Put {KINDS} into it; .csv and .jsonl files need a column 'text'."


@dataclass(frozen=True)
class Corpus:
    """What a folder of documents held."""

    documents: tuple[Document, ...]
    unreadable: tuple[Unreadable, ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    """Documents that were dropped because title and text are those of an earlier one: (its id, the earlier one's)."""


def read_corpus(
    folder: Path, *, keep: Keep = parse_anew, progress: Callable[[int, int], None] = lambda done, total: None
) -> Corpus:
    """All documents below a folder, in the order of their names; hidden files are passed over.

    What cannot be read is listed in ``unreadable`` and does not stop the rest. ``keep`` may remember what files were
    parsed into; ``progress`` is called with how many files are read, and how many there are. Raises NotFound where
    there is no folder, and DataError where nothing in it can be read or two different documents have the same id.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", "Check the name of the folder with the documents.")
    paths = sorted(files_of(folder))
    found: list[Document] = []
    unreadable: list[Unreadable] = []
    for done, path in enumerate(paths, start=1):
        for item in read_file(path, path.relative_to(folder).as_posix(), keep=keep):
            if isinstance(item, Document):
                found.append(item)
            else:
                unreadable.append(item)
        progress(done, len(paths))
    if not found:
        raise _nothing_readable(folder, unreadable)
    documents, duplicates = _drop_repeats(found)
    return Corpus(documents, tuple(unreadable), duplicates)


def _nothing_readable(folder: Path, unreadable: Sequence[Unreadable]) -> DataError:
    if not unreadable:
        return DataError(f"{folder} holds no documents.", READABLE)
    reasons = listed((f"{item.name} {item.reason}" for item in unreadable), most=3)
    return DataError(f"Nothing in {folder} can be read: {reasons}.", READABLE)


def _drop_repeats(found: Sequence[Document]) -> tuple[tuple[Document, ...], tuple[tuple[str, str], ...]]:
    kept: dict[str, Document] = {}
    duplicates: list[tuple[str, str]] = []
    contents: dict[str, set[str]] = defaultdict(set)
    for document in found:
        content = fingerprint(document.title, document.text)
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
