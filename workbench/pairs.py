"""Preference pairs: one request with an answer that was preferred and one that was not."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from workbench.errors import DataError
from workbench.examples import Examples
from workbench.model import Noun
from workbench.usecase import Example, Message
from workbench.workspace import read_jsonl, write_jsonl

Source = Literal["given", "labelled", "judge"]


class Pair(Noun):
    """Two answers to one request, of which the first was preferred."""

    id: str = Field(min_length=1)
    messages: tuple[Message, ...] = Field(min_length=1)
    """The request: the conversation up to the answer."""
    chosen: str
    rejected: str
    group: str = ""
    source: Source = "given"
    """Who preferred it: it came with the data, was labelled in the app, or a model judged."""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.chosen.strip() == self.rejected.strip():
            raise ValueError("chosen and rejected are the same")
        return self

    def as_example(self) -> Example:
        """The request with the preferred answer as its reference."""
        return Example(id=self.id, messages=self.messages, target=self.chosen, group=self.group, split="train")


def pair_requests(pairs: Iterable[Pair]) -> Examples:
    """The requests of pairs as examples, each once, so that passages can be found for them."""
    return Examples(tuple(pair.as_example() for pair in pairs))


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Freeze pairs in a JSONL file, all or nothing.

    Raises DataError where two have the same id.
    """
    found = list(pairs)
    repeated = [identity for identity, count in Counter(pair.id for pair in found).items() if count > 1]
    if repeated:
        raise DataError(
            f"Two pairs have the id {repeated[0]!r}.", "Give every pair its own, or leave the id column out."
        )
    write_jsonl(path, [pair.model_dump(mode="json") for pair in found])


def read_pairs(path: Path) -> list[Pair]:
    """Frozen pairs; an empty list where there is no file."""
    return [Pair.parse(record, where=str(path)) for record in read_jsonl(path)]
