"""What each stage of a candidate's training brought, measured on the development set."""

import numpy as np

from workbench.examples import Examples
from workbench.gain import Gain, gained
from workbench.model import Noun
from workbench.results import CandidateResults, Results
from workbench.score_tables import score_table
from workbench.stage import Reward
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.usecase import MetricName


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


def stations(results: Results, one: CandidateResults) -> tuple[Station, ...]:
    """A candidate before training and after each stage; empty where it was not measured in between.

    Values are means over the finished seeds; intervals are over the examples, for these very seeds.
    """
    examples = results.case.examples("dev")
    metric = results.use_case.metric
    numbers = [0, *(n for n, stage in enumerate(one.candidate.training, 1) if not isinstance(stage, Reward))]
    tables = [_values(one, n, examples, metric) for n in numbers]
    rows = [table for table in tables if table is not None]
    if len(rows) < len(numbers):
        return ()
    kept = np.flatnonzero(~np.isnan(np.stack(rows)).any(axis=0))
    if not len(kept):
        return ()
    clusters = Clusters.of([examples[int(i)].cluster for i in kept])
    found: list[Station] = []
    for place, (n, values) in enumerate(zip(numbers, rows, strict=True)):
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
                seeds=len(one.steps),
                gain=gained(own - rows[place - 1][kept], clusters) if place else None,
                whole=gained(own - rows[0][kept], clusters) if place else None,
            )
        )
    return tuple(found)


def _values(one: CandidateResults, number: int, examples: Examples, metric: MetricName) -> Floats | None:
    """Mean score of each example over the seeds (n,); None where some seed was not measured there."""
    steps = [step for roles in one.steps if (step := roles.get(f"dev-score-{number}")) is not None]
    found = score_table(steps, examples, metric) if len(steps) == len(one.steps) else None
    return None if found is None else found.mean(axis=0)
