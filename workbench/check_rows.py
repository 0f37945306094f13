"""The raw rows of what training cost: what every suite gave item by item, as far as it was measured."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from workbench.checks import Checks, Course
from workbench.drifts import DriftRow, drift_rows
from workbench.forgetting import Measured
from workbench.plan import is_done
from workbench.score_tables import score_table
from workbench.statistics.arrays import Floats
from workbench.suite_items import Panel
from workbench.suites import Suite
from workbench.usecase import Split

T = TypeVar("T")


@dataclass(frozen=True)
class CheckRows:
    """All that is known of what training cost comes from this; steps are named as in the courses."""

    suites: Mapping[str, tuple[Suite, ...]] = field(default_factory=dict)
    """By base model."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """The step of each untrained base, by its name."""
    courses: Mapping[str, Course] = field(default_factory=dict)
    """By candidate."""
    panels: Mapping[str, Panel] = field(default_factory=dict)
    """What the suites gave, of every step that is done."""
    drifts: Mapping[str, tuple[DriftRow, ...]] = field(default_factory=dict)
    """How far predictions moved, of every step that is done."""
    scores: Mapping[str, Floats] = field(default_factory=dict)
    """Scores on the use case's examples (n,), of every step that is done; NaN where the instrument failed."""
    clusters: Mapping[Split, tuple[str, ...]] = field(default_factory=dict)
    """What each example of those splits is counted under."""
    problem: str = ""
    """Why nothing could be planned; usually nothing."""

    def suites_of(self, name: str) -> tuple[Suite, ...]:
        """The suites that a candidate is checked by."""
        return self.suites[str(self.courses[name].candidate.base_model)]

    def measured(self, name: str) -> Measured | None:
        """A candidate beside its untrained base; None where it is not measured yet."""
        course = self.courses[name]
        base, after = self.panels.get(course.base), self.some(course.panels)
        return Measured([base], after, self.panels.get(course.again)) if base is not None and after else None

    def some(self, steps: Sequence[str]) -> list[Panel]:
        """What those of some steps gave that are done."""
        return [self.panels[step] for step in steps if step in self.panels]

    def mean_scores(self, steps: Sequence[str]) -> Floats | None:
        """Mean score of each example over trainings (n,); None where some are not there."""
        if not steps or not all(step in self.scores for step in steps):
            return None
        found: Floats = np.stack([self.scores[step] for step in steps]).mean(axis=0)
        return found


def read_check_rows(checks: Checks) -> CheckRows:
    """The rows that the finished checks of a use case left."""
    case, courses = checks.case, checks.courses.values()
    metric = case.use_case.metric
    splits: dict[Split, tuple[str, ...]] = {}

    def scores(step: str, split: Split) -> Floats | None:
        examples = case.examples(split)
        splits.setdefault(split, tuple(one.cluster for one in examples))
        table = score_table([checks.plan.step(step)], examples, metric)
        return None if table is None else table[0]

    return CheckRows(
        suites=checks.suites,
        bases=checks.bases,
        courses=checks.courses,
        panels=_each([*checks.bases.values(), *(step for one in courses for step in _panels(one))], checks.panel),
        drifts=_each(
            [step for one in courses for step in one.drifts],
            lambda step: drift_rows(found) if is_done(found := checks.plan.step(step)) else None,
        ),
        scores=_each([step for one in courses for step in _tests(one)], lambda step: scores(step, "test"))
        | _each([step for one in courses for step in _devs(one)], lambda step: scores(step, "dev")),
        clusters=splits,
    )


def _each(steps: Sequence[str], read: Callable[[str], T | None]) -> dict[str, T]:
    """What steps left, each once; those that are not done are left out."""
    found = {step: read(step) for step in dict.fromkeys(steps) if step}
    return {step: one for step, one in found.items() if one is not None}


def _panels(course: Course) -> Iterator[str]:
    yield from (course.base, course.again, course.base_panel, *course.panels, *course.before)
    for point in course.points:
        yield from point.panels


def _tests(course: Course) -> Iterator[str]:
    """The steps that scored answers to the test set; those before are of use only beside those after."""
    if course.before:
        yield from (*course.scores, *course.scores_before)


def _devs(course: Course) -> Iterator[str]:
    if course.points:
        yield course.base_score
    for point in course.points:
        yield from point.scores
