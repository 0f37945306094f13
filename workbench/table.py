"""A table of text: what every kind of file is read into before its columns are given a meaning."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, Literal

from workbench.errors import DataError

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character: JSON can spell it, but no file can hold it."""


@dataclass(frozen=True)
class Table:
    """The rows of one file, every value as the text that was written there.

    ``rows`` holds one string per column; what was missing or null is the empty string.
    ``numbers`` says where each row began: the line of a text file, or the row of a
    spreadsheet (its header is row 1), or the row of a Parquet or JSON file from 1; ``unit``
    says which.
    """

    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    unit: Literal["line", "row"] = "line"

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> tuple[str, ...]:
        """All values of one column.

        Raises DataError, with the columns there are and the closest name, where there is none.
        """
        if name not in self.columns:
            raise self.missing(name)
        position = self.columns.index(name)
        return tuple(row[position] for row in self.rows)

    def missing(self, name: str) -> DataError:
        """The error for a column that is not there."""
        found = ", ".join(repr(column) for column in self.columns)
        folded = {column.casefold(): column for column in self.columns}
        close = [folded[match] for match in get_close_matches(name.casefold(), folded, n=2, cutoff=0.5)]
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "Name one of those columns."
        return DataError(f"{self.source} has no column {name!r}. It has {found}.", hint)


def make_table(
    source: str,
    columns: Sequence[str],
    *,
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int],
    unit: Literal["line", "row"],
) -> Table:
    """A table whose columns have names, all different, and which has rows.

    A column without a name is called ``column N``, or dropped where it is empty throughout
    (spreadsheets leave such columns behind).

    Raises DataError for a repeated column name and for a table without rows.
    """
    names = [name.strip() for name in columns]
    if not rows:
        raise DataError(f"{source} has a header but no rows.", "Add at least one row beneath the line of column names.")
    repeated = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if repeated:
        raise DataError(
            f"{source} has more than one column named {', '.join(map(repr, repeated))}.",
            "Give every column a name of its own.",
        )
    kept = [n for n, name in enumerate(names) if name or any(row[n].strip() for row in rows)]
    return Table(
        source=source,
        columns=tuple(names[n] or f"column {n + 1}" for n in kept),
        rows=tuple(tuple(row[n] for n in kept) for row in rows),
        numbers=tuple(numbers),
        unit=unit,
    )


class Written(float):
    """A number that remembers how it was written: 1.10 is not 1.1 to a reader of prices."""

    text: str

    def __new__(cls, text: str) -> "Written":
        """The number that ``text`` writes."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def cell_text(value: Any) -> str:
    """A value as the text that stands for it; null and not-a-number are the empty string.

    Lists and objects become JSON, dates ISO 8601. Raises DataError for text that no file can hold.
    """
    if isinstance(value, str):
        text = value
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, Written):
        return value.text
    elif isinstance(value, dict | list | tuple):
        text = json.dumps(value, ensure_ascii=False, default=cell_text)
    elif isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    elif isinstance(value, datetime | date | time):
        return value.isoformat()
    elif isinstance(value, bytes):
        text = value.decode("utf-8")
    else:
        text = str(value)
    if SURROGATE.search(text):
        raise DataError("half of a character (a lone surrogate)", "Write the character in full.")
    return text


def listed(numbers: Iterable[int | str], *, most: int = 5) -> str:
    """The first few of many, and how many more: ``3, 7, 9 and 12 more``."""
    items = list(numbers)
    head = ", ".join(map(str, items[:most]))
    return head if len(items) <= most else f"{head} and {len(items) - most:,} more"
