"""Blind preference labels: how fast they become win rates, and whether what is claimed holds.

``python -m tests.benchmarks.labels [--reps N]``. Prints seconds for 100,000 labels of 12 candidates; coverage of
win rates' 95 % intervals and false claims in made-up worlds; how often looking every 20 labels crowns one of two equal
leaders; and how many labels choosing pairs saves. Takes about five minutes per 100 repetitions on one core; nothing is
asserted.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from tests.workbench.label_studies import Choice, collections, rated, study
from tests.workbench.labellers import Labellers, votes_of
from workbench.next_pair import next_pair, stop
from workbench.statistics.davidson import bootstrap, fit
from workbench.statistics.two_way import robust
from workbench.statistics.votes import Votes

LADDER = (0.45, 0.15, -0.15, -0.45)
WORLDS: dict[str, tuple[Labellers, int, int]] = {
    "300 labels, 300 prompts": (Labellers(LADDER, 300, item_sd=0.8), 300, 0),
    "30 prompts x 10 labels": (Labellers(LADDER, 30, item_sd=1.2), 300, 10),
    "12 prompts x 25 labels": (Labellers(LADDER, 12, item_sd=1.2), 300, 25),
    "4 annotators, tastes .4": (Labellers(LADDER, 300, annotators=4, item_sd=0.6, annotator_sd=0.4), 300, 0),
    "12 annotators, tastes .4": (Labellers(LADDER, 300, annotators=12, item_sd=0.6, annotator_sd=0.4), 300, 0),
    "first place .5": (Labellers(LADDER, 300, item_sd=0.6, position=0.5), 300, 0),
    "4 equals": (Labellers((0.0,) * 4, 100, item_sd=0.8), 300, 0),
    "4 equals, first place .5": (Labellers((0.0,) * 4, 100, position=0.5), 300, 0),
    "2 equals, 60 labels": (Labellers((0.0, 0.0), 60), 60, 0),
    "8 equals, 400 labels": (Labellers((0.0,) * 8, 200, item_sd=0.8), 400, 0),
}
"""Each with its number of labels, and how many each prompt gets in turn (0: prompts by lot)."""
LIVE: dict[str, Labellers] = {
    "top two tied": Labellers((0.3, 0.3, 0.0, -0.3, -0.3), 5000),
    "all five tied": Labellers((0.0,) * 5, 5000),
    "best by .5": Labellers((0.6, 0.1, 0.0, -0.3, -0.4), 5000),
}


def timed(what: Callable[[], object], *, best_of: int = 3) -> float:
    """Seconds of the fastest of a few runs."""
    took = []
    for _ in range(best_of):
        start = time.perf_counter()
        what()
        took.append(time.perf_counter() - start)
    return min(took)


def speed() -> None:
    """Seconds for many labels."""
    votes = votes_of(Labellers(tuple(np.linspace(1, -1, 12)), 1000, annotators=50), 100_000, seed=1)
    names, rng = [str(j) for j in range(12)], np.random.default_rng(0)

    def fresh(items: int) -> Votes:
        item = votes.item if items == 1000 else np.arange(len(votes))
        return Votes(12, votes.left, votes.right, votes.choice, votes.bad, item, votes.annotator)

    print(f"{len(votes):,} labels, {len(names)} candidates, one core: seconds")
    print(f"  fit                                  {timed(lambda: fit(fresh(1000).counts)):6.3f}")
    print(f"  fit and 500 refits, 1,000 items      {timed(lambda: _refits(fresh(1000), rng)):6.3f}")
    print(f"  fit and 500 refits, 100,000 items    {timed(lambda: _refits(fresh(0), rng)):6.3f}")
    print(f"  two-way covariance                   {timed(lambda: _covariance(fresh(1000))):6.3f}")
    print(f"  win rates                            {timed(lambda: rated(fresh(1000))):6.3f}")
    print(f"  win rates allowing for 60 looks      {timed(lambda: rated(fresh(1000), looks=60)):6.3f}")
    print(f"  next pair                            {timed(lambda: next_pair(fresh(1000), 'best', rng=rng)):6.3f}")
    known = rated(fresh(1000))
    print(f"  whether to stop                      {timed(lambda: stop(known, budget=10**6)):6.3f}", flush=True)


def _refits(votes: Votes, rng: np.random.Generator) -> None:
    fit(votes.counts)
    bootstrap(votes, rng=rng, draws=500)


def _covariance(votes: Votes) -> None:
    robust(votes, fit(votes.counts), annotators=True)


def intervals(reps: int) -> None:
    """Coverage and false claims."""
    columns = "covered  width  winner  best kept  bound broken  false claim"
    print(f"\n{reps} repetitions; 95 % intervals of win rates{'':<7}{columns}")
    for name, (world, labels, repeats) in WORLDS.items():
        found = study(world, labels, repeats=repeats, reps=reps)
        row = f"{found.covered:.3f}  {found.width:.3f}   {found.crowned:.3f}"
        row += f"      {found.kept:.3f}         {found.broken:.3f}        {found.wrong:.3f}"
        print(f"  {name:<50}{row}", flush=True)


def live(reps: int) -> None:
    """False winners and labels spent where somebody looks every 20 labels up to 1,200."""
    print(f"\n{reps} live collections{'':<31}winner   false  mean labels  median")
    for name, world in LIVE.items():
        best = {j for j, one in enumerate(world.strengths) if one == max(world.strengths)}
        right = best if len(best) == 1 else set()
        ways: list[tuple[Choice, bool]] = [("uniform", True), ("uniform", False), ("best", False), ("ranking", False)]
        for how, naive in ways:
            found = collections(world, how, reps=reps, seed=1, naive=naive)
            crowned = [one.winner for one in found if one.winner is not None]
            false = [one for one in crowned if one not in right]
            spent = [one.labels for one in found]
            label = f"{name}, {how}{', 1.96 at each look' if naive else ''}"
            row = (
                f"{len(crowned) / reps:.3f}   {len(false) / reps:.3f}  {np.mean(spent):11.0f}  {np.median(spent):6.0f}"
            )
            print(f"  {label:<50}{row}", flush=True)


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.labels")
    parser.add_argument("--reps", type=int, default=100, help="repetitions of each world (default: 100)")
    options = parser.parse_args()
    speed()
    intervals(options.reps)
    live(options.reps)


if __name__ == "__main__":
    main()
