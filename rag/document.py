"""A document: one text that answers can be found in, and where its pages begin."""

import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass

SPACE = re.compile(r"\s")
BLOCK = 1 << 20
"""Characters that are looked at together."""


@dataclass(frozen=True)
class Document:
    """One text that answers can be found in.

    ``id`` is that of its row where it has one; else the file's name, for a row followed by a hash of its content.
    """

    id: str
    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    """Where each page begins in the text, the first at 0; empty where there are no pages."""

    @property
    def whole(self) -> str:
        """The text below its title, unless it states that itself."""
        stated = not self.title or plain(self.title) in plain(self.text)
        return self.text if stated else f"{self.title}\n\n{self.text}"

    def page(self, place: int) -> int | None:
        """The page, counted from 1, that holds a place in the text; None where there are no pages."""
        return max(1, bisect_right(self.pages, place)) if self.pages else None


@dataclass(frozen=True)
class Unreadable:
    """A file, or a row or page of one, that could not be used, and why."""

    name: str
    reason: str


def plain(text: str) -> str:
    """A text without case, any space in it a single blank."""
    return " ".join(text.split()).casefold()


def fingerprint(title: str, text: str) -> str:
    """Equal for documents that differ in nothing but spacing."""
    seen = hashlib.sha256(f"{title}\n".encode())
    gap, start = "", 0
    # Part by part: the words of a long text take many times its size.
    while start < len(text):
        space = SPACE.search(text, start + BLOCK)
        end = space.start() if space else len(text)
        words = " ".join(text[start:end].split())
        if words:
            seen.update(f"{gap}{words}".encode())
            gap = " "
        start = end
    return seen.hexdigest()
