"""All that is known of what training cost the candidates of a use case, from the rows that its checks left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.check_rows import CheckRows, read_check_rows
from workbench.checks import Course, Point, first_aligned, plan_checks
from workbench.drifts import Drift, drifts
from workbench.errors import WorkbenchError
from workbench.forgetting import Loss, Measured, differences, losses
from workbench.frontier import Frontier, Matched, Place, Walked, frontier, matched
from workbench.gain import gained
from workbench.refusals import Refusals, refusals
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.suite_items import settled
from workbench.tax import Tax, alignment_tax
from workbench.usecase import Split


@dataclass(frozen=True)
class Checked:
    """What is known of one trained candidate."""

    name: str
    losses: tuple[Loss, ...]
    """Every suite beside the untrained base, the worst first."""
    drifts: tuple[Drift, ...]
    tax: Tax | None
    """None where no stage learns from preferences or rewards."""
    refusals: Refusals | None
    frontier: Frontier | None
    """None without a sweep."""
    trainings: int


@dataclass(frozen=True)
class AllChecked:
    """What is known of all candidates of a use case; nothing where nothing was checked."""

    candidates: Mapping[str, Checked] = field(default_factory=dict)
    bases: Mapping[str, Refusals] = field(default_factory=dict)
    """What each untrained base refuses, by its name."""
    base_of: Mapping[str, str] = field(default_factory=dict)
    """The base model of each trained candidate, by its name."""
    matched: tuple[Matched, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be compared, and why."""
    rows: CheckRows = field(default_factory=CheckRows, repr=False)
    """The raw rows that it follows from."""

    @property
    def losses(self) -> dict[str, tuple[Loss, ...]]:
        """What every suite shows about each candidate that was checked."""
        return {name: one.losses for name, one in self.candidates.items() if one.losses}


def gather(case: Case, candidates: Sequence[Candidate]) -> AllChecked:
    """Everything that the finished checks of some candidates show; what does not pair is told as a problem."""
    try:
        checks = plan_checks(case, candidates, sweep=True)
    except WorkbenchError as error:
        return judged(CheckRows(problem=f"{error.message} {error.hint}"))
    return judged(read_check_rows(checks))


def judged(rows: CheckRows) -> AllChecked:
    """Everything that the rows of finished checks show."""
    reader = _Reader(rows)
    found: dict[str, Checked] = {}
    problems = [rows.problem] if rows.problem else []
    walked: list[Walked] = []
    for name in rows.courses:
        try:
            one = reader.checked(name)
            walked += reader.walked(name) if one is not None else []
        except WorkbenchError as error:
            problems.append(f"{name}: {error.message} {error.hint}")
            continue
        if one is not None:
            found[name] = one
    bases = {}
    for base, step in rows.bases.items():
        told = refusals(rows.suites[base], rows.some([step])) if step in rows.panels else None
        if told is not None:
            bases[base] = told
    return AllChecked(
        found,
        bases,
        {name: str(course.candidate.base_model) for name, course in rows.courses.items()},
        matched(walked, rng=np.random.default_rng(0)),
        tuple(problems),
        rows,
    )


@dataclass(frozen=True)
class _Reader:
    """Reads what the rows of checks show."""

    rows: CheckRows

    def checked(self, name: str) -> Checked | None:
        course, measured = self.rows.courses[name], self.rows.measured(name)
        if measured is None:
            return None
        suites = self.rows.suites_of(name)
        return Checked(
            name=name,
            losses=losses(suites, measured),
            drifts=drifts([self.rows.drifts[step] for step in course.drifts if step in self.rows.drifts]),
            tax=self.tax(course, measured),
            refusals=refusals(suites, measured.after),
            frontier=self.frontier(course),
            trainings=len(measured.after),
        )

    def gains(self, after: Sequence[str], before: Sequence[str], split: Split) -> tuple[Floats, Clusters] | None:
        """Paired differences of the examples that both have a value for."""
        one, other = self.rows.mean_scores(after), self.rows.mean_scores(before)
        if one is None or other is None:
            return None
        clusters = self.rows.clusters[split]
        kept = np.flatnonzero(~np.isnan(one - other))
        if not len(kept):
            return None
        return (one - other)[kept], Clusters.of([clusters[int(i)] for i in kept])

    def tax(self, course: Course, measured: Measured) -> Tax | None:
        before = self.rows.some(course.before)
        if not before or len(before) != len(course.panels) or len(measured.after) != len(course.panels):
            return None
        same = len(set(course.before)) == 1
        beside = Measured(before[:1] if same else before, measured.after)
        suites = self.rows.suites_of(course.candidate.name)
        gains = self.gains(course.scores, course.scores_before[:1] if same else course.scores_before, "test")
        place = first_aligned(course.candidate) or 0
        told = "the untrained base" if not place else f"the weights after stage {place}"
        return alignment_tax(told, losses(suites, beside), *(gains or (None, None)))

    def places(self, course: Course) -> list[tuple[Point, Measured, tuple[Floats, Clusters]]]:
        """The points of a sweep that are measured, by every training."""
        base = self.rows.panels.get(course.base_panel)
        found: list[tuple[Point, Measured, tuple[Floats, Clusters]]] = []
        for point in course.points if base is not None else ():
            panels = self.rows.some(point.panels)
            gains = self.gains(point.scores, [course.base_score], "dev")
            if base is not None and panels and len(panels) == len(point.panels) and gains is not None:
                found.append((point, Measured([base], panels), gains))
        return found

    def frontier(self, course: Course) -> Frontier | None:
        suites = self.rows.suites_of(course.candidate.name)
        places = [
            Place(way=one.way, at=one.at, steps=one.steps, gain=gained(*gains), losses=losses(suites, measured))
            for one, measured, gains in self.places(course)
        ]
        return frontier(course.candidate.name, places) if places else None

    def walked(self, name: str) -> list[Walked]:
        """A candidate's ways as arrays, for what they cost at a matched gain."""
        course = self.rows.courses[name]
        places = self.places(course)
        suites = self.rows.suites_of(name)
        found = []
        for way in ("alpha", "steps"):
            own = sorted((one for one in places if one[0].way == way), key=lambda one: one[0].at)
            end = [one for one in places if one[0].way == "alpha" and one[0].at == 1]
            along = own + (end if way == "steps" else [])
            if not own or not end:
                continue
            changes = []
            for suite in suites:
                asked = along[0][1].before[0].asked.get(suite.name)
                told = [differences(settled(suite, asked), one[1]) for one in along] if asked is not None else []
                if suite.is_share and told and all(one is not None for one in told):
                    rows = [one[0] for one in told if one is not None]
                    clusters = next(one[1] for one in told if one is not None)
                    changes.append((suite.facet, np.stack([np.zeros_like(rows[0]), *rows]), clusters))
            gains = [one[2][0] for one in along]
            if changes and len({len(one) for one in gains}) == 1:
                table = np.stack([np.zeros_like(gains[0]), *gains])
                found.append(Walked(name, way, table, along[0][2][1], changes))
        return found
