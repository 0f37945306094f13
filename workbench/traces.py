"""What a training leaves to be read: answers on the way, and the tokens that it learns from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.workspace import Step, read_jsonl


@dataclass(frozen=True)
class Sample:
    """A request of the development set, and what was answered to it on the way."""

    request: str
    reference: str
    answers: Mapping[int, str]
    """By the step of the optimiser, in order."""


def read_samples(step: Step) -> tuple[Sample, ...]:
    """The samples of a training; where it was resumed, each step's answer once."""
    found: dict[str, dict[int, str]] = {}
    asked: dict[str, tuple[str, str]] = {}
    for line in read_jsonl(step.path("samples.jsonl")):
        asked[line["example"]] = line["request"], line["reference"]
        found.setdefault(line["example"], {})[line["step"]] = line["text"]
    return tuple(Sample(*asked[name], dict(sorted(answers.items()))) for name, answers in found.items())


Pieces = Sequence[tuple[str, bool]]
"""The text of a row in pieces, each with whether its tokens carry loss."""


def read_tokens(step: Step) -> tuple[Pieces, ...]:
    """The rows that a training spelled out before it began."""
    lines = read_jsonl(step.path("tokens.jsonl"))
    return tuple([(str(text), bool(carries)) for text, carries in line["pieces"]] for line in lines)
