"""What was read of a use case's documents: counts, what could not be read, and the passages they became."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.blocks import Column, Row, Table
from workbench.candidate import Candidate
from workbench.case import Case, presets
from workbench.courses import plan_retrieval
from workbench.model import Noun
from workbench.phrases import agreeing
from workbench.plan import Plan, is_done, with_needs
from workbench.run import Passage
from workbench.workspace import Step

PASSAGES = "passages.jsonl"


class Unread(Noun):
    """A file, or a row of one, that could not be used."""

    name: str
    reason: str


class Reading(Noun):
    """What an index holds, and what it does not."""

    documents: int
    passages: int
    repeats: int
    """Documents that were left out since they repeat another."""
    unread: int
    unread_files: tuple[Unread, ...]
    """The first of them, with their reasons."""

    @property
    def sentence(self) -> str:
        """The same in one line."""
        told = (
            f"{self.documents:,} {agreeing(self.documents, 'document', 'documents')} became {self.passages:,} "
            f"{agreeing(self.passages, 'passage', 'passages')}."
        )
        if self.repeats:
            verbs = agreeing(self.repeats, "repeats another and was", "repeat others and were")
            told += f" {self.repeats:,} {verbs} left out."
        if self.unread:
            told += f" {self.unread:,} could not be read."
        return told


def retrieving(case: Case) -> tuple[Candidate, ...]:
    """The chosen candidates that retrieve; where there is none, the shipped one."""
    found = tuple(one for one in case.candidates() if one.retrieval is not None)
    return found or (presets()["rag"],)


def plan_index(case: Case, candidates: Sequence[Candidate]) -> tuple[Plan, dict[str, str]]:
    """Plan that the documents are read as some candidates need them; also each one's index step, by its name.

    Raises ConfigError where there are no documents.
    """
    whole = Plan(case, "test")
    steps = {one.name: plan_retrieval(whole, case.whole(one))["index"] for one in candidates}
    kept = dict.fromkeys(need for name in steps.values() for need in with_needs(name, whole))
    return Plan(case, "test", {name: whole.steps[name] for name in kept}), steps


def reading(step: Step) -> Reading | None:
    """What a finished index step says about the documents; None before."""
    if not is_done(step):
        return None
    facts = step.record.facts
    return Reading(
        documents=facts["documents"],
        passages=facts["passages"],
        repeats=facts["duplicates"],
        unread=facts["unreadable"],
        unread_files=tuple(Unread.parse(one, where="What was not read") for one in facts["unreadable_files"]),
    )


def unread_table(found: Reading) -> Table:
    """What could not be read, and why."""
    rows = tuple(Row(cells=(one.name, one.reason)) for one in found.unread_files)
    more = "" if found.unread == len(rows) else f" (the first {len(rows)} of {found.unread:,})"
    return Table(title=f"Not read{more}", columns=(Column(title="File"), Column(title="Why")), rows=rows)


@dataclass(frozen=True)
class Shelf:
    """Where the passages of each document stand in an index's file, so that only those looked at are read."""

    path: Path
    places: dict[str, list[int]]
    """By document, the first byte of each of its passages."""

    def passages(self, document: str) -> list[Passage]:
        """A document's passages in their order."""
        found = []
        with self.path.open("rb") as source:
            for place in self.places[document]:
                source.seek(place)
                found.append(read_passage(source.readline()))
        return found


def shelf(step: Step) -> Shelf:
    """The passages of an index, by document."""
    path, places, at = step.path(PASSAGES), dict[str, list[int]](), 0
    with path.open("rb") as source:
        for line in source:
            places.setdefault(json.loads(line)["document"], []).append(at)
            at += len(line)
    return Shelf(path, places)


def read_passage(line: bytes) -> Passage:
    """One line of an index's passages."""
    record = json.loads(line)
    known = {name: record[name] for name in Passage.model_fields if name in record}
    return Passage.parse({"score": 0.0} | known, where=PASSAGES)
