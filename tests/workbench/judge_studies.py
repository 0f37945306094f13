"""What a judge's help comes to in made-up worlds: coverage, false claims, labels saved, beside people alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.workbench.judged_worlds import Judging, World
from workbench.rates import WinRates
from workbench.statistics.verdicts import Verdicts
from workbench.statistics.votes import Votes
from workbench.winrate import win_rates


@dataclass(frozen=True)
class Study:
    """Over many repetitions, by people alone or with a judge."""

    covered: float
    """Share of intervals of win rates against the baseline that hold the truth."""
    together: float
    """Share of repetitions in which the intervals of all pairs hold, at once."""
    width: float
    """Of the intervals of rates."""
    off: float
    """Mean error of rates."""
    crowned: float
    """Share with a winner."""
    false: float
    """Share with a winner who is not the only best, or somebody called good enough who is not."""
    misfits: float
    """Share in which pairs are said to contradict one another."""
    promised: float
    """Mean of as many labels as the judge is said to make of those there are, as a factor."""


def study(world: World, labels: int, *, reps: int, seed: int = 1, adaptive: bool = True) -> Mapping[bool, Study]:
    """Label so many pairs ``reps`` times, each time with new requests and annotators; without a judge, and with."""
    found: dict[bool, list[WinRates]] = {False: [], True: []}
    for rep in range(reps):
        asked = Judging(world, np.random.default_rng((seed, rep)))
        asked.ask(labels, adaptive=adaptive)
        votes = asked.votes()
        found[False].append(rated(votes))
        found[True].append(rated(votes, asked.verdicts(votes)))
    return {helped: _summary(world, each) for helped, each in found.items()}


def rated(votes: Votes, verdicts: Verdicts | None = None) -> WinRates:
    """The win rates against the first candidate, named by number."""
    names = [str(j) for j in range(votes.k)]
    return win_rates(votes, names, "0", verdicts=verdicts, rng=np.random.default_rng(0))


def _summary(world: World, found: list[WinRates]) -> Study:
    k = len(world.strengths)
    best = max(world.strengths)
    alone = sum(one == best for one in world.strengths) == 1
    loss = [world.rate(int(np.argmax(world.strengths)), j) - 0.5 for j in range(k)]
    held, widths, errors, false, all_pairs = [], [], [], [], []
    for rates in found:
        for j, one in enumerate(rates.rates[1:], start=1):
            if one.rate is not None and one.low is not None and one.high is not None:
                truth = world.rate(j, 0)
                held.append(one.low <= truth <= one.high)
                widths.append(one.high - one.low)
                errors.append(one.rate - truth)
        pairs = [(world.rate(int(duel.candidate), int(duel.other)), duel) for duel in rates.duels]
        all_pairs.append(all(duel.low <= truth <= duel.high for truth, duel in pairs))
        wrong = rates.winner is not None and not (alone and world.strengths[int(rates.winner)] == best)
        false.append(wrong or any(loss[int(name)] > rates.smallest_difference for name in rates.good_enough))
    return Study(
        covered=float(np.mean(held)),
        together=float(np.mean(all_pairs)),
        width=float(np.mean(widths)),
        off=float(np.mean(errors)),
        crowned=float(np.mean([rates.winner is not None for rates in found])),
        false=float(np.mean(false)),
        misfits=float(np.mean([rates.misfit is not None for rates in found])),
        promised=float(np.mean([1 if one.helped is None else one.helped.worth / one.labels for one in found])),
    )
