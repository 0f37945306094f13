"""What the promises about labels come to in made-up worlds: coverage, false winners, labels saved."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from tests.workbench.labellers import Crowd, Labellers, joined
from workbench.next_pair import pair_chances
from workbench.rates import WinRates
from workbench.statistics.davidson import fit
from workbench.statistics.votes import Votes
from workbench.winrate import FEWEST_LABELS, win_rates

STEP, BUDGET = 20, 1200
"""Labels between two looks, and in all."""
PLAUSIBLE = 3.2
"""Plain standard errors of a lead below which nobody asks whether it makes a winner: 60 looks want 3.5."""

Choice = Literal["uniform", "best", "ranking"]


@dataclass(frozen=True)
class Study:
    """Over many repetitions: how often intervals of rates held the truth, and how wide they were; false claims."""

    covered: float
    width: float
    crowned: float
    """Share of repetitions with a winner."""
    kept: float
    """Share in which the best set held the best."""
    broken: float
    """Share in which a candidate lost more against the best than its bound says, of the candidate with most."""
    wrong: float
    """Share with a winner who is not the best, or a candidate called good enough that is not."""


def rated(votes: Votes, *, looks: int = 1, only_these: bool = False, seed: int = 0) -> WinRates:
    """The win rates against the first candidate, named by number."""
    names = [str(j) for j in range(votes.k)]
    return win_rates(votes, names, "0", looks=looks, only_these=only_these, rng=np.random.default_rng(seed))


def study(world: Labellers, labels: int, *, reps: int, seed: int = 1, repeats: int = 0, looks: int = 1) -> Study:
    """Label so many random pairs ``reps`` times, each time with new prompts and annotators."""
    k, rng = len(world.strengths), np.random.default_rng(seed)
    truth = [world.rate(j, 0) for j in range(k)]
    best = int(np.argmax(world.strengths))
    loss = [world.rate(best, j) - 0.5 for j in range(k)]
    alone = sum(one < 1e-9 for one in loss) == 1
    held, widths, told, broken = [], [], [], []
    for _ in range(reps):
        found = rated(Crowd(world, rng).any_pairs(labels, repeats=repeats), looks=looks)
        for j, one in enumerate(found.rates[1:], start=1):
            if one.low is not None and one.high is not None:
                held.append(one.low <= truth[j] <= one.high)
                widths.append(one.high - one.low)
        kept = str(best) in found.best_set
        bounds = [one.regret_bound for one in found.rates]
        broken.append([bound is not None and bound < lost - 1e-9 for bound, lost in zip(bounds, loss, strict=True)])
        false = found.winner is not None and (not alone or int(found.winner) != best)
        bad = any(loss[int(name)] > found.smallest_difference for name in found.good_enough)
        told.append((found.winner is not None, kept, false or bad))
    crowned, kept_share, wrong = (float(one) for one in np.mean(told, axis=0))
    most = float(np.mean(broken, axis=0).max())
    return Study(float(np.mean(held)), float(np.mean(widths)), crowned, kept_share, most, wrong)


@dataclass(frozen=True)
class Live:
    """One live collection: who was crowned, if anybody, and after how many labels."""

    winner: int | None
    labels: int


def collect(world: Labellers, how: Choice, *, rng: np.random.Generator, naive: bool = False) -> Live:
    """Ask for labels until there is a winner or the budget is spent, looking every ``STEP``.

    Collection goes on where somebody is good enough or the goal is out of reach: nothing may help the claim.
    ``naive``: a winner is whoever leads every other by 1.96 plain standard errors.
    """
    crowd, votes = Crowd(world, rng), None
    k, looks = len(world.strengths), BUDGET // STEP
    first, second = np.triu_indices(k, 1)
    while votes is None or len(votes) < BUDGET:
        chances = None if how == "uniform" or votes is None else pair_chances(votes.counts, how)
        chosen = rng.choice(len(first), STEP, p=chances)
        swap = rng.random(STEP) < 0.5
        left, right = np.where(swap, second[chosen], first[chosen]), np.where(swap, first[chosen], second[chosen])
        more = crowd.label(left, right)
        votes = more if votes is None else joined(votes, more)
        if len(votes) < FEWEST_LABELS:
            continue
        leader, errors = _lead(votes)
        if naive and errors > 1.96:
            return Live(leader, len(votes))
        if not naive and errors > PLAUSIBLE and (name := rated(votes, looks=looks).winner) is not None:
            return Live(int(name), len(votes))
    return Live(None, BUDGET)


def _lead(votes: Votes) -> tuple[int, float]:
    """The leader, and its smallest lead in plain standard errors, by the model's own information."""
    fitted = fit(votes.counts)
    covariance, leader = np.linalg.inv(fitted.hessian), int(np.argmax(fitted.strengths))
    others = np.flatnonzero(np.arange(votes.k) != leader)
    diagonal = np.diag(covariance)
    variance = diagonal[leader] + diagonal[others] - 2 * covariance[leader, others]
    return leader, float(((fitted.strengths[leader] - fitted.strengths[others]) / np.sqrt(variance)).min())


def collections(world: Labellers, how: Choice, *, reps: int, seed: int, naive: bool = False) -> list[Live]:
    """Many live collections."""
    one = partial(collect, world, how, naive=naive)
    return [one(rng=np.random.default_rng((seed, rep))) for rep in range(reps)]
