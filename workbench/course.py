"""What each stage of a candidate's training brought, measured on the development set."""

import numpy as np

from workbench.gain import Gain, gained
from workbench.model import Noun
from workbench.rows import CandidateRows, Rows
from workbench.stage import Reward
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval


class Station(Noun):
    """A candidate as one stage left it, on the development set."""

    candidate: str
    number: int
    """0: before training."""
    method: str
    """The stage's; empty before training."""
    mean: float
    low: float
    high: float
    n: int
    seeds: int
    gain: Gain | None = None
    """Against the stage before; None before training."""
    whole: Gain | None = None
    """Against the untrained base; None before training."""


def stations(rows: Rows, one: CandidateRows) -> tuple[Station, ...]:
    """A candidate before training and after each stage; empty where it was not measured in between.

    Values are means over the finished seeds; intervals are over the examples, for these very seeds.
    """
    numbers = [0, *(n for n, stage in enumerate(one.candidate.training, 1) if not isinstance(stage, Reward))]
    tables = [rows.after_stage(one.name, n) for n in numbers]
    means = [table.mean(axis=0) for table in tables if table is not None]
    if len(means) < len(numbers):
        return ()
    kept = np.flatnonzero(~np.isnan(np.stack(means)).any(axis=0))
    if not len(kept):
        return ()
    clusters = Clusters.of([rows.development[int(i)] for i in kept])
    found: list[Station] = []
    for place, (n, values) in enumerate(zip(numbers, means, strict=True)):
        own = values[kept]
        variance = float(clusters.covariance(own[:, None])[0, 0])
        interval = mean_interval(float(own.mean()), variance, n=len(kept), df=clusters.df)
        found.append(
            Station(
                candidate=one.name,
                number=n,
                method=one.candidate.training[n - 1].method if n else "",
                mean=float(own.mean()),
                low=interval.low,
                high=interval.high,
                n=len(kept),
                seeds=len(one.seeds),
                gain=gained(own - means[place - 1][kept], clusters) if place else None,
                whole=gained(own - means[0][kept], clusters) if place else None,
            )
        )
    return tuple(found)
