"""Scores of finished steps as arrays, one value an example."""

from collections.abc import Sequence

import numpy as np

from workbench.examples import Examples
from workbench.plan import is_done
from workbench.score import Score
from workbench.statistics.arrays import Floats
from workbench.usecase import MetricName
from workbench.workspace import Step, read_jsonl


def score_table(steps: Sequence[Step], examples: Examples, metric: MetricName) -> Floats | None:
    """A metric's values by step and example, NaN where the instrument failed; None where a step is not done.

    Shape (steps, examples).
    """
    if not steps or not all(map(is_done, steps)):
        return None
    place = {example.id: i for i, example in enumerate(examples)}
    found = np.full((len(steps), len(examples)), np.nan)
    for row, step in enumerate(steps):
        path = step.path("scores.jsonl")
        for record in read_jsonl(path):
            score = Score.parse(record, where=str(path))
            if score.metric == metric and score.value is not None:
                found[row, place[score.item]] = score.value
    return found
