"""The bundled use cases that were run: what is recommended, what is right by construction, and what few examples say.

``python -m tests.benchmarks.demos WORKSPACE [WORKSPACE ...]``, after ``workbench demo NAME --seed N`` for each draw
that is asked about. Prints a row for each use case that every candidate has answered: the recommendation on all its
test examples, whether that is the approach that the use case was built to need, the same with the first 20 alone (of
fewer than 30 nothing is claimed, whatever they are), and every candidate's mean.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.case import Case, cases
from workbench.demos import DEMOS, build
from workbench.errors import WorkbenchError
from workbench.panel import Panel
from workbench.recommend import Recommendation, recommend
from workbench.results import Results, decide, load_results

FEW = 20


def first(panel: Panel, n: int) -> Panel:
    """The first ``n`` items alone."""
    scores = tuple(
        replace(
            one, values=one.values[:, :n], abstained=None if one.abstained is None else one.abstained[:, :n]
        )
        for one in panel.candidates
    )  # fmt: skip
    return replace(
        panel, candidates=scores, items=panel.items[:n], clusters=panel.clusters[:n], tags=panel.tags[:n]
    )  # fmt: skip


def with_few(results: Results, n: int) -> Recommendation:
    """What would be recommended if the first ``n`` test examples were all there are."""
    measured = {one.name: results.measured(one) for one in results.candidates}
    return recommend(results.use_case, first(results.panel(), n), measured, rng=np.random.default_rng(0))


def name_and_seed(case: Case) -> tuple[str, int] | None:
    """Which draw of which bundled use case this is; None where it is none."""
    for name in DEMOS:
        rest = case.name.removeprefix(name)
        if rest == "":
            return name, 0
        if rest != case.name and rest[0] == "-" and rest[1:].isdigit():
            return name, int(rest[1:])
    return None


def row(case: Case) -> str | None:
    """One use case's row; None where it is no bundled one or is not finished."""
    drawn = name_and_seed(case)
    if drawn is None:
        return None
    try:
        results = load_results(case)
        found = decide(results)
    except WorkbenchError:
        return None
    if results.waiting:
        return None
    truth = build(*drawn).truth
    few = with_few(results, FEW)
    right = "right" if found.approach == truth else "none" if found.approach is None else "WRONG"
    means = ", ".join(f"{one.candidate} {100 * one.mean:.1f}" for one in found.standings)
    return (
        f"| {drawn[0]} {drawn[1]} | **{found.strength}**, {found.ground}: {found.choice} ({found.approach}) | {right} "
        f"| {few.strength} | {means} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    print(f"| Use case, seed | Recommended | By construction | With {FEW} examples | Means, % |\n|---|---|---|---|---|")
    for workspace in options.workspace:
        for case in cases(workspace):
            if (told := row(case)) is not None:
                print(told, flush=True)


if __name__ == "__main__":
    main()
