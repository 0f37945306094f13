"""An answer as it is shown to people who choose blind: Markdown rendered alike for all, and nothing that could do harm.

Answers are somebody else's words. HTML in them is shown as text; images and links stay text, so that nothing is fetched
and nothing tells whose answer it is; characters that are invisible, turn the direction of writing or move a terminal's
cursor are shown as marks.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt

from workbench.plaintext import visible

MOST_SHOWN = 20_000
"""Characters of an answer that are shown at first; the rest unfolds."""
MOST_COMPARED = 600
"""Words of two answers together up to which they are compared word by word: the time grows with their cube."""
MOST_CELLS = 2_000
"""Upright lines in an answer beyond which it is not read for tables: few characters can make very many cells."""
MASK = "▮▮▮"
"""What stands in place of a name that would tell whose answer it is."""

_HARMFUL = ["image", "link", "autolink", "reference", "entity"]
_WITHOUT_TABLES = MarkdownIt("commonmark", {"html": False}).disable(_HARMFUL)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(_HARMFUL).enable("table")
_PIECES = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")
_FAMILY = re.compile(r"[A-Za-z]{4,}")


@lru_cache(maxsize=256)
def answer_html(text: str, *, most: int | None = MOST_SHOWN) -> str:
    """An answer's Markdown as HTML that holds no address, no script and no invisible character."""
    shown = visible(text if most is None else text[:most])
    return str((_MARKDOWN if shown.count("|") <= MOST_CELLS else _WITHOUT_TABLES).render(shown))


@lru_cache(maxsize=256)
def differing_html(text: str, other: str) -> str:
    """An answer as plain text, with the words marked that the other one does not have at that place."""
    mine, theirs = _PIECES.findall(visible(text)), _PIECES.findall(visible(other))
    if len(mine) + len(theirs) > MOST_COMPARED:
        return answer_html(text)
    parts = []
    for kind, start, end, _, _ in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        words = escape("".join(mine[start:end]))
        parts.append(words if kind == "equal" or not words else f"<mark>{words}</mark>")
    return f'<p style="white-space: pre-wrap">{"".join(parts)}</p>'


def masked(text: str, names: Iterable[str]) -> str:
    """A text without the names that would tell whose it is, whatever version follows them."""
    for name in sorted(set(names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}[\d.]*(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text


def telling_names(candidates: Sequence[str], base_models: Iterable[str]) -> tuple[str, ...]:
    """The names by which an answer could give itself away.

    Only names that are no ordinary words (they hold a hyphen or a digit): those of candidates and, where there is more
    than one, those of base models and their families.
    """
    found = {name for name in candidates if re.search(r"[-\d]", name)}
    bases = {base.rstrip("/").rpartition("/")[2] for base in base_models}
    if len(bases) > 1:
        telling = {base for base in bases if re.search(r"[-\d]", base)}
        found |= telling | {family[0] for base in telling if (family := _FAMILY.match(base))}
    return tuple(sorted(found))
