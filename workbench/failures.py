"""Why a retrieving candidate's answers fail: each that is not wholly right is told by one cause."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.candidate import Approach
from workbench.carried_checks import floats
from workbench.model import Noun
from workbench.probe_rows import Effect, level
from workbench.rows import CandidateRows, Rows
from workbench.score import FORMAL
from workbench.sought import Sought
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters

Cause = Literal["absent", "missed", "unread", "abstained", "form", "no room", "unknown"]
CAUSES: Mapping[Cause, tuple[str, str]] = {
    "absent": ("Not in the documents", "no document holds what would answer it"),
    "missed": ("Not retrieved", "a right passage is among the documents, and was not put into the prompt"),
    "unread": ("Retrieved, and not read", "a right passage was in the prompt, and the answer is wrong all the same"),
    "abstained": ("Abstained, though it was there", "a right passage was in the prompt, and it said it did not know"),
    "form": ("Right in another form", "the answer says what the reference says, and not in the form asked for"),
    "no room": ("No room in the prompt", "request and passages were longer than the model reads"),
    "unknown": (
        "Not told apart",
        "the example names no evidence, and its answer is too long to be looked for",
    ),
}
"""Each cause in a few words, and what it means."""
WHOLE = 1 - 1e-9
"""From this value on an answer is wholly right."""


class Failing(Noun):
    """What is lost to one cause."""

    cause: Cause
    answers: int
    """Answers that are not wholly right for this cause, over all runs."""
    lost: Effect
    """What they lose of the score, as a share: an answer that is half right loses half."""
    examples: tuple[str, ...]
    """Those of the first run, those that lose most first."""


class Failures(Noun):
    """What one candidate loses, and to which causes: with its score they make up 100 %."""

    candidate: str
    approach: Approach
    score: float
    answers: int
    """All answers, over all runs."""
    causes: tuple[Failing, ...]
    """What loses most first; causes that nothing is lost to are left out."""
    stand_in: int
    """Examples that name no evidence, so that a passage which holds the answer stands in for it."""
    read_leniently: bool
    """Whether right answers in another form could be told from wrong ones."""

    @property
    def failed(self) -> int:
        """Answers that are not wholly right."""
        return sum(one.answers for one in self.causes)


def failures_of(rows: Rows, one: CandidateRows) -> Failures | None:
    """Why the answers of a candidate fail; None where it retrieves nothing, or nothing is counted."""
    sought, metric = rows.sought(one.name), rows.use_case.metric
    values = one.values[metric]
    counted = np.flatnonzero(rows.clean & ~np.isnan(values).any(axis=0))
    if sought is None or not len(counted):
        return None
    causes = _causes(one, sought, values)[:, counted]
    lost = 1 - values[:, counted]
    clusters = Clusters.of([rows.examples[int(n)].cluster for n in counted])
    weights = one.name if one.candidate.trained else ""
    ids = [rows.examples[int(n)].id for n in counted]
    found = []
    for cause in CAUSES:
        here = causes == cause
        if here.any():
            effect = level(CAUSES[cause][0], np.where(here, lost, 0.0), clusters, weights)
            first = sorted(np.flatnonzero(here[0]).tolist(), key=lambda n: (-lost[0, n], n))
            found.append(
                Failing(cause=cause, answers=int(here.sum()), lost=effect, examples=tuple(ids[n] for n in first))
            )
    return Failures(
        candidate=one.name,
        approach=one.candidate.approach,
        score=float(values[:, counted].mean()),
        answers=int(causes.size),
        causes=tuple(sorted(found, key=lambda each: -each.lost.value)),
        stand_in=len(set(sought.by_answer) & set(counted.tolist())),
        read_leniently=metric not in FORMAL or bool(sought.lenient),
    )


def _causes(one: CandidateRows, sought: Sought, values: Floats) -> NDArray[np.str_]:
    """The cause of every answer that is not wholly right, and "" of the others. Shape (runs, examples)."""
    where = np.array(sought.where)
    named = {"there": "unread", "missed": "missed", "absent": "absent", "unknown": "unknown"}
    causes = np.tile(np.array([named[place] for place in sought.where], dtype="<U9"), (len(values), 1))
    causes[one.abstained & (where == "there")] = "abstained"
    if sought.lenient:
        causes[np.stack([floats(row) for row in sought.lenient]) >= WHOLE] = "form"
    for row, places in enumerate(one.failed.get("too long", ())):
        causes[row, list(places)] = "no room"
    causes[values >= WHOLE] = ""
    return causes
