"""What is asked of a model about support: a claim, its question, and the passages that it may rest on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """One claim of an answer with the passages that were in its prompt."""

    question: str
    claim: str
    passages: tuple[str, ...]


Checked = Sequence[bool] | None
"""For each passage whether it supports the claim; None where the model gave no verdict."""
Checker = Callable[[Sequence[Asked]], list[Checked]]
