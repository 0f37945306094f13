"""The rows that a report carries, as whoever decides and writes reports reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.audit import Audit, difference_sentence
from workbench.carried_checks import floats
from workbench.chances import Chance
from workbench.checked import judged
from workbench.examples import Examples
from workbench.facts import Facts
from workbench.given import Given
from workbench.grounds import Asked, Grounds, Quoted, Raw
from workbench.question import Question
from workbench.rows import CandidateRows, Planned, Rows, Took
from workbench.run import Response, Retrieved
from workbench.statistics.arrays import Floats
from workbench.usecase import Example, Message, Split

NOT_CARRIED = "(its text is not among the raw rows)"


@dataclass(frozen=True, eq=False, kw_only=True)
class CarriedCandidate(CandidateRows):
    """What the finished runs of one candidate gave, as a report carries it."""

    raw: Raw
    examples: Examples
    quoted: Mapping[str, Quoted]
    """Texts, by example."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are finished, in order."""
        return self.raw.seeds

    @property
    def answered(self) -> tuple[str, ...]:
        """The step in which each run answered."""
        return self.raw.answered

    @property
    def facts(self) -> Facts:
        """What is so, whatever was measured."""
        return self.raw.facts

    def responses(self, seed_position: int = 0) -> tuple[Response, ...]:
        """The answers of the first run, as far as the report quotes them."""
        del seed_position
        return tuple(map(self._response, self.examples))

    def _response(self, example: Example) -> Response:
        said = self.quoted[example.id].answers.get(self.name) if example.id in self.quoted else None
        return said or Response(example=example.id, text=NOT_CARRIED, prompt_tokens=0, completion_tokens=0)

    def retrieved(self, split: str = "test") -> Mapping[str, Retrieved]:
        """What retrieval found, as far as the report quotes it."""
        del split
        return {name: one.found[self.name] for name, one in self.quoted.items() if self.name in one.found}

    def took(self) -> Took:
        """What its answers and its training took."""
        return self.raw.took


@dataclass(frozen=True, eq=False, kw_only=True)
class Carried(Rows):
    """All that a report carries about a use case's candidates."""

    grounds: Grounds

    @property
    def asked(self) -> Question | None:
        """The question as it stood before any score was seen."""
        return self.grounds.question

    @property
    def split(self) -> Split:
        """The split that the examples are of."""
        return self.grounds.split

    @property
    def planned(self) -> tuple[Planned, ...]:
        """Every run that there was to be, in order."""
        return self.grounds.planned

    @property
    def development(self) -> tuple[str, ...]:
        """What each example of the development set is counted under, in order."""
        return self.grounds.development

    def audit(self) -> Audit:
        """What was found in the examples; what follows from their number is computed from the rows."""
        told, n = self.grounds.audit, len(self.examples)
        if self.split != "test":
            return told
        said = difference_sentence(n, clusters=len({one.cluster for one in self.examples}))
        return told.model_copy(update={"sizes": told.sizes | {"test": n}, "smallest_difference": said})

    def given(self) -> tuple[Given, ...]:
        """People's labels on test requests, queue by queue."""
        return self.grounds.given

    def sees_training_answers(self, name: str) -> bool:
        """Whether a candidate learns, quotes or retrieves training answers."""
        return next(one for one in self.grounds.candidates if one.name == name).sees_training_answers

    def stopped(self, name: str) -> str:
        """What stopped a candidate's run, in words; empty where nothing did."""
        return self.grounds.waiting[name]

    def after_stage(self, name: str, number: int) -> Floats | None:
        """A candidate's values on the development set as one stage left it."""
        rows = next(one for one in self.grounds.candidates if one.name == name).stages.get(number)
        return None if rows is None else np.stack([floats(row) for row in rows])

    def chances(self) -> tuple[tuple[str, Chance], ...]:
        """What candidates that are reinforced could do before."""
        return self.grounds.chances


def carried(grounds: Grounds) -> Carried:
    """The rows of a report, to be decided upon and written about again."""
    quoted = {one.example.id: one for one in grounds.quoted}
    examples = Examples(tuple(_example(one, quoted) for one in grounds.examples))
    return Carried(
        use_case=grounds.use_case,
        examples=examples,
        candidates=tuple(_candidate(one, examples, quoted) for one in grounds.candidates),
        waiting=tuple(grounds.waiting),
        checked=judged(grounds.checks.rows()),
        leaked=frozenset(grounds.leaked),
        probed=grounds.probed,
        searched=grounds.searched,
        labelled=grounds.labelled,
        grounds=grounds,
    )


def _example(one: Asked, quoted: Mapping[str, Quoted]) -> Example:
    """An example as it counts, with its texts where the report quotes it."""
    counted = {"group": one.cluster if one.cluster != one.id else "", "tags": one.tags}
    if one.id in quoted:
        return quoted[one.id].example.model_copy(update=counted)
    return Example(id=one.id, messages=(Message(role="user", content=NOT_CARRIED),), target=NOT_CARRIED).model_copy(
        update=counted
    )


def _candidate(one: Raw, examples: Examples, quoted: Mapping[str, Quoted]) -> CarriedCandidate:
    abstained = np.zeros((len(one.seeds), len(examples)), dtype=np.bool_)
    for row, places in enumerate(one.abstained):
        abstained[row, list(places)] = True
    return CarriedCandidate(
        candidate=one.candidate,
        values={metric: np.stack([floats(row) for row in rows]) for metric, rows in one.values.items()},
        abstained=abstained,
        failed=one.failed,
        unscored=one.unscored,
        measures={name: np.stack([floats(row) for row in rows]) for name, rows in one.measures.items()},
        unmeasured=one.unmeasured,
        raw=one,
        examples=examples,
        quoted=quoted,
    )
