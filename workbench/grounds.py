"""The raw rows that a report follows from, in a form that travels with it and can be checked anywhere."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from workbench import __version__
from workbench.audit import Audit
from workbench.blocks import Block, Examples
from workbench.candidate import Candidate
from workbench.carried_checks import CarriedChecks, Column, carried_checks, column
from workbench.chances import Chance
from workbench.claim_labels import CheckedClaim
from workbench.facts import Facts
from workbench.given import Given
from workbench.measures import MeasureName
from workbench.model import Noun
from workbench.probe_rows import Probed
from workbench.question import Question
from workbench.rows import CandidateRows, Places, Planned, Rows, Took
from workbench.run import Response, Retrieved
from workbench.searched import Searched
from workbench.sought import Sought
from workbench.stage import Reward
from workbench.usecase import Example, MetricName, Split, UseCase


class Asked(Noun):
    """One test example as it counts."""

    id: str
    cluster: str
    tags: tuple[str, ...] = ()


class Raw(Noun):
    """What one candidate's finished runs gave: a row for each run, a value for each example."""

    candidate: Candidate
    seeds: tuple[int, ...]
    values: dict[MetricName, tuple[Column, ...]]
    """By metric; None where the instrument failed."""
    abstained: Places
    """For each run, the positions of examples whose answer only says that it does not know."""
    failed: dict[str, Places]
    """The same of answers that are not in the asked-for form, by kind."""
    unscored: dict[str, Places]
    """The same of answers without a score on the primary metric, by the reason."""
    measures: dict[MeasureName, tuple[Column, ...]] = Field(default_factory=dict)
    """What was found and what answers rest on, by measure; None where there is no value."""
    unmeasured: dict[MeasureName, dict[str, Places]] = Field(default_factory=dict)
    """For each run, the positions of examples without a value under a measure, by the reason."""
    took: Took
    facts: Facts
    answered: tuple[str, ...]
    """The step in which each run answered, by which people's labels know whether they are about these answers."""
    sees_training_answers: bool
    stages: dict[int, tuple[Column, ...]]
    """Values on the development set as each stage left it, 0: before training; empty where that was not measured."""
    sought: Sought | None = None
    """What became of the passages that would answer each example; None where nothing is retrieved."""

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name


class Quoted(Noun):
    """The texts of one example that the report shows; of the others it carries figures alone."""

    example: Example
    answers: dict[str, Response]
    """By candidate, of its first run."""
    found: dict[str, Retrieved]
    """What retrieval found, by candidate."""


class Grounds(Noun):
    """All that a report follows from: settings, the frozen question, and the rows of everything that was measured."""

    version: str
    """Of the program that wrote it."""
    use_case: UseCase
    question: Question | None
    split: Split
    audit: Audit
    """What was found in the examples, whose texts are not carried."""
    examples: tuple[Asked, ...]
    candidates: tuple[Raw, ...]
    planned: tuple[Planned, ...]
    waiting: dict[str, str]
    """Candidates without a finished run, and what stopped them."""
    leaked: tuple[str, ...]
    """Examples that are in no comparison, since they stand in the training set."""
    probed: tuple[Probed, ...]
    searched: tuple[Searched, ...] = ()
    """The searches over candidates' settings, with every trial's scores on the development set."""
    labelled: tuple[CheckedClaim, ...] = ()
    """Claims that people labelled as supported or not, as rules and a model see them."""
    development: tuple[str, ...]
    """What each example of the development set is counted under."""
    chances: tuple[tuple[str, Chance], ...]
    """What drawing answers before reinforcement showed, as the steps noted it."""
    checks: CarriedChecks
    given: tuple[Given, ...]
    """People's labels by queue; people are numbers."""
    quoted: tuple[Quoted, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        n = len(self.examples)
        for one in self.candidates:
            if self.use_case.metric not in one.values:
                raise ValueError(f"{one.name} has no values of {self.use_case.metric}")
            for what, rows in (*one.values.items(), *one.measures.items()):
                if len(rows) != len(one.seeds) or any(len(row) != n for row in rows):
                    raise ValueError(f"{one.name} needs a row of {n} values of {what} for each of its seeds")
            unmeasured = [places for by_reason in one.unmeasured.values() for places in by_reason.values()]
            every: Sequence[Places] = (one.abstained, *one.failed.values(), *one.unscored.values(), *unmeasured)
            if any(len(rows) != len(one.seeds) for rows in every):
                raise ValueError(f"{one.name} needs a row of positions for each of its seeds")
            if any(not 0 <= place < n for rows in every for row in rows for place in row):
                raise ValueError(f"{one.name} names a position that is none of the {n} examples")
            if one.sought is not None and {len(one.sought.where), *map(len, one.sought.lenient)} != {n}:
                raise ValueError(f"{one.name} needs to know of {n} examples what became of their passages")
            if any(len(row) != len(self.development) for rows in one.stages.values() for row in rows):
                raise ValueError(f"{one.name} needs {len(self.development)} values after each stage")
        for given in self.given:
            known, names = given.prompts, {"", *given.queue.names}
            if any(one.example not in known or not {one.left, one.right} <= names for one in given.labels):
                raise ValueError(f"a label of {given.queue.name} is about what the queue does not ask")
        return self


def grounds(rows: Rows, blocks: Sequence[Block]) -> Grounds:
    """The raw rows that the blocks of a report follow from."""
    shown = [one.example for block in blocks if isinstance(block, Examples) for one in block.examples]
    return Grounds(
        version=__version__,
        use_case=rows.use_case,
        question=rows.asked,
        split=rows.split,
        audit=rows.audit(),
        examples=tuple(Asked(id=one.id, cluster=one.cluster, tags=one.tags) for one in rows.examples),
        candidates=tuple(_raw(rows, one) for one in rows.candidates),
        planned=rows.planned,
        waiting={name: rows.stopped(name) for name in rows.waiting},
        leaked=tuple(sorted(rows.leaked)),
        probed=rows.probed,
        searched=rows.searched,
        labelled=rows.labelled,
        development=rows.development,
        chances=rows.chances(),
        checks=carried_checks(rows.checked.rows),
        given=rows.given(),
        quoted=tuple(_quoted(rows, shown)),
    )


def _raw(rows: Rows, one: CandidateRows) -> Raw:
    numbers = [0, *(n for n, stage in enumerate(one.candidate.training, 1) if not isinstance(stage, Reward))]
    stages = {n: table for n in numbers if (table := rows.after_stage(one.name, n)) is not None}
    return Raw(
        candidate=one.candidate,
        seeds=one.seeds,
        values={metric: tuple(map(column, table)) for metric, table in one.values.items()},
        abstained=tuple(tuple(np.flatnonzero(row).tolist()) for row in one.abstained),
        failed=dict(one.failed),
        unscored=dict(one.unscored),
        measures={name: tuple(map(column, table)) for name, table in one.measures.items()},
        unmeasured={name: dict(places) for name, places in one.unmeasured.items()},
        took=one.took(),
        facts=one.facts,
        answered=one.answered,
        sees_training_answers=rows.sees_training_answers(one.name),
        stages={n: tuple(map(column, table)) for n, table in stages.items()},
        sought=rows.sought(one.name),
    )


def _quoted(rows: Rows, shown: Sequence[str]) -> list[Quoted]:
    """The texts of the examples that are shown, and of the first one, which says what requests are like."""
    answers = {one.name: {said.example: said for said in one.responses()} for one in rows.candidates}
    found: Mapping[str, Mapping[str, Retrieved]] = {one.name: one.retrieved(rows.split) for one in rows.candidates}
    wanted = {rows.examples[0].id, *shown}
    return [
        Quoted(
            example=one,
            answers={name: said[one.id] for name, said in answers.items() if one.id in shown},
            found={name: own[one.id] for name, own in found.items() if one.id in shown and one.id in own},
        )
        for one in rows.examples
        if one.id in wanted
    ]
