"""The raw rows that a recommendation was made of, in a form that travels with a report and can be checked anywhere."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from workbench import __version__
from workbench.candidate import Approach
from workbench.cost import Measured
from workbench.diagnose import Probed
from workbench.model import Noun
from workbench.panel import Panel, Scores
from workbench.question import Question, frozen
from workbench.recommend import Recommendation, recommend
from workbench.results import Results
from workbench.usecase import UseCase


class Asked(Noun):
    """One test example as it counts."""

    id: str
    cluster: str
    tags: tuple[str, ...] = ()


class Raw(Noun):
    """One candidate's scores: a row for each training seed, a value for each example."""

    name: str
    approach: Approach
    trained: bool
    values: tuple[tuple[float, ...], ...]
    abstained: tuple[tuple[int, ...], ...]
    """For each seed, the positions of examples whose answer only says that it does not know."""
    measured: Measured


class Grounds(Noun):
    """All that a recommendation follows from: settings, the frozen question, examples and scores."""

    version: str
    """Of the program that wrote it."""
    use_case: UseCase
    question: Question | None
    metric: str
    examples: tuple[Asked, ...]
    candidates: tuple[Raw, ...]
    probed: tuple[Probed, ...] = ()

    def panel(self) -> Panel:
        """The scores as they are compared."""
        n = len(self.examples)
        found = []
        for one in self.candidates:
            silent = np.zeros((len(one.values), n), dtype=np.bool_)
            for row, places in enumerate(one.abstained):
                silent[row, list(places)] = True
            found.append(Scores(one.name, one.approach, one.trained, np.array(one.values, dtype=np.float64), silent))
        return Panel(
            tuple(found), tuple(one.id for one in self.examples), tuple(one.cluster for one in self.examples),
            self.metric, tuple(one.tags for one in self.examples),
        )  # fmt: skip

    def decide(self) -> Recommendation:
        """The recommendation that follows from these rows."""
        measured = {one.name: one.measured for one in self.candidates}
        rng = np.random.default_rng(0)
        return recommend(self.use_case, self.panel(), measured, rng=rng, asked=self.question, probed=self.probed)


def grounds(results: Results) -> Grounds | None:
    """The raw rows of a use case's results; None where people's choices decide, whose labels are exported elsewhere."""
    if results.use_case.decided_by == "preference":
        return None
    panel = results.panel()
    return Grounds(
        version=__version__,
        use_case=results.use_case,
        question=frozen(results.case),
        metric=panel.metric,
        examples=tuple(
            Asked(id=item, cluster=cluster, tags=tags)
            for item, cluster, tags in zip(panel.items, panel.clusters, panel.tags, strict=True)
        ),
        candidates=tuple(
            Raw(
                name=one.name, approach=one.approach, trained=one.trained,
                values=tuple(tuple(row) for row in one.values.tolist()),
                abstained=tuple(
                    tuple(np.flatnonzero(row).tolist())
                    for row in (one.abstained if one.abstained is not None else np.zeros(one.values.shape))
                ),
                measured=results.measured(results.find(one.name)),
            )
            for one in panel.candidates
        ),
        probed=results.probed,
    )  # fmt: skip


def disagreements(told: Mapping[str, Any], found: Mapping[str, Any], *, tolerance: float = 1e-9) -> Iterator[str]:
    """Where two records of JSON differ, as "path: told, but ... follows"; numbers within a relative ``tolerance``."""
    yield from _differ("", told, found, tolerance)


def _differ(path: str, told: Any, found: Any, tolerance: float) -> Iterator[str]:
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys((*told, *found)):
            yield from _differ(f"{path}.{key}".lstrip("."), told.get(key), found.get(key), tolerance)
    elif isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        for n, (one, other) in enumerate(zip(told, found, strict=True), 1):
            yield from _differ(f"{path}[{n}]", one, other, tolerance)
    elif _number(told) and _number(found):
        if abs(told - found) > tolerance * max(1.0, abs(told), abs(found)):
            yield f"{path}: {told} is told, {found} follows"
    elif told != found:
        yield f"{path}: {_short(told)} is told, {_short(found)} follows"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
