"""Ratings: single answers to requests that somebody called good or bad, as a thumb up or down does."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from workbench.errors import DataError
from workbench.model import Noun
from workbench.pairs import Source
from workbench.usecase import Example, Message
from workbench.workspace import read_jsonl, write_jsonl


class Rating(Noun):
    """One answer to a request, called good or bad."""

    id: str = Field(min_length=1)
    messages: tuple[Message, ...] = Field(min_length=1)
    """The request: the conversation up to the answer."""
    answer: str
    good: bool
    group: str = ""
    source: Source = "given"

    def as_example(self) -> Example:
        """The request, so that passages can be found for it."""
        return Example(id=self.id, messages=self.messages, target=self.answer, group=self.group, split="train")


def write_ratings(path: Path, ratings: Sequence[Rating]) -> None:
    """Freeze ratings in a JSONL file, all or nothing.

    Raises DataError where two have the same id, or all are of one kind.
    """
    repeated = [identity for identity, count in Counter(one.id for one in ratings).items() if count > 1]
    if repeated:
        raise DataError(
            f"Two ratings have the id {repeated[0]!r}.", "Give every one its own, or leave the id column out."
        )
    if len({one.good for one in ratings}) < 2:
        raise DataError("All ratings are of one kind.", "Give good and bad ones: they are held against one another.")
    write_jsonl(path, [one.model_dump(mode="json") for one in ratings])


def read_ratings(path: Path) -> list[Rating]:
    """Frozen ratings; an empty list where there is no file."""
    return [Rating.parse(record, where=str(path)) for record in read_jsonl(path)]
