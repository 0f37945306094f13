"""Where what is told differs from what follows: leaf by leaf, each with its place in words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from workbench.blocks import Block, Heading, Table
from workbench.phrases import shortened

TOLERANCE = 1e-9
"""Relative, between two numbers that count as the same; what is printed as words has to be the same words."""
NAMES = ("candidate", "other", "example", "name", "term")
"""Fields that say whom a record is about."""
LONGEST = 120
"""Characters of a text that are shown."""


def between(told: Any, found: Any, *, place: str) -> Iterator[str]:
    """Where two records of JSON differ, as "place: told, but ... follows"."""
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys((*told, *found)):
            yield from between(told.get(key), found.get(key), place=f"{place}, {_words(key)}")
    elif isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        for n, (one, other) in enumerate(zip(told, found, strict=True), 1):
            yield from between(one, other, place=f"{place} {n}{_named(one)}")
    elif _number(told) and _number(found):
        if abs(told - found) > TOLERANCE * max(1.0, abs(told), abs(found)):
            yield f"{place}: {told} is told, {found} follows"
    elif told != found:
        yield f"{place}: {_short(told)} is told, {_short(found)} follows"


def between_blocks(told: Sequence[Block], found: Sequence[Block], *, place: str) -> Iterator[str]:
    """Where the blocks of one section differ."""
    for n, (one, other) in enumerate(zip_longest(told, found), 1):
        if one is None or other is None:
            block, words = (other, "is missing") if one is None else (one, "does not follow")
            yield f"{place}, {_block(block, n)}: it {words}"
        elif one.kind != other.kind:
            yield f"{place}, {_block(one, n)}: it is told, {_block(other, n)} follows"
        elif isinstance(one, Table) and isinstance(other, Table):
            yield from _tables(one, other, place=f"{place}, {_block(one, n)}")
        else:
            yield from between(_json(one), _json(other), place=f"{place}, {_block(one, n)}")


def figures_in(value: Any) -> int:
    """How many leaves of a record of JSON are numbers, or words that hold a digit."""
    if isinstance(value, Mapping):
        return sum(map(figures_in, value.values()))
    if isinstance(value, list):
        return sum(map(figures_in, value))
    return int(_number(value) or (isinstance(value, str) and any(letter.isdigit() for letter in value)))


def figures_of(blocks: Sequence[Block]) -> int:
    """The same of blocks."""
    return sum(figures_in(_json(block)) for block in blocks)


def _tables(told: Table, found: Table, *, place: str) -> Iterator[str]:
    """Cell by cell where rows and columns are as many; else as a whole."""
    same = len(told.rows) == len(found.rows) and len(told.columns) == len(found.columns)
    if not same:
        shape = f"{len(told.rows)} rows of {len(told.columns)} cells"
        yield f"{place}: {shape} are told, {len(found.rows)} of {len(found.columns)} follow"
        return
    without = {"rows": True}
    yield from between(
        told.model_dump(mode="json", exclude=without), found.model_dump(mode="json", exclude=without), place=place
    )
    for n, (one, other) in enumerate(zip(told.rows, found.rows, strict=True), 1):
        whose = next((f" ({shortened(cell, most=40)})" for cell in one.cells[:1] if cell), "")
        row = f"{place}, row {n}{whose}"
        for column, cell, follows in zip(told.columns, one.cells, other.cells, strict=True):
            yield from between(cell, follows, place=f"{row}, “{column.title}”")
        marks = [each.model_dump(mode="json", exclude={"cells": True}) for each in (one, other)]
        yield from between(*marks, place=row)


def _block(block: Block, n: int) -> str:
    """A block by what it is and where it stands."""
    title = block.text if isinstance(block, Heading) else getattr(block, "title", "")
    return f"{block.kind} “{title}”" if title else f"{block.kind} (block {n})"


def _json(block: Block) -> dict[str, Any]:
    return block.model_dump(mode="json")


def _words(key: str) -> str:
    return key.replace("_", " ")


def _named(value: Any) -> str:
    """Whom an entry of a list is about, where it says so."""
    names = [value.get(key) for key in NAMES] if isinstance(value, Mapping) else []
    return next((f" ({name})" for name in names if isinstance(name, str)), "")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
