"""``workbench compare``: the statistics alone, on any table of scores."""

from argparse import Namespace

import numpy as np

from workbench.analysis import Analysis
from workbench.blocks import Block, Column, Row, Table, Text
from workbench.compare import analyse
from workbench.comparison import sentence
from workbench.console import say, show_blocks
from workbench.errors import ConfigError
from workbench.intake import read_table
from workbench.phrases import agreeing, listed, percent, points, signed
from workbench.score_file import ScoreColumns, ScoreFile, read_scores

MOST_PAIRS = 45
"""With more pairs only those with the leader are printed."""


def compare(options: Namespace) -> None:
    """Compare the candidates of a file of scores, and say what it shows."""
    if not 0 < options.smallest_difference < 1:
        raise ConfigError(
            f"The smallest difference is {options.smallest_difference:g}.",
            "Give it as a share of the scale: 0.02 is two points of a hundred.",
        )
    columns = ScoreColumns(options.items, options.candidate, options.score, options.cluster, options.seed)
    found = read_scores(read_table(options.file, encoding=options.encoding), columns, scale=tuple(options.scale))
    analysis = analyse(
        found.panel, smallest_difference=options.smallest_difference, rng=np.random.default_rng(0)
    )  # fmt: skip
    if options.json:
        say(analysis.model_dump_json(indent=1))
        return
    say(f"\n{verdict(analysis)}\n")
    show_blocks(blocks(found, analysis))


def verdict(analysis: Analysis) -> str:
    """What the scores show, in one or two sentences, with the error rate."""
    margin, rate = (
        points(analysis.smallest_difference),
        f"at most {100 * analysis.alpha:g} in 100 such claims are wrong",
    )
    if analysis.caution:
        return f"Nothing can be claimed. {analysis.caution}"
    if analysis.winner is not None:
        return f"{analysis.winner} is shown to be better than every other candidate: {rate}."
    if analysis.good_enough:
        verb = agreeing(len(analysis.good_enough), "is", "are")
        return f"{listed(analysis.good_enough)} {verb} shown to be within {margin} points of the best: {rate}."
    text = f"No candidate is shown to be the best, or to be within {margin} points of it. "
    if len(analysis.best_set) < len(analysis.standings):
        text += f"The best is one of {listed(analysis.best_set)}: {rate}. "
    needed = analysis.needed
    if needed is not None and needed.planned is not None:
        text += (
            f"To show whether {needed.candidate} is within {margin} points of the best, plan for {needed.planned:,} "
            f"items in all (you have {analysis.n:,})."
        )
    return text.strip()


def blocks(found: ScoreFile, analysis: Analysis) -> list[Block]:
    """The candidates, the pairs, and what was left out."""
    ordered = sorted(analysis.standings, key=lambda one: -one.mean)
    rows = [
        Row(
            cells=(
                one.candidate, percent(one.mean), f"{100 * one.low:.1f} to {100 * one.high:.1f}",
                "yes" if one.in_best_set else "no", points(one.regret_bound), f"{one.seeds}",
            )
        )
        for one in ordered
    ]  # fmt: skip
    columns = (
        Column(title="Candidate"),
        Column(title="Mean", align="right", better="higher"),
        Column(title="95 % interval", align="right"),
        Column(title="May be best"),
        Column(title="Loses at most, points", align="right", better="lower"),
        Column(title="Seeds", align="right"),
    )
    said: list[Block] = [Table(title=f"{analysis.metric} (n = {analysis.n:,})", columns=columns, rows=tuple(rows))]
    leader = ordered[0].candidate
    pairs = [
        one
        for one in analysis.comparisons
        if len(analysis.comparisons) <= MOST_PAIRS or leader in (one.candidate, one.reference)
    ]
    said.append(
        Table(
            title="Paired differences",
            columns=(
                Column(title="Candidate"), Column(title="minus"), Column(title="Points", align="right"),
                Column(title="95 % interval", align="right"), Column(title="p", align="right"), Column(title="Shown?"),
            ),
            rows=tuple(
                Row(
                    cells=(
                        one.candidate, one.reference, signed(one.delta), f"{points(one.low)} to {points(one.high)}",
                        "< 0.001" if one.p < 0.001 else f"{one.p:.3f}", one.shown,
                    )
                )
                for one in pairs
            ),
        )
    )  # fmt: skip
    return [*said, Text(text=" ".join(_notes(found, analysis)), note=True)]


def _notes(found: ScoreFile, analysis: Analysis) -> list[str]:
    said = ["Paired by item; all intervals of a table hold at once, and p is adjusted for all pairs."]
    if analysis.clusters < analysis.n:
        said.append(f"The items come in {analysis.clusters:,} clusters, which the intervals respect.")
    several = [name for name, seeds in found.seeds.items() if seeds > 1]
    if several:
        said.append(f"Seeds of {listed(several)} are nested: the intervals are about training again.")
    if found.partial:
        noun = agreeing(found.partial, "item is", "items are")
        said.append(f"{found.partial:,} {noun} in no figure, since some candidate has no score for it.")
    if found.empty:
        said.append(f"{found.empty:,} {agreeing(found.empty, 'row has', 'rows have')} no score.")
    if len(analysis.comparisons) == 1:
        said.append(sentence(analysis.comparisons[0]))
    return said
