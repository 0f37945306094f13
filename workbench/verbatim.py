"""Test examples whose question and answer stand together in a document: retrieving them is no skill, but a leak.

A document that tells the answer in words of its own is what retrieval is for. One that has the very question, with the
answer behind it, such as a list of questions and answers that the test set was taken from, answers by copying.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.similarity import WORDS
from workbench.sought import MOST_WORDS, values_of
from workbench.usecase import Example

FEWEST_WORDS = 4
"""Of a question, below which standing somewhere says nothing."""
KEY = 3
"""Words in a row by which places are found where a question may stand."""
KEYS = 4
"""Such keys of each question, the rarest among all questions."""
CONTAINED = 0.8
"""Share of a question's letters, five in a row, from which on it stands there, word for word or nearly."""
LETTERS = 5
SLACK = 2
"""Words more, at either end, that a question may take up in a document."""
BETWEEN = 30
"""Words behind the question within which the answer begins."""
PARTED = re.compile(r"[?\n]|\banswer\b|\ba:")
"""What parts a question from an answer to it: without it, both are one statement, which is what documents hold."""


@dataclass(frozen=True)
class Verbatim:
    """A test example and the document that has its question with the answer."""

    example: str
    document: str


@dataclass(frozen=True)
class _Asked:
    """A question as it is looked for."""

    example: Example
    words: tuple[str, ...]
    letters: frozenset[str]
    values: tuple[str, ...]


def verbatim_pairs(examples: Sequence[Example], texts: Mapping[str, str]) -> list[Verbatim]:
    """The examples, in their order, whose question and answer stand together in one of some texts, by document.

    Each with the first such document. About a second for a million words. Questions of fewer than ``FEWEST_WORDS``
    words and answers of more than ``MOST_WORDS`` are not looked for.
    """
    asked = [one for one in map(_asked, examples) if one is not None]
    keys = _keys(asked)
    found: dict[str, str] = {}
    for name, text in texts.items():
        for one in _standing(text, asked, keys):
            found.setdefault(one.example.id, name)
    return [Verbatim(one.id, found[one.id]) for one in examples if one.id in found]


def _asked(example: Example) -> _Asked | None:
    words = tuple(WORDS.findall(_plain(example.question)))
    values = tuple(values_of(example.target))
    if len(words) < FEWEST_WORDS or not values or max(len(value.split()) for value in values) > MOST_WORDS:
        return None
    return _Asked(example, words, _letters(" ".join(words)), values)


def _plain(text: str) -> str:
    """NFKC and lower case, with line breaks."""
    return unicodedata.normalize("NFKC", text).lower()


def _letters(words: str) -> frozenset[str]:
    return frozenset(words[n : n + LETTERS] for n in range(max(1, len(words) - LETTERS + 1)))


def _keys(asked: Sequence[_Asked]) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """By words in a row, the questions that have them, by place in ``asked``, and where in the question."""
    every = [[one.words[n : n + KEY] for n in range(len(one.words) - KEY + 1)] for one in asked]
    counts = Counter(key for own in every for key in set(own))
    keys: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for place, own in enumerate(every):
        rarest = sorted(range(len(own)), key=lambda n: (counts[own[n]], n))[:KEYS]
        for n in rarest:
            keys[own[n]].append((place, n))
    return keys


def _standing(
    text: str, asked: Sequence[_Asked], keys: Mapping[tuple[str, ...], Sequence[tuple[int, int]]]
) -> Iterator[_Asked]:
    """The questions that stand in a text with their answers."""
    whole = _plain(text)
    words = WORDS.findall(whole)
    spans: list[tuple[int, int]] = []
    tried: set[tuple[int, int]] = set()
    for n, key in enumerate(zip(*(words[shift:] for shift in range(KEY)), strict=False)):
        for place, offset in keys.get(key, ()):
            begin = max(0, n - offset)
            if (place, begin) not in tried:
                tried.add((place, begin))
                spans = spans or [match.span() for match in WORDS.finditer(whole)]
                if _pair_at(asked[place], begin, words, spans, whole):
                    yield asked[place]


def _pair_at(asked: _Asked, begin: int, words: Sequence[str], spans: Sequence[tuple[int, int]], whole: str) -> bool:
    """Whether a question stands about where a text's word number ``begin`` is, and its answer behind it."""
    first, last = max(0, begin - SLACK), min(len(words), begin + len(asked.words) + SLACK)
    window = list(words[first:last])
    if asked.words[0] not in window or asked.words[-1] not in window:
        return False
    shared = len(asked.letters & _letters(" ".join(window)))
    if shared < CONTAINED * len(asked.letters):
        return False
    end = last - 1 - window[::-1].index(asked.words[-1])
    longest = max(len(value.split()) for value in asked.values)
    behind = words[end + 1 : end + 1 + BETWEEN + longest]
    told = f" {' '.join(behind)} "
    if not all(f" {value} " in told for value in asked.values):
        return False
    ahead = len(told[: told.index(f" {asked.values[0]} ")].split())
    return PARTED.search(whole[spans[end][1] : spans[end + 1 + ahead][0]]) is not None
