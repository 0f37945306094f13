"""What each stage of a candidate's training brought, measured on the development set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.examples import Examples
from workbench.model import Noun
from workbench.plan import is_done
from workbench.results import CandidateResults, Results
from workbench.score import Score
from workbench.stage import Reward
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.statistics.paired import paired_t
from workbench.usecase import MetricName
from workbench.workspace import Step, read_jsonl


class Gain(Noun):
    """A paired difference with its 95 % interval, as shares."""

    delta: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


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
                gain=_gain(own - rows[place - 1][kept], clusters) if place else None,
                whole=_gain(own - rows[0][kept], clusters) if place else None,
            )
        )
    return tuple(found)


def _gain(differences: Floats, clusters: Clusters) -> Gain:
    found = paired_t(differences, clusters=clusters)
    return Gain(delta=found.delta, low=found.low, high=found.high)


def _values(one: CandidateResults, number: int, examples: Examples, metric: MetricName) -> Floats | None:
    """Mean score of each example over the seeds (n,); None where some seed was not measured there."""
    steps = [roles.get(f"dev-score-{number}") for roles in one.steps]
    known: Sequence[Step] = [step for step in steps if step is not None and is_done(step)]
    if not known or len(known) < len(steps):
        return None
    place = {example.id: i for i, example in enumerate(examples)}
    found = np.full((len(known), len(examples)), np.nan)
    for row, step in enumerate(known):
        for score in _scores(step.path("scores.jsonl")):
            if score.metric == metric and score.value is not None:
                found[row, place[score.item]] = score.value
    means: Floats = found.mean(axis=0)
    return means


def _scores(path: Path) -> list[Score]:
    return [Score.parse(record, where=str(path)) for record in read_jsonl(path)]
