"""Examples in order: where each came from, the file they are frozen in, and the hash that proves it."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from pydantic import ValidationError

from workbench.errors import DataError, NotFound, WorkbenchError
from workbench.model import describe
from workbench.table import listed
from workbench.usecase import Example, Split


@dataclass(frozen=True)
class Examples(Sequence[Example]):
    """Examples in the order of their file, each with the line or row it was read from.

    ``numbers`` has one entry per example, or is empty where the examples come from no file.
    """

    items: tuple[Example, ...]
    numbers: tuple[int, ...] = ()
    source: str = ""
    unit: str = "line"

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> "Examples": ...
    def __getitem__(self, index: int | slice) -> "Example | Examples":
        if isinstance(index, int):
            return self.items[index]
        return Examples(self.items[index], self.numbers[index], source=self.source, unit=self.unit)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.items)

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of each example."""
        return tuple(example.id for example in self.items)

    def at(self, positions: Iterable[int]) -> "Examples":
        """The examples at these positions, in the order given."""
        chosen = list(positions)
        numbers = tuple(self.numbers[n] for n in chosen) if self.numbers else ()
        return Examples(tuple(self.items[n] for n in chosen), numbers, source=self.source, unit=self.unit)

    def as_split(self, split: Split) -> "Examples":
        """The same examples, declared to belong to ``split``."""
        items = tuple(example.model_copy(update={"split": split}) for example in self.items)
        return Examples(items, self.numbers, source=self.source, unit=self.unit)


def share_of(examples: Examples, share: float) -> Examples:
    """A share of some examples, whole groups in an order of their own, so that smaller shares are part of larger ones.

    At least one group; a share of 1 is all of them. The order of the examples stays.
    """
    groups: dict[str, int] = {}
    for example in examples:
        groups[example.cluster] = groups.get(example.cluster, 0) + 1
    kept: set[str] = set()
    count = 0
    for name in sorted(groups, key=lambda name: hashlib.sha256(name.encode()).hexdigest()):
        if kept and count + groups[name] / 2 > share * len(examples):
            break
        kept.add(name)
        count += groups[name]
    return Examples(tuple(one for one in examples if one.cluster in kept))


def some_of(examples: Examples, most: int | None) -> Examples:
    """At most so many examples, the same ones every time whatever their order; None: all."""
    if most is None or len(examples) <= most:
        return examples
    return examples.at(sorted(_drawn(examples)[:most]))


def nested(examples: Examples) -> Examples:
    """The same examples in an order of their own, so that the first n are those that ``some_of`` takes."""
    return examples.at(_drawn(examples))


def _drawn(examples: Examples) -> list[int]:
    return sorted(range(len(examples)), key=lambda n: hashlib.sha256(examples[n].id.encode()).digest())


def content_id(example: Example) -> str:
    """An id that depends on the request, the answer and the check alone: 16 hexadecimal digits of their SHA-256."""
    turns = [[message.role, message.content] for message in example.messages]
    answers = [example.target, *([example.check] if example.check else [])]
    return hashlib.sha256(_canonical([turns, *answers]).encode()).hexdigest()[:16]


def digest(examples: Iterable[Example]) -> str:
    """SHA-256 over the examples as canonical JSON lines, in order: equal only where nothing differs."""
    sha = hashlib.sha256()
    for example in examples:
        sha.update(_line(example).encode())
    return sha.hexdigest()


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Freeze examples in a JSONL file; the file appears whole or not at all.

    Raises WorkbenchError where it cannot be written, as on a full disk.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_line(example) for example in examples)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WorkbenchError(
            f"{path} cannot be written: {error.strerror}.", "Free some space, or choose another workspace."
        ) from None


def read_examples(path: Path) -> Examples:
    """Frozen examples.

    Raises NotFound where there is no file, and DataError naming the line where one is broken.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", "Create the use case again from its files.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.", "Check that it is a file.") from None
    items, numbers = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            items.append(_example(line, f"Line {number} of {path}"))
            numbers.append(number)
    require_unique_ids(items, numbers, source=str(path), unit="line")
    return Examples(tuple(items), tuple(numbers), source=path.name)


def require_unique_ids(items: Sequence[Example], numbers: Sequence[int], *, source: str, unit: str) -> None:
    """Raise DataError, with every repeated id and where it stands, unless all ids differ."""
    counts = Counter(example.id for example in items)
    repeated = [identity for identity, count in counts.items() if count > 1]
    if not repeated:
        return
    first = [n for example, n in zip(items, numbers, strict=True) if example.id == repeated[0]]
    also = f" So are {listed(map(repr, repeated[1:]))}." if len(repeated) > 1 else ""
    raise DataError(
        f"{source} has the id {repeated[0]!r} more than once ({unit}s {listed(first)}).{also}",
        "Give every row an id of its own, or choose no id column: ids are then made from the content.",
    )


def _example(line: bytes, where: str) -> Example:
    hint = "The file was changed after it was frozen: restore it, or create the use case again."
    try:
        return Example.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise DataError(f"{where} is not valid JSON: {error.msg} at column {error.colno}.", hint) from None
    except UnicodeDecodeError:
        raise DataError(f"{where} is not UTF-8 text.", hint) from None
    except ValidationError as error:
        raise DataError(f"{where} is not an example: {describe(error)}.", hint) from None


def _line(example: Example) -> str:
    return f"{_canonical(example.model_dump(mode='json'))}\n"


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
