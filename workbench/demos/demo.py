"""A demo: a bundled use case whose right answer is known, so that the workbench can be held against the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.candidate import Approach
from workbench.pairs import Pair
from workbench.usecase import Example, Message, Split, UseCase

TRAIN, DEV, TEST = 400, 60, 300
"""Examples of each split."""
SMALLEST_DIFFERENCE = 0.05
"""What a demo decides by: far less than the differences that its truth makes."""


@dataclass(frozen=True)
class Demo:
    """A use case with its data, and the approach that is right for it by construction."""

    use_case: UseCase
    train: list[Example]
    dev: list[Example]
    test: list[Example]
    documents: dict[str, str]
    """Texts by file name."""
    truth: Approach
    blurb: str
    """What it is about and why its truth is the truth, for people."""
    pairs: tuple[Pair, ...] = ()
    """Preference pairs, where people were asked."""
    candidates: tuple[str, ...] = ()
    """Presets that it compares; empty: all that usually suit a use case."""
    passages: int | None = None
    """How many passages a request is answered from, as its development set tells; None: as many as is usual."""


@dataclass(frozen=True)
class Request:
    """What an example is made of, before it has an id."""

    text: str
    target: str
    group: str = ""
    evidence: tuple[str, ...] = ()
    """File names of the documents that hold the answer."""
    tags: tuple[str, ...] = ()
    check: str = ""


def examples_of(split: Split, requests: Sequence[Request]) -> list[Example]:
    """The examples of one split, with ids of the form ``test-001``."""
    return [
        Example(
            id=f"{split}-{n:03d}",
            messages=(Message(role="user", content=request.text),),
            target=request.target,
            check=request.check,
            evidence=request.evidence,
            group=request.group,
            tags=request.tags,
            split=split,
        )
        for n, request in enumerate(requests, 1)
    ]
