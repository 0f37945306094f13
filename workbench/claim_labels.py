"""What people say of claims: whether the passages that an answer was given support them; and how far checks agree."""

from collections.abc import Sequence

from workbench.model import Noun
from workbench.statistics.intervals import wilson


class ClaimLabel(Noun):
    """One claim of an answer with its passages, and whether a person finds it supported."""

    example: str
    question: str
    claim: str
    passages: tuple[str, ...]
    supported: bool
    annotator: str = ""


class CheckedClaim(Noun):
    """The same claim as a person, the rules and a model see it."""

    example: str
    person: bool
    words: bool
    model: bool | None = None
    """None where no model was asked, or it gave no verdict."""


class Agreement(Noun):
    """How often a check says what people say, with its 95 % interval, and how much of that is more than chance."""

    check: str
    """What is checked by: words, or a model."""
    share: float
    low: float
    high: float
    kappa: float | None
    """Cohen's (1960); None where chance alone explains all."""
    n: int
    too_generous: int
    """Claims that it calls supported and people do not."""
    too_strict: int
    """The reverse."""


def agreements(claims: Sequence[CheckedClaim]) -> tuple[Agreement, ...]:
    """How far words and, where one was asked, a model agree with people; empty without labels."""
    pairs = {
        "words": [(one.person, one.words) for one in claims],
        "model": [(one.person, one.model) for one in claims if one.model is not None],
    }
    return tuple(_agreement(check, told) for check, told in pairs.items() if told)


def _agreement(check: str, told: Sequence[tuple[bool, bool]]) -> Agreement:
    n = len(told)
    share = sum(person == said for person, said in told) / n
    yes = sum(person for person, _ in told) / n, sum(said for _, said in told) / n
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    interval = wilson(share, n)
    return Agreement(
        check=check,
        share=share,
        low=interval.low,
        high=interval.high,
        kappa=(share - chance) / (1 - chance) if chance < 1 else None,
        n=n,
        too_generous=sum(said and not person for person, said in told),
        too_strict=sum(person and not said for person, said in told),
    )
