"""How well each candidate finds its evidence and how its answers rest on it: means, differences, outcomes."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.candidate import Approach
from workbench.gain import Gain, gained
from workbench.measures import FOUND, RECALLS, MeasureName
from workbench.model import Noun
from workbench.phrases import percent
from workbench.rows import CandidateRows, Rows
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval


class Mean(Noun):
    """A mean share with its 95 % interval, over the examples that have a value."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def words(self) -> str:
        """In percent, with the interval."""
        return f"{percent(self.mean)} ({100 * self.low:.1f} to {100 * self.high:.1f})"

    @property
    def short(self) -> str:
        """In percent, with half of the interval."""
        return f"{percent(self.mean)} ± {50 * (self.high - self.low):.1f}"


class RecallCurve(Noun):
    """The share of the evidence that is found, by how many passages are looked at."""

    candidates: tuple[str, ...]
    """Those that find the same."""
    approach: Approach
    """Of the first of them."""
    points: dict[int, Mean]
    """By the number of passages."""


class Outcome(Noun):
    """How answers came out on some of the examples."""

    right: Mean
    """On the primary metric."""
    abstained: float
    """The share that says it does not know."""

    @property
    def wrong(self) -> float:
        """The share that is neither right nor says that it does not know."""
        return max(0.0, 1 - self.right.mean - self.abstained)


class Outcomes(Noun):
    """How a candidate's answers came out where all of the evidence was in the prompt, and where it was not."""

    candidate: str
    found: Outcome | None
    """None where there is no such example."""
    missed: Outcome | None


def values(rows: Rows, one: CandidateRows, name: MeasureName) -> Floats:
    """A measure by example, the mean over the runs that have a value; NaN where none has. Shape (examples,).

    Test examples whose answers may have been seen in training are left out.
    """
    if name not in one.measures:
        return np.full(len(rows.examples), np.nan)
    table = one.measures[name]
    counted = (~np.isnan(table)).sum(axis=0)
    sums: Floats = np.nansum(table, axis=0)
    mean = np.divide(sums, counted, out=np.full(len(sums), np.nan), where=counted > 0)
    return np.where(rows.clean, mean, np.nan)


def mean_of(rows: Rows, shares: Floats) -> Mean | None:
    """The mean of shares (examples,) that are not NaN, cluster-robust; None where all are."""
    kept: list[int] = np.flatnonzero(~np.isnan(shares)).tolist()
    if not kept:
        return None
    own, clusters = shares[kept], _clusters(rows, kept)
    variance = float(clusters.covariance(own[:, None])[0, 0])
    interval = mean_interval(float(own.mean()), variance, n=clusters.effective, df=clusters.df)
    return Mean(mean=float(own.mean()), low=interval.low, high=interval.high, n=len(kept))


def measured(rows: Rows, one: CandidateRows, name: MeasureName) -> Mean | None:
    """A candidate's mean under a measure; None where no example has a value."""
    return mean_of(rows, values(rows, one, name))


def ahead(rows: Rows, one: CandidateRows, other: CandidateRows, name: MeasureName) -> Gain | None:
    """How far one candidate is ahead of another under a measure, paired on the examples that both have a value for."""
    differences = values(rows, one, name) - values(rows, other, name)
    kept: list[int] = np.flatnonzero(~np.isnan(differences)).tolist()
    return gained(differences[kept], _clusters(rows, kept)) if kept else None


def _clusters(rows: Rows, kept: Sequence[int]) -> Clusters:
    return Clusters.of([rows.examples[i].cluster for i in kept])


def finders(rows: Rows) -> list[tuple[CandidateRows, ...]]:
    """The candidates whose retrieval was measured; those that find the same stand together."""
    found: list[list[CandidateRows]] = []
    for one in rows.candidates:
        if not any(name in one.measures for name in FOUND):
            continue
        alike = next((group for group in found if _same(rows, group[0], one)), None)
        if alike is None:
            found.append([one])
        else:
            alike.append(one)
    return [tuple(group) for group in found]


def _same(rows: Rows, one: CandidateRows, other: CandidateRows) -> bool:
    return all(np.array_equal(values(rows, one, name), values(rows, other, name), equal_nan=True) for name in FOUND)


def curve(rows: Rows, group: Sequence[CandidateRows]) -> RecallCurve:
    """Recall by the number of passages, of candidates that find the same."""
    means = {k: measured(rows, group[0], name) for k, name in RECALLS.items()}
    return RecallCurve(
        candidates=tuple(one.name for one in group),
        approach=group[0].candidate.approach,
        points={k: mean for k, mean in means.items() if mean is not None},
    )


def outcomes(rows: Rows, one: CandidateRows) -> Outcomes:
    """How answers came out by whether all of an example's evidence was in the prompt."""
    there = values(rows, one, "in_prompt")
    scores = one.values[rows.use_case.metric]
    score = np.where(np.isnan(scores).any(axis=0), np.nan, scores.mean(axis=0))
    silent: Floats = one.abstained.mean(axis=0)

    def outcome(where: NDArray[np.bool_]) -> Outcome | None:
        kept = np.where(where & ~np.isnan(there), score, np.nan)
        right = mean_of(rows, kept)
        if right is None:
            return None
        return Outcome(right=right, abstained=float(silent[~np.isnan(kept)].mean()))

    return Outcomes(candidate=one.name, found=outcome(there == 1), missed=outcome(there < 1))


def left_out(one: CandidateRows, name: MeasureName) -> Mapping[str, int]:
    """How many examples of the first run have no value under a measure, by the reason, the commonest first."""
    counts = Counter({reason: len(places[0]) for reason, places in one.unmeasured.get(name, {}).items()})
    return {reason: count for reason, count in counts.most_common() if count}
