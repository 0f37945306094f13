"""Citation marks in answers: which passages are cited, where, and the answer without its marks."""

import json
import re
from collections.abc import Sequence

from workbench.run import Passage

MARKS = r"\s*\[(?:[Pp]assages?\s+)?\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]"
"""A mark such as " [2]", "[1, 3]" or "[Passage 2]", with the space before it."""
_MARK = re.compile(MARKS)
_TAIL = re.compile(rf"(?:{MARKS})+\s*\.?\s*\Z")


def marks(text: str) -> tuple[int, ...]:
    """The numbers that a text cites, in order, each once."""
    found = (int(number) for mark in _MARK.finditer(text) for number in re.findall(r"\d+", mark[0]))
    return tuple(dict.fromkeys(found))


def without_marks(text: str) -> str:
    """A text without its citation marks; of JSON only those behind it are taken away, since lists look like marks."""
    if _is_json(text):
        return text
    tail = _TAIL.search(text)
    before = text[: tail.start()].rstrip() if tail else text
    if tail and _is_json(before):
        return before
    return _MARK.sub("", text).strip()


def _is_json(text: str) -> bool:
    """Whether it is a JSON object, or a list of anything but the numbers that a mark holds."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or (isinstance(value, list) and _MARK.fullmatch(text.strip()) is None)


def cited(text: str, passages: Sequence[str]) -> tuple[str, ...]:
    """Ids of the passages that a text cites, by their numbers from 1; numbers that no passage has are left out."""
    return tuple(passages[number - 1] for number in marks(text) if 1 <= number <= len(passages))


def supporting(passages: Sequence[Passage], evidence: Sequence[str], answer: str) -> int | None:
    """The number, from 1, of the passage to cite for an answer; None where none of the evidence's is among them.

    ``evidence``: ids or titles of documents. Of several passages of such documents the first that holds the answer is
    cited, else the first.
    """
    names = {name.strip() for name in evidence}
    right = [number for number, one in enumerate(passages, 1) if _names(one) & names]
    sought = _plain(answer)
    holding = (number for number in right if sought and sought in _plain(passages[number - 1].text))
    return next(holding, right[0] if right else None)


def _names(passage: Passage) -> set[str]:
    """What the document of a passage may be called: its id, and the title that the passage stands under."""
    first = passage.text.partition("\n")[0].partition(" > ")[0].strip()
    return {passage.document, passage.heading.partition(" > ")[0].strip(), first} - {""}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).removesuffix(".")
