"""The user's files into examples: which file, which columns, which of them is the request and the answer."""

import json
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.binaryfiles import read_parquet, read_xlsx
from workbench.errors import DataError, NotFound
from workbench.examples import Examples, content_id, require_unique_ids
from workbench.model import Noun, describe
from workbench.table import Table
from workbench.textfiles import decode, read_csv, read_json, read_jsonl
from workbench.usecase import Example, Message, Split

TEXT_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
BINARY_SUFFIXES = (".parquet", ".xlsx")


def read_table(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Table:
    """The rows of a CSV, TSV, JSONL, JSON, Parquet or XLSX file, every value as text.

    ``encoding`` is that of a text file that is not UTF-8; ``delimiter`` that of a CSV file, where
    the one found is wrong; ``sheet`` the one to read of a workbook with several.

    Raises NotFound where there is no file, and DataError where it cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in TEXT_SUFFIXES + BINARY_SUFFIXES and (path.is_file() or not path.exists()):
        raise DataError(
            f"{path.name} has no ending that says what kind of file it is."
            if not suffix
            else f"{path.name} is of an unknown kind, {suffix!r}.",
            f"Use one of {', '.join(TEXT_SUFFIXES + BINARY_SUFFIXES)}.",
        )
    data = _bytes(path)
    if suffix == ".parquet":
        return read_parquet(data, path.name)
    if suffix == ".xlsx":
        return read_xlsx(data, path.name, sheet=sheet)
    text = decode(data, path.name, encoding=encoding)
    if suffix in (".jsonl", ".ndjson"):
        return read_jsonl(text, path.name)
    if suffix == ".json":
        return read_json(text, path.name)
    return read_csv(text, path.name, delimiter="\t" if suffix == ".tsv" and delimiter is None else delimiter)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        close = get_close_matches(path.name, beside, n=2)
        hint = f"Did you mean {' or '.join(close)}?" if close else "Check the name and the folder."
        raise NotFound(f"There is no file {path}.", hint) from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a file.", "Name the file in it.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from None


class Columns(Noun):
    """What each column of a table means."""

    input: str | None = None
    """The request, as plain text."""
    context: str | None = None
    """Text put beneath the request, after an empty line, where there is any."""
    target: str | None = None
    """The reference answer."""
    check: str | None = None
    """What an answer is scored against, where that is no answer to imitate: a result, a regular expression."""
    messages: str | None = None
    """The conversation, as a list of turns with role and content, in place of ``input``; where it ends
    with the assistant's turn, that is the reference answer."""
    id: str | None = None
    """A name of its own for each row; without one, ids are made from the content."""
    group: str | None = None
    """What rows that belong together share: a document, a customer, a template."""
    evidence: str | None = None
    """Ids or titles of the documents that support the answer: a JSON list, or separated by ; or |."""
    tags: str | None = None
    """Segments the row belongs to: a JSON list, or separated by ; or |."""

    def named(self) -> dict[str, str]:
        """The fields that have a column."""
        return {field: column for field, column in self.model_dump().items() if column is not None}


REQUESTS = ("input", "question", "prompt", "text", "request", "query", "instruction", "message", "utterance")
ANSWERS = (
    "target", "answer", "completion", "output", "response", "reference", "expected", "gold",
    "label", "category", "intent", "class",
)  # fmt: skip
OTHERS = {
    "check": ("check", "checks", "pattern", "regex"),
    "id": ("id", "example_id", "row_id", "uid", "uuid"),
    "evidence": ("evidence", "documents", "document", "document_id", "doc_id", "source_document"),
    "group": (
        "group", "group_id", "cluster", "template", "conversation_id", "thread_id", "customer_id",
        "document", "document_id", "doc_id",
    ),
    "tags": ("tags", "tag", "segment", "segments"),
}  # fmt: skip
"""Usual column names, the most telling first. A document both supports its questions and groups them."""


def guess_columns(table: Table, *, given: Columns | None = None) -> Columns:
    """What the columns most probably mean, by their names; whatever is ``given`` stands.

    Fields for which no column has a usual name stay None; ``to_examples`` says which it needs.
    """
    chosen: dict[str, str] = given.named() if given else {}
    free = {_plain(name): name for name in reversed(table.columns) if name not in chosen.values()}
    if not {"input", "messages"} & chosen.keys() and (name := _first(free, ("messages", "conversation"))):
        chosen["messages"] = name
    if "messages" not in chosen:
        _guess_request(chosen, free)
    if "target" not in chosen and not _ends_with_answer(table, chosen.get("messages")):
        taken = chosen.values()
        if name := _first({key: column for key, column in free.items() if column not in taken}, ANSWERS):
            chosen["target"] = name
    for field, names in OTHERS.items():
        if field == "check" and ("target" in chosen or _ends_with_answer(table, chosen.get("messages"))):
            continue  # Where answers are written, what they are scored against is not guessed.
        if field not in chosen and (name := _first(free, names)):
            chosen[field] = name
    return Columns(**chosen)


def _guess_request(chosen: dict[str, str], free: dict[str, str]) -> None:
    if "input" in chosen:
        return
    if "instruction" in free and "input" in free:
        chosen["input"] = free["instruction"]
        chosen.setdefault("context", free["input"])
    elif name := _first(free, REQUESTS):
        chosen["input"] = name


def _ends_with_answer(table: Table, column: str | None) -> bool:
    """Whether the first conversation carries its answer, so that no target column is needed."""
    if column is None or column not in table.columns:
        return False
    try:
        messages = conversation(table.column(column)[0], "")
    except DataError:
        return True  # to_examples says what is wrong with it; a guessed target would hide that.
    return bool(messages) and messages[-1].role == "assistant"


def _first(names: dict[str, str], usual: Iterable[str]) -> str | None:
    return next((names[name] for name in usual if name in names), None)


def _plain(name: str) -> str:
    return "_".join("".join(letter if letter.isalnum() else " " for letter in name.casefold()).split())


def to_examples(table: Table, columns: Columns, *, split: Split = "test") -> Examples:
    """One example a row, in the order of the file.

    Rows with an empty request or answer are kept, so that the audit can list them. Ids that no
    column gives are hashes of request and answer; exact repeats are told apart by a suffix.

    Raises DataError for a column that is missing, an id that is given twice, and a conversation
    that cannot be read.
    """
    named = columns.named()
    _check_columns(table, named)
    position = {field: table.columns.index(column) for field, column in named.items()}
    items = []
    seen: Counter[str] = Counter()
    for number, row in zip(table.numbers, table.rows, strict=True):
        cells = {field: row[n] for field, n in position.items()}
        where = f"{table.unit.capitalize()} {number} of {table.source}"
        messages, target = _request_and_answer(cells, where)
        example = Example(
            id=cells.get("id", "").strip() or "none yet",
            messages=messages,
            target=target,
            check=cells.get("check", "").strip(),
            evidence=_listed_values(cells.get("evidence", "")),
            group=cells.get("group", "").strip(),
            tags=_listed_values(cells.get("tags", "")),
            split=split,
        )
        if not cells.get("id", "").strip():
            content = content_id(example)
            seen[content] += 1
            suffix = f"-{seen[content]}" if seen[content] > 1 else ""
            example = example.model_copy(update={"id": f"{content}{suffix}"})
        items.append(example)
    require_unique_ids(items, table.numbers, source=table.source, unit=table.unit)
    return Examples(tuple(items), table.numbers, source=table.source, unit=table.unit)


def _check_columns(table: Table, named: dict[str, str]) -> None:
    for column in named.values():
        if column not in table.columns:
            raise table.missing(column)
    found = ", ".join(map(repr, table.columns))
    if "input" not in named and "messages" not in named:
        raise DataError(
            f"Which column of {table.source} is the request? It has {found}.",
            "Name it (--input). If those are values and not names, add a first line of column names.",
        )
    if "input" in named and "messages" in named:
        raise DataError("Both a column of plain requests and one of conversations are named.", "Choose one of them.")
    if "input" in named and not {"target", "check"} & named.keys():
        raise DataError(
            f"Which column of {table.source} is the reference answer? It has {found}.",
            "Name it (--target), or the column that says how an answer is checked (--check).",
        )
    answer = named.get("target")
    if answer is not None and answer in (named.get("input"), named.get("messages"), named.get("context")):
        raise DataError(f"The column {answer!r} is named both as the request and as the answer.", "Name two columns.")


def _request_and_answer(cells: dict[str, str], where: str) -> tuple[tuple[Message, ...], str]:
    if "messages" not in cells:
        parts = [cells["input"], *([cells["context"]] if cells.get("context", "").strip() else [])]
        return (Message(role="user", content="\n\n".join(parts)),), cells.get("target", "")
    target = cells.get("target")
    if not cells["messages"].strip():
        return (Message(role="user", content=""),), target or ""
    messages = conversation(cells["messages"], where)
    if messages and messages[-1].role == "assistant":
        answer = messages[-1].content
        if target is not None and target != answer:
            raise DataError(
                f"{where}: the conversation ends with an answer that differs from the target column.",
                "Leave out the answer in the conversation, or do not name a target column.",
            )
        messages, target = messages[:-1], answer
    if not messages or messages[-1].role != "user":
        found = f"a turn of the {messages[-1].role}" if messages else "nothing"
        raise DataError(
            f"{where}: before the answer comes {found}, not the user's turn.",
            "Let the conversation end with the user's turn and then the assistant's answer.",
        )
    if target is None and not cells.get("check", "").strip():
        raise DataError(
            f"{where}: the conversation ends with the user's turn, and no column gives the answer.",
            "Add the assistant's answer as the last turn, or name a column: --target for answers, --check for checks.",
        )
    return messages, target or ""


def conversation(cell: str, where: str) -> tuple[Message, ...]:
    """The turns that a cell holds as JSON.

    Raises DataError, saying ``where`` it stands, for what is no list of turns.
    """
    hint = 'Write it as JSON: [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}].'
    try:
        turns = json.loads(cell)
    except ValueError as error:
        raise DataError(f"{where}: the conversation is not valid JSON ({error}).", hint) from None
    if not isinstance(turns, list):
        raise DataError(f"{where}: the conversation is not a list of turns.", hint)
    try:
        return tuple(Message.model_validate(turn) for turn in turns)
    except ValidationError as error:
        problems = describe(error)
        raise DataError(f"{where}: a turn of the conversation cannot be used: {problems}.", hint) from None


def _listed_values(cell: str) -> tuple[str, ...]:
    values: list[Any] = []
    if cell.lstrip().startswith("["):
        try:
            values = json.loads(cell)
        except ValueError:
            values = []
    pieces = [str(value) for value in values] or cell.replace("|", ";").split(";")
    return tuple(piece.strip() for piece in pieces if piece.strip())
