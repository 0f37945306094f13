"""What choosing a candidate loses against the best: at most, and as expected."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workbench.statistics.arrays import Floats
from workbench.statistics.contrasts import Estimate
from workbench.statistics.critical import one_sided
from workbench.statistics.draws import mean_draws
from workbench.statistics.family import Family

SCREEN = 0.001
"""Level at which a candidate counts as surely too bad to be a rival; at most a tenth of the claims' own."""


@dataclass(frozen=True, eq=False)
class Regret:
    """What choosing each candidate loses at most, ``bound`` (k,), for all of them at once.

    ``rivals`` (k,): who may still be the best or within the margin of it; ``constants`` (k, k): by how many
    standard errors row i is bounded against rival j.
    """

    bound: Floats
    rivals: NDArray[np.bool_]
    constants: Floats


def regret_bounds(
    claims: Family,
    margin: float,
    *,
    among: NDArray[np.bool_] | None = None,
    hurdle: Floats | None = None,
    spent: float = 0.0,
) -> Regret:
    """Upper bounds of what each candidate loses against the best, with probability 1 - alpha.

    Candidates that are shown to be worse than another by more than ``margin``, at the strict level
    ``SCREEN``, which is taken off alpha, are no rivals: they can neither be the best nor be mistaken for good
    enough, so the others need not pay for them (Berger and Boos 1994; Hansen 2005). Bounds lie at least
    ``hurdle`` (k, k) from the estimates. ``spent`` of alpha is left for bounds of another kind.
    """
    k = claims.pairs.k
    allowed = np.ones(k, dtype=bool) if among is None else among
    least = np.zeros((k, k)) if hurdle is None else hurdle
    gap, se = claims.gap, claims.se
    screen = min(SCREEN, claims.alpha / 10)
    strict = -special.stdtrit(claims.df, screen / max(k - 1, 1))
    far = gap - np.maximum(strict * se, least) > margin
    rivals = allowed & ~far[:, allowed].any(axis=1)
    constants = one_sided(claims.nulls, claims.pairs, claims.alpha - screen - spent, among=rivals)
    upper = gap + np.maximum(constants * se, least)
    upper = np.where(rivals & ~np.eye(k, dtype=bool), upper, 0.0)
    return Regret(np.maximum(upper.max(axis=1), 0.0), rivals, constants)


def value_of_more(estimate: Estimate, *, more: int = 0, seeds: Floats | None = None, rng: np.random.Generator) -> float:
    """What more measuring is expected to improve the best's true mean by, beyond choosing the leader now.

    ``more`` items on top of those there are; ``seeds`` (k,): by what factor each candidate's trainings grow. The
    expected value of sample information under a flat prior (Raiffa and Schlaifer 1961): means move by as much of their
    errors as the new items and trainings resolve.
    """
    shared = more / (estimate.n + more)
    own = 1 - 1 / seeds if seeds is not None else np.zeros_like(estimate.own)
    resolved = replace(estimate, covariance=estimate.covariance * shared, own=estimate.own * own)
    moved = estimate.means + mean_draws(resolved, rng=rng)
    # Beside the leader as it moved: what is drawn for all alike cancels, and a leader that stays one gains nothing.
    return float((moved.max(axis=1) - moved[:, int(estimate.means.argmax())]).mean())


def expected_regrets(means: Floats, errors: Floats, *, among: NDArray[np.bool_] | None = None) -> Floats:
    """What choosing each candidate is expected to lose, (k,), over posterior draws under a flat prior.

    ``errors`` (draws, k) as from ``mean_draws``. An informative prior fitted to the same few means would
    promise half the loss that comes true.
    """
    rivals = np.ones(len(means), dtype=bool) if among is None else among
    drawn = means + errors
    best = drawn[:, rivals].max(axis=1)
    losses = np.maximum(best[:, None] - drawn, 0.0)
    regrets: Floats = losses.mean(axis=0)
    return regrets
