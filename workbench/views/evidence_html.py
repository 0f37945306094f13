"""An example and the passages proposed for it as HTML, the answer marked where it stands."""

import re
from collections.abc import Mapping

from workbench.confirmed import Verdict
from workbench.phrases import percent
from workbench.proposals import Proposal, said
from workbench.usecase import Example
from workbench.views.tables import STYLE, text

EVIDENCE_STYLE = """
<style>
.wb-asked { border-left: 3px solid rgba(128,128,128,.5); padding: .4rem 1rem; overflow-wrap: anywhere; }
.wb-asked .wb-reference { font-weight: 600; margin-top: .3rem; }
.wb-proposal { border: 1px solid rgba(128,128,128,.35); border-radius: .6rem; padding: .5rem .9rem .6rem;
  font-size: .92rem; line-height: 1.45; overflow-wrap: anywhere; }
.wb-proposal.wb-now { border: 2px solid #0072b2; }
.wb-proposal.wb-past { opacity: .6; }
.wb-proposal mark { background: rgba(230,159,0,.35); color: inherit; border-radius: 3px; padding: 0 1px; }
.wb-proposal .wb-top { display: flex; gap: .6rem; flex-wrap: wrap; font-size: .8rem; margin-bottom: .25rem; }
.wb-proposal .wb-name { font-weight: 600; flex: 1; overflow-wrap: anywhere; }
.wb-proposal .wb-body { white-space: pre-wrap; max-height: 30vh; overflow: auto; unicode-bidi: isolate; }
</style>
"""
SAID: Mapping[Verdict, str] = {"yes": "✓ supports it", "no": "✗ does not", "none": "", "skip": "", "undo": ""}


def example_html(example: Example) -> str:
    """The request and the reference answer."""
    return (
        f"{STYLE}{EVIDENCE_STYLE}<div class='wb-asked' dir='auto'><div class='wb-words'>{text(example.question)}</div>"
        f"<div class='wb-reference'>{text(example.target or example.check)}</div></div>"
    )


def proposal_html(number: int, proposal: Proposal, *, answer: str, now: bool, verdict: Verdict | None) -> str:
    """One passage: where it stands, how it was found, and its text with the answer marked."""
    passage = proposal.passage
    kind = " wb-now" if now else " wb-past" if verdict is not None else ""
    place = [f"page {passage.page}"] if passage.page is not None else []
    place += [passage.heading] if passage.heading else []
    rank = f"rank {proposal.rank}" if proposal.rank is not None else "not among the first that were found"
    facts = [
        *place,
        rank,
        f"{percent(proposal.overlap)} of the words stand in it",
        SAID[verdict] if verdict else "",
    ]
    told = " · ".join(text(one) for one in facts if one)
    return (
        f"{STYLE}{EVIDENCE_STYLE}<div class='wb-proposal{kind}'><div class='wb-top'><span>{number}</span>"
        f"<span class='wb-name'>{text(passage.document)}</span><span class='wb-soft'>{told}</span></div>"
        f"<div class='wb-body' dir='auto'>{marked(passage.text, answer)}</div></div>"
    )


def marked(words: str, answer: str) -> str:
    """A text, safe to put into a page, with the answer marked wherever it stands, whatever its case and spacing."""
    wanted = sorted({one.strip().removesuffix(".") for one in said(answer)} - {""}, key=len, reverse=True)
    if not wanted:
        return text(words)
    patterns = (r"\s+".join(re.escape(word) for word in one.split()) for one in wanted)
    whole = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)
    pieces, at = [], 0
    for match in whole.finditer(words):
        pieces += [text(words[at : match.start()]), f"<mark>{text(match[0])}</mark>"]
        at = match.end()
    return "".join([*pieces, text(words[at:])])
