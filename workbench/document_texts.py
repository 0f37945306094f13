"""The texts of a use case's documents, as far as they are there to be read without an engine."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from workbench.case import Case
from workbench.errors import DataError
from workbench.plan import is_done
from workbench.textfiles import decode, read_csv, read_jsonl
from workbench.workspace import Step
from workbench.workspace import read_jsonl as read_rows

PLAIN = (".txt", ".md", ".html", ".htm")
ROWS = (".jsonl", ".csv")
MOST_BYTES = 64 * 1024 * 1024
"""Of documents that are read while a page waits; of more, the first ones."""


def index_of(case: Case) -> Step | None:
    """A finished step that read the documents as they are now, of whatever kinds they are; None before."""
    if case.documents is None:
        return None
    digest = case.documents_digest()
    for path in sorted((case.workspace / "steps").glob("index-*/step.json")):
        step = Step(path.parent)
        if step.record.inputs.get("documents") == digest and is_done(step):
            return step
    return None


def document_texts(case: Case, index: Step | None) -> Mapping[str, str]:
    """Texts by document: as a step read them or, before, those of the files that are plain text.

    Without the training examples, which may be documents on purpose.
    """
    if case.documents is None:
        return {}
    solved = {one.id for one in case.examples("train")} if case.solved_examples.exists() else set()
    texts = _indexed(index.folder) if index is not None else dict(_plain_files(case))
    return {name: text for name, text in texts.items() if name not in solved}


@lru_cache(maxsize=2)
def _indexed(folder: Path) -> Mapping[str, str]:
    """The passages of an index, those of a document in a row."""
    parts: dict[str, list[str]] = {}
    read = 0
    for record in read_rows(folder / "passages.jsonl"):
        parts.setdefault(record["document"], []).append(record["text"])
        read += len(record["text"])
        if read > MOST_BYTES:
            break
    return {name: "\n".join(own) for name, own in parts.items()}


def _plain_files(case: Case) -> Iterator[tuple[str, str]]:
    """The text of each file that is plain text, and of each row of a table of texts."""
    folder, read = case.folder / "documents", 0
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (*PLAIN, *ROWS) or not path.is_file() or path == case.solved_examples:
            continue
        read += path.stat().st_size
        if read > MOST_BYTES:
            return
        yield from _file(path, path.relative_to(folder).as_posix())


def _file(path: Path, name: str) -> Iterator[tuple[str, str]]:
    try:
        text = decode(path.read_bytes(), name)
        if path.suffix.lower() in PLAIN:
            yield name, text
            return
        table = (read_jsonl if path.suffix.lower() == ".jsonl" else read_csv)(text, name)
    except DataError:
        return  # Indexing names what cannot be read, with the reason.
    identity = table.columns.index("id") if "id" in table.columns else None
    for number, row in zip(table.numbers, table.rows, strict=True):
        own = row[identity] if identity is not None and row[identity] else f"{name}, {table.unit} {number}"
        yield own, "\n".join(cell for place, cell in enumerate(row) if place != identity)
