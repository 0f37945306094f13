"""Evidence that people confirmed: every click is one line of a file beside the examples, which stay as they were."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.errors import DataError
from workbench.examples import Examples
from workbench.model import Noun
from workbench.workspace import appending, disk_error, read_jsonl

Verdict = Literal["yes", "no", "none", "skip", "undo"]
"""yes: the passage supports the answer; no: it does not; none: no passage that was proposed does; skip: not to be said
here; undo: the example's last verdict does not hold."""


class Click(Noun):
    """What one person said of one example, or of one passage proposed for it."""

    example: str
    verdict: Verdict
    passage: str = ""
    """The passage's id; empty where the verdict is about the whole example."""
    document: str = ""
    """The document that the passage is of."""
    annotator: str = ""
    at: float = 0.0
    """Seconds since 1970."""


@dataclass(frozen=True)
class Standing:
    """How far one example is: every verdict on it that holds, in order."""

    clicks: tuple[Click, ...] = ()

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents of the passages that support it."""
        return tuple(dict.fromkeys(click.document for click in self.clicks if click.verdict == "yes"))

    @property
    def judged(self) -> frozenset[str]:
        """The passages that were judged."""
        return frozenset(click.passage for click in self.clicks if click.passage)

    @property
    def settled(self) -> bool:
        """Whether somebody found its evidence, or said that there is nothing to find here."""
        return any(click.verdict in ("yes", "none", "skip") for click in self.clicks)

    @property
    def empty(self) -> bool:
        """Whether none of the passages proposed supports it."""
        return not self.documents and any(click.verdict == "none" for click in self.clicks)


def read_standings(path: Path) -> dict[str, Standing]:
    """What holds for each example that anybody said anything about.

    Raises DataError where a line is broken; a line that was being written when a process died counts for nothing.
    """
    found: dict[str, list[Click]] = {}
    try:
        for record in read_jsonl(path):
            click = Click.parse(record, where=f"A line of {path}")
            mine = found.setdefault(click.example, [])
            if click.verdict != "undo":
                mine.append(click)
            elif mine:
                mine.pop()
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is damaged: {error}.", "Mend that line, or move the file away.") from None
    return {name: Standing(tuple(clicks)) for name, clicks in found.items() if clicks}


def note(path: Path, clicks: Iterable[Click]) -> None:
    """Add verdicts; they are on the disk when this returns.

    Raises WorkbenchError where they cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with appending(path) as out:
            out.writelines(click.model_dump_json() + "\n" for click in clicks)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise disk_error(path, error) from error


def with_confirmed(examples: Examples, known: Mapping[str, Sequence[str]]) -> Examples:
    """The same examples; those that name no evidence have the documents that people confirmed for them."""
    items = tuple(
        one if one.evidence or not known.get(one.id) else one.model_copy(update={"evidence": tuple(known[one.id])})
        for one in examples
    )
    return Examples(items, examples.numbers, source=examples.source, unit=examples.unit)
