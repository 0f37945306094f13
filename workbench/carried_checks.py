"""The raw rows of what training cost, in a form that travels with a report: columns in place of records."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from pydantic import model_validator

from workbench.check_rows import CheckRows
from workbench.checks import Course
from workbench.drifts import Direction, DriftRow, Kind
from workbench.model import Noun
from workbench.statistics.arrays import Floats
from workbench.suite_items import Asked, Item, Panel
from workbench.suites import Suite
from workbench.usecase import Split

Column = tuple[float | None, ...]
"""Values in the order of the items; None where there is none."""


def column(values: Floats) -> Column:
    """A row of an array; None where it is not a number."""
    return tuple(None if np.isnan(value) else float(value) for value in values)


def floats(values: Column) -> Floats:
    """The same as an array."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


class CarriedSuite(Noun):
    """One suite as one step asked it: a column for each metric, without requests and answers."""

    asked: Asked | None
    items: tuple[str, ...]
    values: dict[str, Column]
    """By metric; None in all of them where the item does not fit into the model's context."""
    groups: tuple[str, ...] = ()
    """By item; empty where no item has one."""
    prompts: tuple[int, ...] = ()
    """By item, a number for all that the model was given: other numbers, other prompts. Empty: 0 everywhere."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        lengths = {len(one) for one in (*self.values.values(), self.groups, self.prompts)} - {0}
        if lengths - {len(self.items)}:
            raise ValueError("every column of a suite needs a value for each item")
        return self


class CarriedDrift(Noun):
    """How far predictions moved on one kind of prompts: nats and tokens of each."""

    kind: Kind
    way: Direction
    prompts: tuple[str, ...]
    nats: tuple[float, ...]
    tokens: tuple[int, ...]


class CarriedChecks(Noun):
    """All rows of ``CheckRows``."""

    suites: dict[str, tuple[Suite, ...]]
    bases: dict[str, str]
    courses: dict[str, Course]
    panels: dict[str, dict[str, CarriedSuite]]
    """By step and suite."""
    drifts: dict[str, tuple[CarriedDrift, ...]]
    scores: dict[str, Column]
    clusters: dict[Split, tuple[str, ...]]
    problem: str = ""

    def rows(self) -> CheckRows:
        """The rows as they are judged."""
        return CheckRows(
            suites=self.suites,
            bases=self.bases,
            courses=self.courses,
            panels={step: _panel(suites) for step, suites in self.panels.items()},
            drifts={
                step: tuple(row for one in found for row in _drift_rows(one)) for step, found in self.drifts.items()
            },
            scores={step: floats(values) for step, values in self.scores.items()},
            clusters=self.clusters,
            problem=self.problem,
        )


def carried_checks(rows: CheckRows) -> CarriedChecks:
    """The rows as they travel."""
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    return CarriedChecks(
        suites=dict(rows.suites),
        bases=dict(rows.bases),
        courses=dict(rows.courses),
        panels={
            step: {
                name: _suite(panel, name, numbers) for name in dict.fromkeys((*panel.items, *panel.asked))
            }
            for step, panel in rows.panels.items()
        },
        drifts={step: _drifts(found) for step, found in rows.drifts.items()},
        scores={step: column(values) for step, values in rows.scores.items()},
        clusters=dict(rows.clusters),
        problem=rows.problem,
    )  # fmt: skip


def _suite(panel: Panel, name: str, numbers: dict[tuple[str, str], dict[str, int]]) -> CarriedSuite:
    items = panel.items.get(name, ())
    metrics = dict.fromkeys(metric for one in items for metric in one.values)
    groups = tuple(one.group for one in items)
    prompts = []
    for one in items:
        known = numbers.setdefault((name, one.item), {})
        prompts.append(known.setdefault(one.prompt, len(known)))
    return CarriedSuite(
        asked=panel.asked.get(name),
        items=tuple(one.item for one in items),
        values={metric: tuple(one.values.get(metric) for one in items) for metric in metrics},
        groups=groups if any(groups) else (),
        prompts=tuple(prompts) if any(prompts) else (),
    )


def _panel(suites: Mapping[str, CarriedSuite]) -> Panel:
    return Panel(
        {name: tuple(_items(name, one)) for name, one in suites.items() if one.items},
        {name: one.asked for name, one in suites.items() if one.asked is not None},
    )


def _items(name: str, suite: CarriedSuite) -> list[Item]:
    found = []
    for place, item in enumerate(suite.items):
        values = {metric: value for metric, own in suite.values.items() if (value := own[place]) is not None}
        group = suite.groups[place] if suite.groups else ""
        prompt = str(suite.prompts[place]) if suite.prompts else "0"
        found.append(Item(suite=name, item=item, values=values, group=group, prompt=prompt))
    return found


def _drifts(rows: Sequence[DriftRow]) -> tuple[CarriedDrift, ...]:
    by_kind: dict[tuple[Kind, Direction], list[DriftRow]] = {}
    for row in rows:
        by_kind.setdefault((row.kind, row.way), []).append(row)
    return tuple(
        CarriedDrift(
            kind=kind,
            way=way,
            prompts=tuple(one.prompt for one in own),
            nats=tuple(one.nats for one in own),
            tokens=tuple(one.tokens for one in own),
        )
        for (kind, way), own in by_kind.items()
    )


def _drift_rows(one: CarriedDrift) -> list[DriftRow]:
    columns = zip(one.prompts, one.nats, one.tokens, strict=True)
    return [
        DriftRow(kind=one.kind, way=one.way, prompt=prompt, nats=nats, tokens=tokens)
        for prompt, nats, tokens in columns
    ]
