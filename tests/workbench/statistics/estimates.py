"""Made-up estimates and what may be said about them."""

import numpy as np

from workbench.statistics.contrasts import Estimate, contrasts
from workbench.statistics.draws import mean_draws, t_draws
from workbench.statistics.family import Family, family


def estimate(
    means: list[float], *, variance: float = 1e-4, df: float = 1e6, own: list[float] | None = None
) -> Estimate:
    k = len(means)
    extra = np.zeros(k) if own is None else np.array(own)
    return Estimate(np.array(means), variance * np.eye(k), df, extra, np.where(extra > 0, 1.0, np.inf), 1000)


def claims(known: Estimate, *, alpha: float = 0.05, draws: int = 60_000) -> Family:
    rng = np.random.default_rng(3)
    pairs = contrasts(known)
    errors = mean_draws(known, rng=rng, draws=draws)
    return family(pairs, [t_draws(known, pairs, errors, rng=rng)], alpha=alpha)
