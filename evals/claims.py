"""What an answer claims: its sentences, or the values of its JSON, each with the passages that it cites."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evals.scorers import words
from workbench.citations import MARKS, marks, without_marks

_END = re.compile(rf"[.!?…]+[\"'”’»)]*(?P<after>(?:{MARKS})*)(?=\s|\Z)|[。！？]+(?P<wide>(?:{MARKS})*)|\n+")
"""Where a sentence may end: marks behind its full stop are its own."""
SHORT = 2
"""Letters up to which a word before a full stop is taken for an initial or an abbreviation."""


@dataclass(frozen=True)
class Claim:
    """One thing that an answer says, and the numbers of the passages that it cites for it."""

    text: str
    cites: tuple[int, ...] = ()


def claims(text: str) -> tuple[Claim, ...]:
    """The claims of an answer, with or without citation marks: every value of a JSON object, else every sentence.

    Marks behind JSON are cited for each of its values. What holds no word claims nothing; its marks belong to the claim
    before. Sentences are told apart by rules: an abbreviation too many only makes two claims of one.
    """
    bare = without_marks(text)
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return tuple(_sentences(text))
    if not isinstance(value, dict):
        return tuple(_sentences(text))
    return tuple(Claim(one, marks(text[len(bare) :])) for one in _values(value) if words(one))


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _values(inner)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


def _sentences(text: str) -> Iterator[Claim]:
    waiting: Claim | None = None
    for piece in _pieces(text):
        said, cites = without_marks(piece), marks(piece)
        if words(said):
            if waiting is not None:
                yield waiting
            waiting = Claim(said, cites)
        elif waiting is not None:
            waiting = Claim(waiting.text, tuple(dict.fromkeys((*waiting.cites, *cites))))
    if waiting is not None:
        yield waiting


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        if _ends(text, end):
            yield text[start : end.end()]
            start = end.end()
    yield text[start:]


def _ends(text: str, end: re.Match[str]) -> bool:
    """Whether a sentence ends here: no small letter follows, and what goes before is no initial or abbreviation."""
    if not end[0].startswith("."):
        return True
    before = text[: end.start()].split()
    last = before[-1].strip("\"'“‘«([") if before else ""
    short = last.isalpha() and len(last) <= SHORT and last[:1].isupper()
    return not short and not text[end.end() :].lstrip()[:1].islower()
