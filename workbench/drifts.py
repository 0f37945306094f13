"""How far training has moved a model's predictions: nats per token, on task prompts and on neutral ones."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import special

from workbench.model import Noun
from workbench.plan import is_done
from workbench.workspace import Step, read_jsonl

Kind = Literal["task", "neutral"]
Direction = Literal["forward", "backward"]
"""forward: KL(base || trained) on the base's own answers; backward: KL(trained || base) on the trained model's."""
WORDS = {
    ("task", "forward"): "the use case's requests, the base's answers",
    ("task", "backward"): "the use case's requests, its own answers",
    ("neutral", "forward"): "requests of the suites, the base's answers",
    ("neutral", "backward"): "requests of the suites, its own answers",
}


class Drift(Noun):
    """Mean KL divergence over the whole vocabulary, in nats per token, with its 95 % interval over prompts."""

    kind: Kind
    way: Direction
    nats: float
    low: float
    high: float
    prompts: int

    @property
    def words(self) -> str:
        """On which prompts and answers it was measured."""
        return WORDS[self.kind, self.way]


class DriftRow(Noun):
    """The divergence on one prompt's answer: nats over its tokens."""

    kind: Kind
    way: Direction
    prompt: str
    nats: float
    tokens: int


def drift_rows(step: Step) -> tuple[DriftRow, ...]:
    """What a finished ``drift`` step left."""
    path = step.path("drift.jsonl")
    return tuple(DriftRow.parse(row, where=str(path)) for row in read_jsonl(path))


def read_drifts(steps: Sequence[Step]) -> tuple[Drift, ...]:
    """What the finished ``drift`` steps of a candidate's trainings measured, averaged over them."""
    return drifts([drift_rows(step) for step in steps if is_done(step)])


def drifts(trainings: Sequence[Sequence[DriftRow]]) -> tuple[Drift, ...]:
    """How far each training has moved the predictions, averaged over them.

    The mean is a ratio of sums, nats to tokens; its variance is that of the linearised ratio, with the prompt as the
    unit (Cochran 1977, ratio estimation).
    """
    sums: dict[tuple[Kind, Direction], dict[str, list[float]]] = {}
    for rows in trainings:
        for row in rows:
            total = sums.setdefault((row.kind, row.way), {}).setdefault(row.prompt, [0.0, 0.0])
            total[0] += row.nats
            total[1] += row.tokens
    return tuple(_drift(kind, way, list(found.values())) for (kind, way), found in sums.items())


def _drift(kind: Kind, way: Direction, found: list[list[float]]) -> Drift:
    nats, tokens = np.array(found).T
    n, ratio = len(nats), float(nats.sum() / max(tokens.sum(), 1))
    rest = nats - ratio * tokens
    se = float(np.sqrt(n / max(n - 1, 1) * np.sum(rest**2))) / max(float(tokens.sum()), 1)
    half = float(special.stdtrit(max(n - 1, 1), 0.975)) * se
    return Drift(kind=kind, way=way, nats=ratio, low=max(0.0, ratio - half), high=ratio + half, prompts=n)
