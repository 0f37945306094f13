"""Passages found by a search as HTML: ranks, scores, and the words that were looked for."""

import re
import unicodedata
from collections.abc import Collection, Sequence

from workbench.lookup import Lookup, Place
from workbench.run import Passage
from workbench.usecase import Message
from workbench.views.tables import STYLE, text

WORD = re.compile(r"\w+")
FIRST = 5
"""Passages of a list that are shown before the others are folded."""
LONG = 300
"""Characters of a passage that are shown before it is folded."""
HIT_STYLE = """
<style>
.wb-hit { border-top: 1px solid rgba(128,128,128,.25); padding: .5rem 0 .6rem; font-size: .86rem; line-height: 1.4; }
.wb-hit .wb-top { display: flex; gap: .5rem; align-items: baseline; font-size: .8rem; }
.wb-hit .wb-name { font-weight: 600; overflow-wrap: anywhere; flex: 1; }
.wb-hit .wb-score { font-variant-numeric: tabular-nums; opacity: .7; white-space: nowrap; }
.wb-hit summary { cursor: pointer; font-size: .8rem; opacity: .8; }
.wb-hit mark, .wb-turn mark { background: rgba(240, 180, 40, .35); color: inherit; border-radius: 3px;
  padding: 0 1px; }
.wb-in { border: 1px solid; border-radius: 99px; padding: 0 .45rem; font-size: .72rem; color: #0f9068;
  white-space: nowrap; }
.wb-turn { border-left: 3px solid rgba(128,128,128,.4); padding: .1rem 0 .1rem .7rem; margin: .5rem 0; }
.wb-turn pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .82rem; margin: .2rem 0 0; }
</style>
"""
SPEAKERS = {"system": "System", "user": "User", "assistant": "Model"}


def hits_html(found: Lookup, places: Sequence[Place], *, digits: int) -> str:
    """One list of passages, the best first; those that the candidate is handed say so."""
    rows = [
        _hit(rank, found.passages[one.id], f"{one.score:.{digits}f}", words=found.words, handed=one.id in found.handed)
        for rank, one in enumerate(places, 1)
    ]
    rest = "".join(rows[FIRST:])
    more = f"<details><summary class='wb-soft'>ranks {FIRST + 1} to {len(rows)}</summary>{rest}</details>"
    return STYLE + HIT_STYLE + "".join(rows[:FIRST]) + (more if rest else "")


def passages_html(passages: Sequence[Passage]) -> str:
    """A document's passages in their order."""
    return STYLE + HIT_STYLE + "".join(_hit(n, one, "", words=(), handed=False) for n, one in enumerate(passages, 1))


def turns_html(turns: Sequence[Message], words: Collection[str]) -> str:
    """A conversation as the model is sent it."""
    parts = [
        f"<div class='wb-turn'><span class='wb-soft'>{SPEAKERS[turn.role]}</span>"
        f"<pre class='wb-words'>{highlighted(turn.content, words if turn is turns[-1] else ())}</pre></div>"
        for turn in turns
    ]
    return STYLE + HIT_STYLE + "".join(parts)


def highlighted(words: str, wanted: Collection[str]) -> str:
    """A text, safe to put into a page, with the wanted words marked whatever their case."""
    pieces, at = [], 0
    for match in WORD.finditer(words):
        if unicodedata.normalize("NFKC", match[0]).casefold() in wanted:
            pieces += [text(words[at : match.start()]), f"<mark>{text(match[0])}</mark>"]
            at = match.end()
    return "".join([*pieces, text(words[at:])])


def _hit(rank: int, passage: Passage, score: str, *, words: Collection[str], handed: bool) -> str:
    badge = "<span class='wb-in'>in the prompt</span>" if handed else ""
    number = passage.id.rpartition("#")[2]
    return (
        f"<div class='wb-hit'><div class='wb-top'><span class='wb-soft'>{rank}</span><span class='wb-name'>"
        f"{text(passage.document)} <span class='wb-soft'>#{text(number)}</span></span>{badge}"
        f"<span class='wb-score'>{score}</span></div>"
        f"{_body(passage.text, words)}</div>"
    )


def _body(words: str, wanted: Collection[str]) -> str:
    if len(words) <= LONG:
        return f"<div class='wb-words'>{highlighted(words, wanted)}</div>"
    head = words[: LONG - 40].rsplit(None, 1)[0]
    return (
        f"<div class='wb-words'>{highlighted(head, wanted)} …</div><details><summary>all {len(words):,} characters"
        f"</summary><div class='wb-words'>{highlighted(words, wanted)}</div></details>"
    )
