"""Which two candidates an annotator should see next, and when to stop asking."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from workbench.model import Noun
from workbench.rates import WinRates
from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.davidson import fit, slopes
from workbench.statistics.votes import Votes

Question = Literal["best", "ranking"]
"""What the labels are to settle: who is best, or how all of them rank."""
WARM_START = 4
"""Labels for every pair before any pair is preferred."""
FLOOR = 0.02
"""Weight, in weights of the most plausible rival, that keeps even a clearly beaten one in play."""
SHRINKAGE = 0.5
"""Ridge while pairs are chosen, a label or two: early on a candidate that always won is not infinitely strong."""


@dataclass(frozen=True, eq=False)
class NextPair:
    """Two candidates in the order in which to show them, and the chances they were drawn with.

    ``chances`` (k(k - 1)/2,) by pair, those of the first candidate first: (0, 1), (0, 2), ...
    """

    left: int
    right: int
    chances: Floats


def next_pair(votes: Votes, question: Question, *, rng: np.random.Generator) -> NextPair:
    """Draw the next pair; the one that was shown first less often is shown first, by lot where it is even."""
    first, second = np.triu_indices(votes.k, 1)
    chances = pair_chances(votes.counts, question)
    chosen = int(rng.choice(len(chances), p=chances))
    i, j = int(first[chosen]), int(second[chosen])
    shown = votes.counts.sum(axis=2)
    ahead = shown[i, j] - shown[j, i]
    swap = ahead > 0 or (ahead == 0 and rng.random() < 0.5)
    return NextPair(j, i, chances) if swap else NextPair(i, j, chances)


def pair_chances(counts: Floats, question: Question) -> Floats:
    """With what chance each pair should be shown next, (k(k - 1)/2,), from ``counts`` (k, k, 3) as of ``Votes``.

    Until every pair has ``WARM_START`` labels, those that lack most. Then, to find the best, the leader
    against each rival by how plausible it is that the rival is better; for the ranking, the pairs whose order
    is least known, by information: the variance of their difference x p(1 - p) (Chiang et al. 2024).
    """
    k = len(counts)
    first, second = np.triu_indices(k, 1)
    shown = counts.sum(axis=2)
    lacking = np.maximum(WARM_START - (shown + shown.T)[first, second], 0.0)
    if lacking.any():
        return np.asarray(lacking / lacking.sum(), dtype=np.float64)
    fitted = fit(counts, ridge=SHRINKAGE)
    covariance = np.linalg.inv(fitted.hessian)[:k, :k]
    diagonal = np.diag(covariance)
    variance = diagonal[first] + diagonal[second] - 2 * covariance[first, second]
    lead = fitted.strengths[first] - fitted.strengths[second]
    if question == "best":
        weights = _against_leader(fitted.strengths, first, second, error=np.sqrt(variance))
    else:
        weights = variance * slopes(lead, fitted.log_tie)[0]
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _against_leader(strengths: Floats, first: Integers, second: Integers, *, error: Floats) -> Floats:
    """Weights by pair: only pairs with the leader, or with one of equal leaders, count.

    Plausibility is taken relative to the most plausible rival: near the end all rivals are implausible, and
    the floor alone would spread labels evenly just when one rival is left to beat.
    """
    best = strengths.max() - 1e-9
    with_leader = (strengths[first] >= best) | (strengths[second] >= best)
    behind = np.where(with_leader, -np.abs(strengths[first] - strengths[second]) / error, -np.inf)
    relative = np.exp(special.log_ndtr(behind) - special.log_ndtr(behind.max()))
    weights: Floats = np.where(with_leader, relative + FLOOR, 0.0)
    return weights


class Stopping(Noun):
    """Whether to stop asking for labels, and why."""

    stop: bool
    why: Literal["winner", "good enough", "budget spent", "out of reach", "go on"]
    sentence: str
    least: int | None
    """Labels more that are likely at least; None where nobody knows or none are needed."""
    most: int | None
    """Labels more that are likely at most; None also where no number would do for certain."""


def stop(rates: WinRates, *, budget: int) -> Stopping:
    """Whether anything is settled, the ``budget`` of labels is spent, or the claim is out of its reach.

    Out of reach is judged by the optimistic end of the range, so that a slow start does not end it all.
    ``rates`` should have been made with as many looks as there will be calls.
    """
    if rates.winner is not None:
        return _stop("winner", f"{rates.winner} is preferred to every other candidate.")
    if rates.good_enough:
        limit = f"{100 * (0.5 + rates.smallest_difference):.0f}"
        return _stop(
            "good enough",
            f"{rates.good_enough[0]} is good enough: the best would win at most {limit} % of comparisons with it.",
        )
    needed = rates.needed
    least = None if needed.least is None else max(needed.least - rates.labels, 1)
    most = None if needed.most is None else max(needed.most - rates.labels, 1)
    if rates.labels >= budget:
        return _stop("budget spent", f"All {budget} labels are spent and nothing is settled.", least, most)
    if needed.least is not None and needed.least > budget:
        return _stop(
            "out of reach",
            f"It would take {needed.least} labels or more in all; the budget is {budget}.",
            least,
            most,
        )
    most_words = f"up to {most}" if most else "or many more"
    sentence = rates.caution or needed.reason or f"{least} labels more are likely, {most_words}."
    return Stopping(stop=False, why="go on", sentence=sentence, least=least, most=most)


def _stop(
    why: Literal["winner", "good enough", "budget spent", "out of reach"],
    sentence: str,
    least: int | None = None,
    most: int | None = None,
) -> Stopping:
    return Stopping(stop=True, why=why, sentence=sentence, least=least, most=most)
