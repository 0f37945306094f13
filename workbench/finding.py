"""A finding: one thing that is wrong with the examples, and every row that it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import Field

from workbench.examples import Examples
from workbench.model import Noun
from workbench.table import listed
from workbench.usecase import Split

SPLIT_NAMES: dict[Split, str] = {"train": "training", "dev": "dev", "test": "test"}
"""The splits as words on the page."""

Severity = Literal["error", "warning", "note"]
"""error: figures would mislead or a run would fail; warning: they may; note: worth knowing."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

Kind = Literal[
    "no_test",
    "empty_request",
    "empty_target",
    "unfit_target",
    "leakage",
    "near_leakage",
    "verbatim",
    "constant_target",
    "small_test",
    "no_train",
    "conflict",
    "one_sided",
    "unseen_target",
    "exact_duplicate",
    "too_long",
    "near_duplicate",
    "near_conflict",
    "templated",
    "review",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order of showing, the worst first, among findings of one severity."""


class Finding(Noun):
    """One thing that is wrong with the examples of one split, with the rows it concerns."""

    kind: Kind
    severity: Severity
    split: Split
    message: str
    """What is wrong, in one sentence."""
    hint: str
    """What to do about it."""
    rows: tuple[str, ...] = ()
    """Ids of all examples concerned."""
    numbers: tuple[int, ...] = ()
    """For each row, the line of a text file or the row of another where it stands; empty if unknown."""
    partners: tuple[str, ...] = ()
    """For each row, the id of the example that it repeats or contradicts; empty where there is none."""
    partner_split: Split | None = None
    """The split in which the partners are."""
    drop: tuple[str, ...] = Field(default=(), repr=False)
    """Ids of the examples that mending leaves out; never those of leaked test examples."""
    drop_split: Split | None = None
    """The split from which mending leaves them out."""

    @property
    def mendable(self) -> bool:
        """Whether leaving out rows puts it right."""
        return bool(self.drop)


VERBS = {
    "are": "is",
    "exceed": "exceeds",
    "have": "has",
    "repeat": "repeats",
    "share": "shares",
    "stand": "stands",
}


@dataclass(frozen=True)
class Said:
    """What a finding says.

    In the message, ``{rows}`` stands for "3 of 40 test examples", and a verb in braces agrees with it.
    """

    kind: Kind
    severity: Severity
    message: str
    hint: str


def finding(said: Said, examples: Examples, *, split: Split, rows: Sequence[int]) -> Finding:
    """A finding about the examples at the positions ``rows``, or, without rows, about all of them."""
    numbers = tuple(examples.numbers[row] for row in rows) if examples.numbers else ()
    where = numbers or [examples[row].id for row in rows]
    unit = examples.unit if numbers else "example"
    file = f" of {examples.source}" if numbers and examples.source else ""
    places = f" ({unit}{'s' if len(rows) != 1 else ''} {listed(where)}{file})" if rows else ""
    noun = f"{SPLIT_NAMES[split]} example{'s' if len(examples) != 1 else ''}"
    message = said.message.replace("{rows}", f"{len(rows):,} of {len(examples):,} {noun}")
    for verb, singular in VERBS.items():
        message = message.replace(f"{{{verb}}}", singular if len(rows) == 1 else verb)
    return Finding(
        kind=said.kind,
        severity=said.severity,
        split=split,
        message=f"{message}{places}.",
        hint=said.hint,
        rows=tuple(examples[row].id for row in rows),
        numbers=numbers,
    )
