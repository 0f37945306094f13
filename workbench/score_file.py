"""A table of scores from anywhere: rows of candidate, item and score become a panel that can be compared."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from workbench.errors import DataError
from workbench.panel import Panel, Scores
from workbench.table import Table, listed

WORDS = {
    "true": 1.0, "yes": 1.0, "right": 1.0, "correct": 1.0, "pass": 1.0, "passed": 1.0,
    "false": 0.0, "no": 0.0, "wrong": 0.0, "incorrect": 0.0, "fail": 0.0, "failed": 0.0,
}  # fmt: skip
"""Words that are scores."""


@dataclass(frozen=True)
class ScoreColumns:
    """What the columns mean."""

    items: str
    candidate: str
    score: str
    cluster: str | None = None
    seed: str | None = None


@dataclass(frozen=True)
class ScoreFile:
    """The panel, and what was left out to make it."""

    panel: Panel
    partial: int
    """Items that some candidate has no score for; they are in no figure."""
    empty: int
    """Rows without a score."""
    seeds: dict[str, int]
    """How many runs each candidate has."""


def read_scores(table: Table, columns: ScoreColumns, *, scale: tuple[float, float] = (0.0, 1.0)) -> ScoreFile:
    """Pair the candidates on the items that all of them have a score for.

    ``scale``: the worst and the best score there can be. Candidates with several seeds count as trained: what another
    seed would change belongs into their intervals. Metric, approach and names are the file's.

    Raises DataError for a column that is not there, a score that is no number or outside the scale, a row that comes
    twice, an item in two clusters, fewer than two candidates, or no item that all have.
    """
    low, high = scale
    if not low < high:
        raise DataError(
            f"The scale runs from {low:g} to {high:g}.", "Give the worst score first, then the best: --scale 0 100."
        )
    names = table.column(columns.candidate)
    items = table.column(columns.items)
    written = table.column(columns.score)
    seeds = table.column(columns.seed) if columns.seed else ("",) * len(table)
    clusters = table.column(columns.cluster) if columns.cluster else items
    _refuse_blank(table, {columns.candidate: names, columns.items: items})
    _refuse_repeats(table, names, items, seeds, columns)
    values: dict[str, dict[str, dict[str, float]]] = {}
    empty = 0
    for n, text in enumerate(written):
        if not text.strip():
            empty += 1
            continue
        value = number(text, table, n)
        if not is_share(text):
            value = (value - low) / (high - low)
        if not 0 <= value <= 1:
            raise DataError(
                f"{table.source}, {table.unit} {table.numbers[n]}: the score {text} is outside {low:g} to {high:g}.",
                "Say what the worst and the best score are: --scale 0 100, or --scale 1 5.",
            )
        values.setdefault(names[n], {}).setdefault(seeds[n], {})[items[n]] = value
    if len(values) < 2:
        raise DataError(
            f"{table.source} has scores of {len(values)} candidate{'s' if len(values) != 1 else ''}.",
            f"Name the column that tells candidates apart: --candidate (now {columns.candidate!r}).",
        )
    every = {item for runs in values.values() for run in runs.values() for item in run}
    shared = sorted(set.intersection(*(set(run) for runs in values.values() for run in runs.values())))
    if not shared:
        raise DataError(
            f"No item of {table.source} has a score of every candidate and seed.",
            "Compare candidates that answered the same items; check the columns of items and seeds.",
        )
    belongs = _clusters(table, items, clusters)
    panel = Panel(
        candidates=tuple(
            Scores(
                name, "prompting", len(runs) > 1, np.array([[runs[seed][i] for i in shared] for seed in sorted(runs)])
            )
            for name, runs in values.items()
        ),
        items=tuple(shared),
        clusters=tuple(belongs[item] for item in shared),
        metric=columns.score,
    )
    return ScoreFile(panel, len(every) - len(shared), empty, {name: len(runs) for name, runs in values.items()})


def is_share(text: str) -> bool:
    """Whether a cell is a share by itself, whatever the scale: a word, or percent."""
    return text.strip().casefold() in WORDS or text.strip().endswith("%")


def number(text: str, table: Table, n: int) -> float:
    """A cell as a number: right and wrong are 1 and 0, percent are shares; DataError for anything else."""
    word = text.strip().casefold()
    if word in WORDS:
        return WORDS[word]
    try:
        value = float(word.removesuffix("%"))
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(
            f"{table.source}, {table.unit} {table.numbers[n]}: {text!r} is no score.",
            f"A score is a number or one of {', '.join(WORDS)}; leave it empty where there is none.",
        )
    return value / 100 if word.endswith("%") else value


def _refuse_blank(table: Table, columns: dict[str, tuple[str, ...]]) -> None:
    for name, cells in columns.items():
        rows = [table.numbers[n] for n, cell in enumerate(cells) if not cell.strip()]
        if rows:
            raise DataError(
                f"{table.source} has rows with an empty {name!r}: {table.unit} {listed(rows)}.", "Fill them in."
            )


def _refuse_repeats(
    table: Table, names: tuple[str, ...], items: tuple[str, ...], seeds: tuple[str, ...], columns: ScoreColumns
) -> None:
    seen = Counter(zip(names, items, seeds, strict=True))
    repeated = [
        table.numbers[n] for n, key in enumerate(zip(names, items, seeds, strict=True)) if seen[key] > 1
    ]  # fmt: skip
    if repeated:
        seed = " and seed" if columns.seed else ""
        raise DataError(
            f"{len(repeated):,} rows of {table.source} repeat a candidate and item{seed} ({table.unit} "
            f"{listed(repeated)}).",
            "Leave one row for each, or name the column that tells repeated runs apart: --seed.",
        )


def _clusters(table: Table, items: tuple[str, ...], clusters: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for n, (item, cluster) in enumerate(zip(items, clusters, strict=True)):
        known = found.setdefault(item, cluster or item)
        if known != (cluster or item):
            raise DataError(
                f"{table.source}, {table.unit} {table.numbers[n]}: item {item!r} is in the cluster {cluster!r}, and in "
                f"{known!r} elsewhere.",
                "An item belongs to one cluster.",
            )
    return found
