"""How strong linked candidates are and how surely, before anything is claimed from their labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.rates import PositionEffect
from workbench.statistics.arrays import Floats
from workbench.statistics.contrasts import Estimate, contrasts
from workbench.statistics.davidson import Davidson, fit, slopes, win_rate
from workbench.statistics.draws import DRAWS, mean_draws, t_draws
from workbench.statistics.family import Family, family
from workbench.statistics.looks import level_at_each_look
from workbench.statistics.two_way import Robust, robust
from workbench.statistics.verdicts import Correction
from workbench.statistics.votes import Votes

MOST_DRAWS = 40_000
TAIL_DRAWS = 60
"""Simulated errors wanted beyond a constant: where many looks push it out, more are drawn."""
WARNING_ERRORS = 2.0
"""Standard errors from nothing at which an advantage of the first answer is warned of."""


@dataclass(frozen=True, eq=False)
class Strengths:
    """What the labels among ``members`` say about them, in an order that names don't change.

    ``estimate`` and ``family`` are about differences of strengths in log-odds, ``family`` at ``level``: what is
    left of alpha at each of several looks; ``errors`` (draws, k) of the strengths. ``corrected``: what a judge's
    verdicts added to the labels.
    """

    members: tuple[int, ...]
    votes: Votes
    fitted: Davidson
    robust: Robust
    estimate: Estimate
    family: Family
    errors: Floats
    level: float
    corrected: Correction | None = None

    def index(self, candidate: int) -> int:
        """Where a candidate, by its place among all, stands among the members."""
        return self.members.index(candidate)


def gather_strengths(
    votes: Votes,
    members: Sequence[int],
    *,
    people: bool,
    alpha: float,
    looks: int,
    rng: np.random.Generator,
    corrected: Correction | None = None,
) -> Strengths:
    """Fit the labels among ``members`` (two or more, linked by wins both ways) and bound all differences at once.

    ``people``: annotators are a draw from people and not all that matter; ``corrected``: what a judge's verdicts add to
    ``votes``.
    """
    first = fit(votes.among(members).counts)
    order = np.argsort(first.strengths.round(9), kind="stable")
    members = tuple(int(members[j]) for j in order)
    chosen = votes.among(members)
    own = None if corrected is None else corrected.among(votes, members)
    fitted = fit(chosen.counts)
    fitted = fitted if own is None else own.steer(chosen, fitted)
    known = robust(chosen, fitted, annotators=people, corrected=own)
    k = len(members)
    estimate = Estimate(
        means=fitted.strengths,
        covariance=known.covariance[:k, :k],
        df=known.df,
        own=np.zeros(k),
        own_df=np.full(k, np.inf),
        n=_informative(fitted, len(chosen)),
    )
    level = level_at_each_look(alpha, looks, tests=k * (k - 1) // 2)
    draws = int(np.clip(TAIL_DRAWS / level, DRAWS, MOST_DRAWS))
    errors = mean_draws(estimate, rng=rng, draws=draws)
    pairs = contrasts(estimate)
    bounds = family(pairs, [t_draws(estimate, pairs, errors, rng=rng)], alpha=level)
    return Strengths(members, chosen, fitted, known, estimate, bounds, errors, level, own)


def _informative(fitted: Davidson, labels: int) -> int:
    """Labels in the unit in which one that is discordant moves a strength by 1 / n: for the least variance."""
    slope, _ = slopes(np.zeros(1), fitted.log_tie)
    return max(1, int(labels * slope[0]))


def rate_against(known: Strengths, candidate: int, baseline: int, *, level: float) -> tuple[float, float, float]:
    """Win rate of one member against another, by their places among all, with low and high.

    The delta method on the log-odds of the win rate, with the share of ties estimated, too.
    """
    a, b = known.index(candidate), known.index(baseline)
    if a == b:
        return 0.5, 0.5, 0.5
    lead = np.array([known.fitted.strengths[a] - known.fitted.strengths[b]])
    rate = float(win_rate(lead, known.fitted.log_tie)[0])
    by_lead, by_tie = (float(one[0]) / (rate * (1 - rate)) for one in slopes(lead, known.fitted.log_tie))
    gradient = np.zeros(len(known.robust.covariance))
    gradient[a], gradient[b], gradient[-1] = by_lead, -by_lead, by_tie
    variance = max(float(gradient @ known.robust.covariance @ gradient), by_lead**2 * known.family.pairs.least)
    half = float(-special.stdtrit(known.robust.df, level / 2)) * np.sqrt(variance)
    centre = float(special.logit(rate))
    return rate, float(special.expit(centre - half)), float(special.expit(centre + half))


def position_effect(known: Strengths, *, alpha: float) -> PositionEffect:
    """What being shown first is worth, with an interval."""
    fitted, place = known.fitted, len(known.members)
    se = float(np.sqrt(max(known.robust.covariance[place, place], known.family.pairs.least)))
    half = float(-special.stdtrit(known.robust.df, alpha / 2)) * se
    ends = np.array([fitted.position, fitted.position - half, fitted.position + half])
    middle, low, high = (float(one) for one in win_rate(ends, fitted.log_tie))
    return PositionEffect(
        log_odds=fitted.position,
        low=float(ends[1]),
        high=float(ends[2]),
        first_wins=middle,
        first_low=low,
        first_high=high,
        warning=abs(fitted.position) > WARNING_ERRORS * se,
    )
