"""The sections of a text are cut into passages within a budget of tokens."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rag.sentences import WORD, Section, paragraphs, sentences
from rag.spans import LONGEST_TOKEN, Chunking, Ruler, Span

BLOCK = 256
"""Sentences or words that are counted at a time."""
REMEMBERED = 20_000
"""Counts that are kept while a document is cut."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """The smallest stretch that is kept together: a sentence, an item of a list, or a part of an overlong one."""

    start: int
    end: int
    tokens: int
    opens: bool = False
    """Whether a paragraph begins here."""
    whole: bool = True
    """Whether it may be repeated as overlap: a whole sentence may, a heading may not."""
    broken: bool = False
    """Whether it begins or ends within a word."""


@dataclass(frozen=True)
class Knife:
    """Cuts the sections of one text into passages."""

    text: str
    chunking: Chunking
    ruler: Ruler
    counted: dict[str, int] = field(default_factory=dict)
    """Tokens of the texts that were counted last."""

    def has_room(self, start: int, end: int) -> bool:
        """Whether a stretch of the text is no longer than a passage may be."""
        if end - start > LONGEST_TOKEN * self.chunking.tokens:
            return False
        if not self.ruler.adds_up:
            return self.count(self.text[start:end]) <= self.chunking.tokens
        # Sentence by sentence, since those must be counted anyway where it has no room.
        pieces = [self.text[a:b] for one in paragraphs(self.text, start, end) for a, b in sentences(self.text, *one)]
        return sum(self.counts(pieces)) <= self.chunking.tokens

    def passages(self, section: Section) -> Iterator[Span]:
        """The passages of a section in order."""
        prefixes = self._prefix(section.above), self._prefix(section.path)
        window = _Window(self._units(section), self.chunking)
        while window.fill():
            units, first, prefix = window.units, window.first, prefixes[window.begun]
            begin, end, prefix = self._passage(units, first, prefix)
            if end < len(units) and units[end - 1].end <= section.body:
                # A heading alone answers nothing: cut the sentence that has no room beneath it.
                room = self.chunking.tokens - self.count(self._text(units[begin:end], prefix))
                if self.chunking.tokens // 4 <= room < units[end].tokens:
                    words = self._words(units[end].start, units[end].end, room)
                    units[end : end + 1] = self._parts(words, room)
                    begin, end, prefix = self._passage(units, first, prefix)
            yield Span(units[begin].start, units[end - 1].end, prefix, section.heading)
            window.go_on(end)

    def lengths(self, found: Sequence[Section], start: int, end: int) -> Iterator[Span]:
        """Passages of fixed length, cut between words wherever that is."""
        window = _Window(self._words(start, end, self.chunking.tokens), self.chunking)
        above = iter(found)
        under = next(above)
        while window.fill():
            begin, after, _ = self._passage(window.units, window.first, "")
            place = window.units[begin].start
            while under.end <= place:
                under = next(above)
            yield Span(place, window.units[after - 1].end, "", under.heading)
            window.go_on(after)

    def count(self, text: str) -> int:
        """The tokens of a text."""
        return self.counts([text])[0]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The tokens of some texts, at least one for every 16 characters of each."""
        unknown = list(dict.fromkeys(text for text in texts if text not in self.counted))
        if unknown:
            if len(self.counted) + len(unknown) > REMEMBERED:
                self.counted.clear()
                unknown = list(dict.fromkeys(texts))
            for text, tokens in zip(unknown, self.ruler.count_many(unknown), strict=True):
                self.counted[text] = max(tokens, -(-len(text) // LONGEST_TOKEN))
        return [self.counted[text] for text in texts]

    def _prefix(self, headings: Sequence[str]) -> str:
        """The headings as one line, outer ones left out as long as they take more than a quarter of a passage."""
        for skip in range(len(headings)):
            line = " > ".join(headings[skip:])
            if self.count(line) <= self.chunking.tokens // 4:
                return line
        return ""

    def _passage(self, units: Sequence[_Unit], first: int, prefix: str) -> tuple[int, int, str]:
        """The units from which to which a passage goes that brings ``first`` and what else has room, and its prefix."""
        room = self.chunking.tokens - (self.count(prefix) if prefix else 0)
        begin = self._overlap(units, first, room)
        end, tokens = first + 1, sum(unit.tokens for unit in units[begin : first + 1])
        while end < len(units) and tokens + units[end].tokens <= room:
            tokens += units[end].tokens
            end += 1
        if self.chunking.kind == "sections":
            end = self._at_paragraph(units, begin, first=first, end=end)
        # A tokenizer may find more tokens in a text than in its sentences one by one.
        while not self._fits(units[begin:end], prefix):
            if end > first + 1:
                end -= 1
            elif begin < first:
                begin += 1
            elif prefix:
                prefix = ""
            else:
                break
        return begin, end, prefix

    def _fits(self, units: Sequence[_Unit], prefix: str) -> bool:
        most = self.chunking.tokens
        if self.ruler.adds_up and not any(unit.broken for unit in units):
            return (self.count(prefix) if prefix else 0) + sum(unit.tokens for unit in units) <= most
        (tokens,) = self.ruler.count_many([self._text(units, prefix)])
        return tokens <= most

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

    def _units(self, section: Section) -> Iterator[_Unit]:
        found = self._openings(section)
        while block := list(islice(found, BLOCK)):
            lengths = iter(self.counts([self.text[a:b] for a, b, _ in block if not self._too_long(a, b)]))
            for start, end, opens in block:
                tokens = None if self._too_long(start, end) else next(lengths)
                if tokens is not None and tokens <= self.chunking.tokens:
                    yield _Unit(start, end, tokens, opens, whole=start >= section.body)
                else:
                    yield from self._parts(self._words(start, end, self.chunking.tokens), self.chunking.tokens)

    def _too_long(self, start: int, end: int) -> bool:
        return end - start > LONGEST_TOKEN * self.chunking.tokens

    def _openings(self, section: Section) -> Iterator[tuple[int, int, bool]]:
        """The sentences of a section, of its heading first, and whether a paragraph begins with each."""
        for first, last in ((section.start, section.body), (section.body, section.end)):
            for paragraph in paragraphs(self.text, first, last):
                opens = True
                for start, end in sentences(self.text, *paragraph):
                    yield start, end, opens
                    opens = False

    def _parts(self, words: Iterable[_Unit], most: int) -> Iterator[_Unit]:
        """The words of an overlong sentence in parts of at most ``most`` tokens."""
        waiting: list[_Unit] = []
        tokens = 0
        for word in words:
            if waiting and tokens + word.tokens > most:
                yield from self._joined(waiting, most)
                waiting, tokens = [], 0
            waiting.append(word)
            tokens += word.tokens
        if waiting:
            yield from self._joined(waiting, most)

    def _joined(self, words: Sequence[_Unit], most: int) -> Iterator[_Unit]:
        """Words as one part, or as two and more where they have more tokens together than one by one."""
        start, end = words[0].start, words[-1].end
        broken = any(word.broken for word in words)
        if self.ruler.adds_up and not broken:
            counted = sum(word.tokens for word in words)
        else:
            counted = self.count(self.text[start:end])
        if counted <= most or len(words) == 1:
            yield _Unit(start, end, counted, whole=False, broken=broken)
        else:
            middle = len(words) // 2
            yield from self._parts(words[:middle], most)
            yield from self._parts(words[middle:], most)

    def _words(self, start: int, end: int, most: int) -> Iterator[_Unit]:
        """Words with their tokens; one of more than ``most`` is halved until its parts have no more."""
        found = (match.span() for match in WORD.finditer(self.text, start, end))
        while block := list(islice(found, BLOCK)):
            lengths = iter(self.counts([self.text[a:b] for a, b in block if b - a <= LONGEST_TOKEN * most]))
            for left, right in block:
                tokens = next(lengths) if right - left <= LONGEST_TOKEN * most else None
                if tokens is not None and tokens <= most:
                    yield _Unit(left, right, tokens)
                else:
                    yield from self._halves(left, right, most)

    def _halves(self, start: int, end: int, most: int) -> Iterator[_Unit]:
        """A word in parts of at most ``most`` tokens each."""
        waiting = [(start, end)]
        while waiting:
            left, right = waiting.pop()
            tokens = self.count(self.text[left:right]) if right - left <= LONGEST_TOKEN * most else None
            if tokens is not None and (tokens <= most or right - left == 1):
                yield _Unit(left, right, tokens, broken=True)
            else:
                middle = (left + right) // 2
                waiting += [(middle, right), (left, middle)]


class _Window:
    """The units around the place in a section that is cut: those that may be repeated, and all that have room."""

    def __init__(self, coming: Iterator[_Unit], chunking: Chunking) -> None:
        self.units: list[_Unit] = []
        self.first = 0
        """The unit that the next passage begins with, repeats apart."""
        self.begun = False
        """Whether a passage came before."""
        self._coming = coming
        self._chunking = chunking

    def fill(self) -> bool:
        """Bring in what a passage can hold and one unit more, each having a token at least; False: nothing is left."""
        lacking = self.first + self._chunking.tokens + 2 - len(self.units)
        if lacking > 0:
            self.units += islice(self._coming, lacking)
        return self.first < len(self.units)

    def go_on(self, first: int) -> None:
        """Begin the next passage with the unit ``first``, and forget those that are too far behind to be repeated."""
        behind = max(0, first - self._chunking.overlap - 1)
        self.first, self.begun = first - behind, True
        del self.units[:behind]
