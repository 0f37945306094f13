"""A document becomes passages with stable ids, cut at headings and sentences.

Nothing here knows of embedders: how long a text is says ``count_tokens``, which the caller brings.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from rag.corpus import Document
from workbench.errors import ConfigError

CountTokens = Callable[[str], int]

LONGEST_TOKEN = 16
"""Characters. A text longer than this many a token is not even counted before it is cut."""


@dataclass(frozen=True)
class Chunking:
    """How long passages are: at most ``tokens``, of which up to ``overlap`` repeat the passage before.

    Raises ConfigError where the overlap would leave no room for anything new.
    """

    tokens: int
    overlap: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.tokens:
            raise ConfigError(
                f"Passages of {self.tokens} tokens cannot overlap by {self.overlap}.",
                "Choose an overlap (chunk_overlap) well below the length (chunk_tokens).",
            )


@dataclass(frozen=True)
class Chunk:
    """A passage as it is indexed: its text, and the document it was cut from."""

    id: str
    """The document's id, ``#``, and the position in the document from 1."""
    document: str
    text: str


def cut(document: Document, chunking: Chunking, *, count_tokens: CountTokens) -> list[Chunk]:
    """The passages of a document: each a stretch of its text, beneath the headings that it stands under.

    A document within the budget is one passage. A longer one is cut at headings, then between sentences
    (before a new paragraph where that leaves at least half a passage); a sentence longer than the budget is
    cut between words, and a word longer than that between characters. The passages depend on this document
    alone, every word of it is in one of them, and none is longer than the budget.
    """
    title = document.title
    text = document.whole
    if len(text) <= LONGEST_TOKEN * chunking.tokens and count_tokens(text) <= chunking.tokens:
        texts = [text]
    else:
        knife = _Knife(text, chunking, count_tokens)
        sections = _sections(text, title, body=len(text) - len(document.text))
        texts = [passage for section in sections for passage in knife.passages(section)]
    return [Chunk(f"{document.id}#{n}", document.id, passage) for n, passage in enumerate(texts, start=1)]


HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*)$", re.MULTILINE)
FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•|>]|\d{1,3}[.)]|#{1,6}[ \t]|```|~~~))|(?<=\|)\n")
"""A line break before an item of a list, a row of a table, a quotation or a heading, or after a row."""
STOP = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”’）]*")
SPACE = re.compile(r"\s*")
ABBREVIATIONS = frozenset((
    "approx", "art", "bzw", "ca", "cf", "col", "dept", "dr", "e.g", "ed", "eds", "eq", "est", "fig", "figs", "gen",
    "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "mt", "nr", "no", "nos", "p.ex", "pp", "prof", "rev", "sec", "sen",
    "sgt", "sr", "st", "usw", "vgl", "vol", "vs", "z.b",
))  # fmt: skip
"""Words whose full stop ends no sentence, in small letters; one too many only makes a sentence longer."""


@dataclass(frozen=True)
class _Section:
    """A stretch of a text that begins with its heading, if it has one; ``body`` is where the heading ends."""

    start: int
    body: int
    end: int
    above: tuple[str, ...]
    """The headings it stands under."""
    path: tuple[str, ...]
    """The same and its own."""


def _sections(text: str, title: str, *, body: int) -> Iterator[_Section]:
    """The sections of a Markdown text; a heading without text of its own is kept with what follows it.

    ``body`` is where the text proper begins, behind a title that was put before it.
    """
    fences = [match.start() for match in FENCE.finditer(text)]
    root: tuple[str, ...] = (title,) if title else ()
    above: tuple[str, ...] = ()
    start, path = 0, root
    headings: list[tuple[int, str]] = []
    for match in HEADING.finditer(text):
        if bisect_left(fences, match.start()) % 2:
            continue
        level, name = len(match[1]), match[2].rstrip("# \t")
        headings = [(depth, words) for depth, words in headings if depth < level]
        if HEADING.sub("", text[body : match.start()]).strip():
            yield _Section(start, body, match.start(), above, path)
            start, above = match.start(), root + tuple(words for _, words in headings)
        body = match.end()
        headings.append((level, name))
        path = root + tuple(words for _, words in headings)
    yield _Section(start, body, len(text), above, path)


@dataclass(frozen=True)
class _Unit:
    """The smallest stretch that is kept together: a sentence, an item of a list, or a part of an overlong one."""

    start: int
    end: int
    tokens: int
    opens: bool = False
    """Whether a paragraph begins here."""
    whole: bool = True
    """Whether it is a whole sentence, which may be repeated as overlap; a heading is not."""


@dataclass(frozen=True)
class _Knife:
    """Cuts the sections of one text into passages."""

    text: str
    chunking: Chunking
    count: CountTokens

    def passages(self, section: _Section) -> Iterator[str]:
        """The texts of a section's passages in order."""
        units = list(self._units(section))
        prefixes = self._prefix(section.above), self._prefix(section.path)
        first = 0
        while first < len(units):
            prefix = prefixes[first > 0]
            passage, end = self._passage(units, first, prefix)
            if end < len(units) and units[end - 1].end <= section.body:
                # A heading alone answers nothing: cut the sentence that has no room beneath it.
                room = self.chunking.tokens - self.count(passage)
                if self.chunking.tokens // 4 <= room < units[end].tokens:
                    words = self._words(units[end].start, units[end].end, room)
                    units[end : end + 1] = self._parts(list(words), room)
                    passage, end = self._passage(units, first, prefix)
            yield passage
            first = end

    def _prefix(self, headings: Sequence[str]) -> str:
        """The headings as one line, outer ones left out as long as they take more than a quarter of a passage."""
        for skip in range(len(headings)):
            line = " > ".join(headings[skip:])
            if self.count(line) <= self.chunking.tokens // 4:
                return line
        return ""

    def _passage(self, units: Sequence[_Unit], first: int, prefix: str) -> tuple[str, int]:
        """The passage that brings the unit ``first`` and what else has room, and the number of the unit after it."""
        room = self.chunking.tokens - (self.count(prefix) if prefix else 0)
        begin = self._overlap(units, first, room)
        end, tokens = first + 1, sum(unit.tokens for unit in units[begin : first + 1])
        while end < len(units) and tokens + units[end].tokens <= room:
            tokens += units[end].tokens
            end += 1
        end = self._at_paragraph(units, begin, first=first, end=end)
        # A tokenizer may find more tokens in a text than in its sentences one by one.
        while self.count(text := self._text(units[begin:end], prefix)) > self.chunking.tokens:
            if end > first + 1:
                end -= 1
            elif begin < first:
                begin += 1
            elif prefix:
                prefix = ""
            else:
                break
        return text, end

    def _overlap(self, units: Sequence[_Unit], first: int, room: int) -> int:
        """The first of the whole sentences before ``first`` that are repeated and leave room for it."""
        most = min(self.chunking.overlap, room - units[first].tokens)
        begin, tokens = first, 0
        while begin > 0 and units[begin - 1].whole and tokens + units[begin - 1].tokens <= most:
            begin -= 1
            tokens += units[begin].tokens
        return begin

    def _at_paragraph(self, units: Sequence[_Unit], begin: int, *, first: int, end: int) -> int:
        """``end``, or the last beginning of a paragraph before it that leaves at least half a passage."""
        if end == len(units):
            return end
        tokens = sum(unit.tokens for unit in units[begin:end])
        for candidate in range(end, first, -1):
            if tokens < self.chunking.tokens / 2:
                return end
            if units[candidate].opens:
                return candidate
            tokens -= units[candidate - 1].tokens
        return end

    def _text(self, units: Sequence[_Unit], prefix: str) -> str:
        body = self.text[units[0].start : units[-1].end]
        return f"{prefix}\n{body}" if prefix else body

    def _units(self, section: _Section) -> Iterator[_Unit]:
        most = self.chunking.tokens
        heading = _stretches(self.text, section.start, section.body, border=PARAGRAPH)
        paragraphs = _stretches(self.text, section.body, section.end, border=PARAGRAPH)
        for paragraph in chain(heading, paragraphs):
            opens = True
            for start, end in _sentences(self.text, *paragraph):
                tokens = self.count(self.text[start:end])
                if tokens <= most:
                    yield _Unit(start, end, tokens, opens, whole=start >= section.body)
                else:
                    yield from self._parts(list(self._words(start, end, most)), most)
                opens = False

    def _parts(self, words: Sequence[_Unit], most: int) -> Iterator[_Unit]:
        """The words of an overlong sentence in parts of at most ``most`` tokens."""
        begin, tokens = 0, 0
        for n, word in enumerate([*words, None]):
            if word is not None and tokens + word.tokens <= most:
                tokens += word.tokens
                continue
            start, end = words[begin].start, words[n - 1].end
            counted = self.count(self.text[start:end])
            if counted <= most or n - begin == 1:
                yield _Unit(start, end, counted, whole=False)
            else:
                middle = (begin + n) // 2
                yield from self._parts(words[begin:middle], most)
                yield from self._parts(words[middle:n], most)
            begin, tokens = n, word.tokens if word is not None else 0

    def _words(self, start: int, end: int, most: int) -> Iterator[_Unit]:
        """Words with their tokens; one of more than ``most`` is halved until its parts have no more."""
        for word in re.finditer(r"\S+", self.text[start:end]):
            waiting = [(start + word.start(), start + word.end())]
            while waiting:
                left, right = waiting.pop()
                tokens = self.count(self.text[left:right])
                if tokens <= most or right - left == 1:
                    yield _Unit(left, right, tokens, whole=False)
                else:
                    middle = (left + right) // 2
                    waiting += [(middle, right), (left, middle)]


def _stretches(text: str, start: int, end: int, *, border: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The stretches of ``text[start:end]`` between matches of ``border``, without the space around them."""
    for match in [*border.finditer(text, start, end), None]:
        inner = text[start : end if match is None else match.start()]
        if inner.strip():
            yield start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())
        start = end if match is None else match.end()


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph, none of them across the items of a list."""
    for begin, line_end in _stretches(text, start, end, border=ITEM):
        for stop in STOP.finditer(text, begin, line_end):
            if _ends_sentence(text, stop):
                yield begin, stop.end()
                begin = _after_space(text, stop.end(), line_end)
        if begin < line_end:
            yield begin, line_end


def _after_space(text: str, start: int, end: int) -> int:
    match = SPACE.match(text, start, end)
    return match.end() if match else start


def _ends_sentence(text: str, stop: re.Match[str]) -> bool:
    """Whether a sentence ends here: no small letter follows, and what goes before is no abbreviation or initial."""
    if text[stop.end() : stop.end() + 40].lstrip(" \t\n\"'“‘«([")[:1].islower():
        return False
    if stop[0] != ".":
        return True
    words = text[max(0, stop.start() - 20) : stop.start()].split()
    last = words[-1].lstrip("\"'“‘«([") if words else ""
    return last.casefold() not in ABBREVIATIONS and not (len(last) == 1 and last.isupper())
