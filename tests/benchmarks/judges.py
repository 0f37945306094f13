"""A judge's help to people's labels: whether what is claimed with it holds, and how many labels it saves.

``python -m tests.benchmarks.judges [--reps N]``. Coverage of win rates' 95 % intervals, false claims and width, by
people alone and with judges of which some are biased, pairs being chosen as they come; takes about an hour per 300
repetitions on one core. Nothing is asserted.
"""

import argparse
import multiprocessing
from collections.abc import Iterator
from functools import partial

from tests.workbench.judge_studies import Study, study
from tests.workbench.judged_worlds import World

LADDER, EQUALS = (0.3, 0.1, -0.1, -0.3), (0.0,) * 4
SOME = {"taste": 0.15, "shared": 0.4, "own": 0.38}
"""Annotators differ: what they share of what answers are worth is less."""


def worlds() -> Iterator[tuple[str, World, int]]:
    """Each with its name and number of labels."""
    for labels in (30, 60, 100, 300):
        for rho in (0.3, 0.7, 0.9):
            for bias in (0.0, 0.4):
                name = f"a ladder of 4, rho {rho}, bias {bias}"
                yield name, World(LADDER, rho, bias=(0.0, 0.0, bias, bias)), labels
    yield "4 equals, rho .7", World(EQUALS, 0.7), 100
    yield "4 equals, rho .9, bias .4", World(EQUALS, 0.9, bias=(0.0, 0.0, 0.4, 0.4)), 60
    yield "4 equals, rho .9, bias .4", World(EQUALS, 0.9, bias=(0.0, 0.0, 0.4, 0.4)), 300
    yield "4 equals, one favoured by .8", World(EQUALS, 0.7, bias=(0.0, 0.0, 0.8, 0.0)), 100
    longer = (0.0, 0.0, 0.0, 1.0)
    yield "4 equals, one longer, goes by length", World(EQUALS, 0.7, per_length=0.6, longer=longer), 100
    yield "4 candidates, one longer, goes by length", World(LADDER, 0.7, per_length=0.6, longer=longer), 100
    yield "4 candidates, judge knows nothing", World(LADDER, 0.0), 30
    yield "4 candidates, judge knows nothing", World(LADDER, 0.0), 100
    yield "far apart, rho .7", World((1.0, 0.3, -0.3, -1.0), 0.7), 60
    yield "60 requests, rho .9", World(LADDER, 0.9, requests=60), 150
    yield "4 annotators with tastes, rho .7", World(LADDER, 0.7, annotators=4, **SOME), 300
    yield "4 equals, 4 annotators, rho .7", World(EQUALS, 0.7, annotators=4, **SOME), 150
    yield "8 annotators, 3 for each pair, rho .7", World(LADDER, 0.7, annotators=8, overlap=3, **SOME), 150


def row(asked: tuple[str, World, int], reps: int) -> str:
    """One line of the table."""
    name, world, labels = asked
    alone, helped = (found := study(world, labels, reps=reps))[False], found[True]

    def said(one: Study) -> str:
        figures = f"{one.covered:.3f}  {one.together:.3f}  {one.width:.3f}  {one.off:+.3f}"
        return f"{figures}  {one.false:.3f}  {one.misfits:.3f}"

    saved = 1 - (helped.width / alone.width) ** 2
    return f"{labels:4}  {name:<42}{said(alone)}   {said(helped)}   {saved:5.0%}  {helped.promised:.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.judges")
    parser.add_argument("--reps", type=int, default=300, help="repetitions of each world (default: 300)")
    parser.add_argument("--cores", type=int, default=1, help="worlds that are worked on at a time (default: 1)")
    parser.add_argument("--only", default="", help="worlds whose name holds this")
    options = parser.parse_args()
    chosen = [one for one in worlds() if options.only in one[0]]
    columns = "cover  all    width  off     false  misfit"
    print(f"{options.reps} repetitions; Monte-Carlo error of a share of .95: {(0.0475 / options.reps) ** 0.5:.3f}, ")
    print("of coverage about half of that (three intervals a repetition)")
    print(f"{'labels':<48}{columns}   {columns}   saved  said")
    print(f"{'':<48}{'people alone':<45}with the judge", flush=True)
    with multiprocessing.Pool(options.cores) as pool:
        for line in pool.imap(partial(row, reps=options.reps), chosen):
            print(line, flush=True)


if __name__ == "__main__":
    main()
