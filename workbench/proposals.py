"""Which passages may be an example's evidence: those that its answer stands in, as retrieval ranks them.

Nothing is concluded from it: a date may stand in ten passages of which one answers. People say which
(``workbench.confirmed``).
"""

import json
import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from workbench.case import Case
from workbench.confirmed import read_standings
from workbench.courses import plan_retrieval
from workbench.documents import PASSAGES, read_passage, retrieving
from workbench.examples import Examples
from workbench.plan import Plan, is_done, with_needs
from workbench.run import Passage, Retrieved
from workbench.usecase import Example, Split
from workbench.workspace import Step, read_jsonl

MOST = 5
"""Passages that are proposed for an example."""
FEWER = 3
"""Where the answer stands in none: so many of those ranked first."""
LOOKED_AT = 500
"""Places where an answer stands that are weighed; a word that stands everywhere points nowhere."""
BREAK = "\n"
"""Stands between passages where all are one text, and in none of them."""
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Proposal:
    """A passage that may support an example's answer."""

    passage: Passage
    holds: bool
    """Whether the answer stands in it."""
    rank: int | None
    """Where retrieval ranks it; None: not among the first."""
    overlap: float
    """The share of the words of question and answer that stand in it."""


@dataclass(frozen=True)
class Passages:
    """All passages of an index, to be looked through for answers."""

    items: tuple[Passage, ...]

    @classmethod
    def read(cls, index: Step) -> "Passages":
        """Those of a finished index step."""
        with index.path(PASSAGES).open("rb") as source:
            return cls(tuple(map(read_passage, source)))

    @cached_property
    def _plain(self) -> list[str]:
        return [plain(one.text) for one in self.items]

    @cached_property
    def _whole(self) -> str:
        return BREAK.join(self._plain)

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 0
        for text in self._plain:
            starts.append(at)
            at += len(text) + len(BREAK)
        return starts

    @cached_property
    def _by_id(self) -> dict[str, int]:
        return {one.id: place for place, one in enumerate(self.items)}

    def holding(self, answers: Sequence[str], *, most: int = LOOKED_AT) -> list[int]:
        """Places of the passages that all of these texts stand in, as whole words; at most so many are looked at."""
        wanted = sorted({one for answer in answers if (one := plain(answer))}, key=len, reverse=True)
        if not wanted:
            return []
        found = dict.fromkeys(self._places(wanted[0], most=most))
        return [place for place in found if all(stands_in(self._plain[place], one) for one in wanted[1:])]

    def _places(self, wanted: str, *, most: int) -> Iterator[int]:
        at, seen, last = self._whole.find(wanted), 0, -1
        while at >= 0 and seen < most:
            place = bisect_right(self._starts, at) - 1
            if place != last and _is_whole(self._whole, at, at + len(wanted)):
                yield place
                seen, last = seen + 1, place
            at = self._whole.find(wanted, at + 1)

    def propose(self, example: Example, ranking: Sequence[str]) -> tuple[Proposal, ...]:
        """The passages that may support an example, the likeliest first; ``ranking``: ids of what retrieval found.

        Those that the answer stands in come as retrieval ranks them, others of these by the words they share with
        question and answer. Where the answer stands nowhere, the best ranked are proposed, and said to lack it.
        """
        answers = said(example.target or example.check)
        ranks = {name: rank for rank, name in enumerate(ranking, 1)}
        ranked = [self._by_id[name] for name in ranking if name in self._by_id]
        wanted = set(words(f"{example.question} {' '.join(answers)}"))
        sought = [plain(one) for one in answers if plain(one)]
        here = [one for one in ranked if sought and all(stands_in(self._plain[one], each) for each in sought)]
        holding = dict.fromkeys([*here, *self.holding(answers)])

        def proposal(place: int, *, holds: bool) -> Proposal:
            passage = self.items[place]
            known = set(words(passage.text))
            return Proposal(passage, holds, ranks.get(passage.id), len(wanted & known) / max(1, len(wanted)))

        if not holding:
            return tuple(proposal(place, holds=False) for place in ranked[:FEWER])
        found = [proposal(place, holds=True) for place in holding if self.items[place].document != example.id]
        return tuple(sorted(found, key=lambda one: (one.rank or math.inf, -one.overlap))[:MOST])


def plain(text: str) -> str:
    """Unicode form NFKC, without case, single blanks, without a final full stop."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removesuffix(".").strip()


def words(text: str) -> list[str]:
    """The words of a text, without case."""
    return WORD.findall(plain(text))


def said(answer: str) -> list[str]:
    """What must stand in a passage: the values of an answer that is a JSON object, else the answer."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return [answer]
    if not isinstance(value, dict):
        return [answer]
    return [str(each) for each in value.values() if isinstance(each, str | int | float)]


def stands_in(text: str, wanted: str) -> bool:
    """Whether a plain text stands in another as whole words."""
    at = text.find(wanted)
    while at >= 0:
        if _is_whole(text, at, at + len(wanted)):
            return True
        at = text.find(wanted, at + 1)
    return False


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no word or number goes on at either end."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() and text[start].isalnum() and before.isascii()) and not (
        after.isalnum() and text[end - 1].isalnum() and after.isascii()
    )


# --- Where they come from -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """The steps that find passages for the examples of a split, by the first candidate that retrieves."""

    plan: Plan
    index: str
    retrieve: str

    @property
    def done(self) -> bool:
        """Whether passages were found."""
        return is_done(self.plan.step(self.index)) and is_done(self.plan.step(self.retrieve))

    def passages(self) -> Passages:
        """All passages of the documents."""
        return Passages.read(self.plan.step(self.index))

    def rankings(self) -> Mapping[str, tuple[str, ...]]:
        """What was found for each example, ids with the best first."""
        path = self.plan.step(self.retrieve).path("retrieved.jsonl")
        found = (Retrieved.parse(record, where=str(path)) for record in read_jsonl(path))
        return {one.example: one.ranking or tuple(passage.id for passage in one.passages) for one in found}


@dataclass(frozen=True)
class Proposing:
    """Passages, and what retrieval found for each example."""

    passages: Passages
    rankings: Mapping[str, tuple[str, ...]]

    def of(self, example: Example) -> tuple[Proposal, ...]:
        """The passages that may support an example, the likeliest first."""
        return self.passages.propose(example, self.rankings.get(example.id, ()))


def plan_finding(case: Case, split: Split) -> Finding:
    """Plan that passages are found for a split.

    Raises ConfigError where there are no documents.
    """
    whole = Plan(case, split)
    steps = plan_retrieval(whole, case.whole(retrieving(case)[0]))
    retrieve = steps[f"retrieve-{split}"]
    kept = {name: whole.steps[name] for name in with_needs(retrieve, whole)}
    return Finding(Plan(case, split, kept), steps["index"], retrieve)


def unnamed(examples: Examples) -> tuple[Example, ...]:
    """The examples that name no evidence and have an answer to look for."""
    return tuple(one for one in examples if not one.evidence and (one.target or one.check).strip())


def progress_of_evidence(case: Case, split: Split) -> tuple[int, int]:
    """How many examples of a split are still to be looked at, and how many people have settled."""
    asked = unnamed(case.examples(split))
    known = read_standings(case.evidence_path)
    settled = sum(one.id in known and known[one.id].settled for one in asked)
    return len(asked) - settled, settled
