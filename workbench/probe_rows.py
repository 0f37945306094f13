"""What a finished probe gave, as rows, and the figures that are made of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.candidate import Approach
from workbench.model import Noun
from workbench.phrases import percent, signed
from workbench.probe_kinds import ProbeKind
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.statistics.weighted import Term, weighted


class Values(Noun):
    """One of the things that a probe holds beside one another."""

    name: str
    values: tuple[tuple[float, ...], ...]
    """A row for each training or each draw, a value for each item."""
    weights: str = ""
    """Names the trainings that the rows come from; empty: untrained."""


class Probed(Noun):
    """What one finished probe gave: rows that its finding follows from."""

    kind: ProbeKind
    about: tuple[str, ...]
    approach: Approach
    items: tuple[str, ...]
    clusters: tuple[str, ...]
    cells: tuple[Values, ...]
    left_out: int = 0
    """Examples that it says nothing about: without a value, without the right passages, or nothing could be changed."""


class Effect(Noun):
    """One figure of a finding with its 95 % interval, as a share or a difference of shares."""

    name: str
    value: float
    low: float
    high: float
    level: bool = False
    """Whether it is a share of its own and no difference."""
    approach: Approach | None = None
    """Of whom it tells, where that is another than whom the finding is about."""
    n: int | None = None
    """Examples that it tells of, where these are not all of the finding's."""

    def of(self, approach: Approach) -> "Effect":
        """The same, told of another approach."""
        return self.model_copy(update={"approach": approach})

    @property
    def words(self) -> str:
        """The figure with its interval."""
        if self.level:
            return f"{percent(self.value)} ({100 * self.low:.1f} to {100 * self.high:.1f})"
        return f"{signed(self.value)} ({signed(self.low)} to {signed(self.high)})"


def level(name: str, values: Floats, clusters: Clusters, weights: str = "") -> Effect:
    """A mean of values (S, n), or (n,), as a share of its own; ``weights``: the trainings of the S rows."""
    found = weighted([Term(np.atleast_2d(values), 1.0, weights)], clusters)
    mean, inside = min(max(found.delta, 0.0), 1.0), 0 < found.delta < 1
    # Where all are alike, the interval is that of so many items.
    variance = found.se**2 if inside else 0.0
    own = mean_interval(mean, variance, n=clusters.effective, df=clusters.df)
    return Effect(name=name, value=mean, low=own.low, high=own.high, level=True)


class Finding(Noun):
    """What one probe shows, in a sentence and in figures."""

    kind: ProbeKind
    about: tuple[str, ...]
    approach: Approach
    sentence: str
    effects: tuple[Effect, ...]
    n: int
    telling: bool = True
    """Whether it explains anything; where it does not, it is no reason."""
    caution: str = ""
    """What must be known before anybody acts on the recommendation; usually nothing."""


class ProbeRows:
    """A probe's rows as arrays."""

    def __init__(self, probed: Probed) -> None:
        self.probed = probed
        self.clusters = Clusters.of(probed.clusters)
        self.cells = {one.name: np.array(one.values, dtype=np.float64) for one in probed.cells}
        self.weights = {one.name: one.weights for one in probed.cells}

    def mean(self, name: str) -> float:
        """A cell's mean."""
        return float(self.cells[name].mean())

    def effect(self, name: str, weights: Mapping[str, float]) -> Effect:
        """A weighted sum of the cells' means."""
        found = weighted([Term(self.cells[c], w, self.weights[c]) for c, w in weights.items()], self.clusters)
        most, least = (sum(w for w in weights.values() if w * sign > 0) for sign in (1, -1))
        return Effect(name=name, value=found.delta, low=max(found.low, least), high=min(found.high, most))

    def lost(self, name: str, where: Floats) -> Effect:
        """What the right passages would bring beyond those found, of the items ``where`` is 1. Shape (1, n)."""
        terms = [
            Term(self.cells[cell] * where, weight, self.weights[cell])
            for cell, weight in (("handed over", 1.0), ("found", -1.0))
        ]
        found = weighted(terms, self.clusters)
        return Effect(name=name, value=found.delta, low=max(found.low, -1.0), high=min(found.high, 1.0))

    def level(self, name: str, values: Floats, weights: str = "") -> Effect:
        """A mean of values (S, n), or (n,), as a share of its own; ``weights``: the trainings of the S rows."""
        return level(name, values, self.clusters, weights)

    def finding(self, sentence: str, effects: Sequence[Effect], *, telling: bool = True, caution: str = "") -> Finding:
        """A finding about this probe."""
        one = self.probed
        return Finding(
            kind=one.kind, about=one.about, approach=one.approach, sentence=sentence, effects=tuple(effects),
            n=len(one.items), telling=telling, caution=caution,
        )  # fmt: skip

    def among(self, where: NDArray[np.bool_]) -> "ProbeRows":
        """The same of those items alone where ``where`` (n,) is true; there has to be one."""
        kept = np.flatnonzero(where).tolist()
        one = self.probed
        cells = tuple(
            cell.model_copy(update={"values": tuple(tuple(row[i] for i in kept) for row in cell.values)})
            for cell in one.cells
        )
        update = {
            "items": tuple(one.items[i] for i in kept), "clusters": tuple(one.clusters[i] for i in kept),
            "cells": cells,
        }  # fmt: skip
        return ProbeRows(one.model_copy(update=update))
