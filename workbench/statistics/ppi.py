"""A mean known from few human labels, sharpened by a judge that labelled everything."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import least_variance

FEWEST_HUMAN = 8
"""With fewer items that people labelled, the judge's weight is not estimated and it gets none."""
NO_WEIGHT = 0.05
"""Weight of the judge up to which it is worth nothing."""


@dataclass(frozen=True)
class Anchored:
    """A mean over items with its interval, from people's labels and a judge's, and from people's alone.

    ``weight`` of the judge, 0 to 1; ``n`` items that people labelled; ``effective``: how many they would have had
    to label for as short an interval.
    """

    mean: float
    low: float
    high: float
    weight: float
    n: int
    effective: float
    human_mean: float
    human_low: float
    human_high: float

    @property
    def worth(self) -> bool:
        """The judge shortens the interval."""
        shorter = self.high - self.low < self.human_high - self.human_low
        return self.weight > NO_WEIGHT and shorter

    def sentence(self) -> str:
        """What the judge is worth in human labels."""
        if not self.worth:
            return f"The judge is worth none: use the {self.n} human labels alone."
        return f"With the judge, {self.n} human labels are worth {self.effective:.0f}."


def anchored_mean(
    human: Floats, judge: Floats, *, rng: np.random.Generator, items: Clusters | None = None, alpha: float = 0.05
) -> Anchored:
    """The mean over items of what people would say, with a judge's verdicts on all of them as a control.

    ``human`` and ``judge`` (m,): the same quantity, such as -1, 0, 1 for who is preferred; ``human`` is NaN where
    nobody labelled. Which items people label must be left to chance. Rows of one item are averaged first: the
    item is the unit. At least 2 items that people labelled, and no NaN in ``judge``.

    Prediction-powered inference with a tuned weight (PPI++; Angelopoulos, Duchi and Zrnic 2023); the weight
    of each half is estimated on the other, and t quantiles are used, since with few labels the plain
    version is too sure of itself.
    """
    y, f, rest = _by_item(human, judge, items or Clusters.singletons(len(human)))
    n, quantile = len(y), float(-special.stdtrit(len(y) - 1, alpha / 2))
    # As few labels may all be equal by luck, no less is believed than if one of them were not.
    least = least_variance(n)
    human_variance = max(float(y.var(ddof=1)) / n, least)
    centre = float(rest.mean()) if len(rest) else 0.0
    weights = _weights(y, f, rest, rng=rng)
    corrected = y - weights * (f - centre)
    of_rest = float(rest.var(ddof=1)) / len(rest) if len(rest) > 1 else 0.0
    variance = max(float(corrected.var(ddof=1)) / n, least) + float(weights.mean()) ** 2 * of_rest
    mean, half = float(corrected.mean()), quantile * np.sqrt(variance)
    human_half = quantile * np.sqrt(human_variance)
    return Anchored(
        mean=mean,
        low=mean - half,
        high=mean + half,
        weight=float(weights.mean()),
        n=n,
        effective=n * human_variance / variance,
        human_mean=float(y.mean()),
        human_low=float(y.mean()) - human_half,
        human_high=float(y.mean()) + human_half,
    )


def _by_item(human: Floats, judge: Floats, items: Clusters) -> tuple[Floats, Floats, Floats]:
    """Item means: people's and the judge's where people labelled (n,), and the judge's elsewhere (N,)."""
    labelled = ~np.isnan(human)
    rows = np.bincount(items.codes)
    answered = np.bincount(items.codes, weights=labelled)
    y = np.bincount(items.codes, weights=np.where(labelled, human, 0.0)) / np.maximum(answered, 1)
    f = np.bincount(items.codes, weights=judge) / rows
    if np.count_nonzero(answered) < 2:
        raise ValueError("people must have labelled at least two items")
    return y[answered > 0], f[answered > 0], f[answered == 0]


def _weights(y: Floats, f: Floats, rest: Floats, *, rng: np.random.Generator) -> Floats:
    """The judge's weight for each labelled item (n,), estimated on the other half of them."""
    n = len(y)
    spread = float(np.concatenate([f, rest]).var(ddof=1))
    if n < FEWEST_HUMAN or len(rest) < 2 or spread < 1e-12:
        return np.zeros(n)
    order, weights = rng.permutation(n), np.empty(n)
    halves = order[: n // 2], order[n // 2 :]
    for here, there in (halves, halves[::-1]):
        shared = float(np.cov(y[there], f[there])[0, 1])
        weights[here] = np.clip(shared / ((1 + n / len(rest)) * spread), 0.0, 1.0)
    return weights
