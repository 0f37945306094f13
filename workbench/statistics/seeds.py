"""What training again with another seed would change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.statistics.arrays import Floats, Integers

IMPUTED_SEED_SD = 0.015
"""Spread over training seeds that is assumed where it was not measured, and the least that is believed."""
ONE_SEED_SD = 0.05
"""Spread that a claim about a candidate trained with one seed must survive: pessimistic on purpose, since
nothing about it was measured."""
ONE_SEED_ERRORS = 3.0
"""Standard errors by which such a claim must be clear."""


def seed_variance(values: Floats) -> float:
    """Variance between training seeds of (S, n) scores, S >= 2, less what the items' own noise explains.

    Unbiased, for display; intervals take ``seed_spread``. Two-way layout: var(seed means) - residual / n, at
    least 0 (Searle, Casella and McCulloch 1992).
    """
    seeds, n = values.shape
    means = values.mean(axis=1)
    residual = values - means[:, None] - values.mean(axis=0) + values.mean()
    noise = float((residual**2).sum()) / max((seeds - 1) * (n - 1), 1)
    between = float(means.var(ddof=1)) - noise / n
    return float(max(0.0, between))


@dataclass(frozen=True)
class SeedSpread:
    """What training again would add to each mean: variance (k,), degrees of freedom (k,), S seeds (k,)."""

    variance: Floats
    df: Floats
    seeds: Integers


def seed_spread(scores: Sequence[Floats], trained: Sequence[bool]) -> SeedSpread:
    """Variance of each mean over training seeds, from k arrays (S, n); 0 where nothing is trained.

    Where S >= 2 it is the variance of the seeds' means, their items' noise included: taken off, it leaves
    too little in the half of cases where few seeds agree by luck (5 % errors become 8 to 10 %). For the same
    reason it is never less than ``IMPUTED_SEED_SD`` squared, and below three seeds never less than the
    spread pooled over all trained candidates; with one seed it is the larger of these two.
    """
    seeds = np.array([len(one) if is_trained else 1 for one, is_trained in zip(scores, trained, strict=True)])
    several = [j for j, is_trained in enumerate(trained) if is_trained and seeds[j] > 1]
    own = {j: float(scores[j].mean(axis=1).var(ddof=1)) for j in several}
    pooled_df = float(sum(seeds[j] - 1 for j in several))
    pooled = sum(own[j] * (seeds[j] - 1) for j in several) / pooled_df if several else 0.0
    variance, df = np.zeros(len(scores)), np.full(len(scores), np.inf)
    for j in (j for j, is_trained in enumerate(trained) if is_trained):
        few = seeds[j] < 3
        measured = max(own.get(j, 0.0), pooled if few else 0.0)
        variance[j] = max(measured, IMPUTED_SEED_SD**2) / seeds[j]
        if several and few:
            df[j] = pooled_df
        elif j in own:
            df[j] = seeds[j] - 1
    return SeedSpread(variance, df, seeds)
