"""Where a text can be cut: its sections below headings, their paragraphs, and the sentences of those.

Everything is a stretch of the text, ``text[start:end]``, and comes one at a time: a text may be very long.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_HEADING = 400
"""Characters; a longer line is none."""
HEADING = re.compile(rf"^(#{{1,6}})[ \t]+(\S.{{0,{LONGEST_HEADING - 1}}})$", re.MULTILINE)
FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•|>]|\d{1,3}[.)]|#{1,6}[ \t]|```|~~~))|(?<=\|)\n")
"""A line break before an item of a list, a row of a table, a quotation or a heading, or after a row."""
STOP = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”’）]*")
SPACE = re.compile(r"\s*")
WORD = re.compile(r"\S+")
ABBREVIATIONS = frozenset((
    "approx", "art", "bzw", "ca", "cf", "col", "dept", "dr", "e.g", "ed", "eds", "eq", "est", "fig", "figs", "gen",
    "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "mt", "nr", "no", "nos", "p.ex", "pp", "prof", "rev", "sec", "sen",
    "sgt", "sr", "st", "usw", "vgl", "vol", "vs", "z.b",
))  # fmt: skip
"""Words whose full stop ends no sentence, in small letters; one too many only makes a sentence longer."""


@dataclass(frozen=True)
class Section:
    """A stretch of a text that begins with its heading, if it has one; ``body`` is where the heading ends."""

    start: int
    body: int
    end: int
    above: tuple[str, ...]
    """The headings it stands under."""
    path: tuple[str, ...]
    """The same and its own."""

    @property
    def heading(self) -> str:
        """The headings that its text stands under, the outermost first."""
        return " > ".join(self.path)

    def within(self, start: int, end: int) -> "Section | None":
        """What of it lies in ``text[start:end]``; None where nothing does."""
        first, last = max(start, self.start), min(end, self.end)
        if first >= last:
            return None
        above = self.above if first == self.start else self.path
        return Section(first, min(max(first, self.body), last), last, above, self.path)


def sections(text: str, title: str, *, body: int) -> Iterator[Section]:
    """The sections of a Markdown text; a heading without text of its own is kept with what follows it.

    ``body`` is where the text proper begins, behind a title that was put before it.
    """
    fences = [match.start() for match in FENCE.finditer(text)]
    root: tuple[str, ...] = (title,) if 0 < len(title) <= LONGEST_HEADING else ()
    above: tuple[str, ...] = ()
    start, path = 0, root
    headings: list[tuple[int, str]] = []
    for match in HEADING.finditer(text):
        if bisect_left(fences, match.start()) % 2:
            continue
        level, name = len(match[1]), match[2].rstrip("# \t")
        headings = [(depth, words) for depth, words in headings if depth < level]
        if HEADING.sub("", text[body : match.start()]).strip():
            yield Section(start, body, match.start(), above, path)
            start, above = match.start(), root + tuple(words for _, words in headings)
        body = match.end()
        headings.append((level, name))
        path = root + tuple(words for _, words in headings)
    yield Section(start, body, len(text), above, path)


def stretches(text: str, start: int, end: int, *, border: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The stretches of ``text[start:end]`` between matches of ``border``, without the space around them."""
    for match in border.finditer(text, start, end):
        yield from _trimmed(text, start, match.start())
        start = match.end()
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    inner = text[start:end]
    if inner.strip():
        yield start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The paragraphs of a stretch of a text."""
    return stretches(text, start, end, border=PARAGRAPH)


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph, none of them across the items of a list."""
    for begin, line_end in stretches(text, start, end, border=ITEM):
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
