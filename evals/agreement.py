"""``python -m evals.agreement LABELS``: how far the refusal scorer agrees with people who labelled the same answers.

LABELS is a CSV or JSONL file (or any other that the workbench reads) with a column of answers and one of labels: no,
partly or fully, or those of XSTest (Röttger et al. 2024), 1_full_compliance, 3_partial_refusal or 2_full_refusal.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.refusal import Refusal, refusal
from workbench.errors import DataError, WorkbenchError
from workbench.intake import read_table
from workbench.statistics.arrays import Floats, Integers

CLASSES: tuple[Refusal, ...] = ("no", "partly", "fully")
LABELS: dict[str, Refusal] = {
    "no": "no",
    "partly": "partly",
    "fully": "fully",
    "1_full_compliance": "no",
    "3_partial_refusal": "partly",
    "2_full_refusal": "fully",
}
"""What a person may have written, and the scorer's word for it."""
LABEL_COLUMNS = ("final_label", "label")
"""Where the labels are looked for, in this order, unless the column is named."""
VIEWS: dict[str, tuple[tuple[int, ...], ...]] = {
    "refused at all": ((0,), (1, 2)),
    "refused fully": ((0, 1), (2,)),
    "three classes": ((0,), (1,), (2,)),
}
"""Which of the classes count as the same."""
DRAWS = 4_000
SHOWN = 100
"""Characters of an answer that is shown."""


@dataclass(frozen=True)
class Labelled:
    """One answer as a person and the scorer saw it."""

    where: str
    """Its place in the file, such as "line 12"."""
    text: str
    person: Refusal
    scorer: Refusal


@dataclass(frozen=True)
class Agreement:
    """How often two raters say the same, and how much of that is more than chance."""

    share: float
    kappa: float | None
    """Cohen's kappa; None where both give every answer the same label, since chance alone then explains all."""
    low: float | None
    high: float | None
    """The 95 % percentile interval over resampled answers."""


def read_labelled(path: Path, *, text: str = "completion", label: str | None = None) -> list[Labelled]:
    """The answers of a file with a person's label and the scorer's.

    Raises NotFound or DataError for a file, a column or a label that cannot be used.
    """
    table = read_table(path)
    column = label or next((name for name in LABEL_COLUMNS if name in table.columns), LABEL_COLUMNS[0])
    rows = zip(table.numbers, table.column(text), table.column(column), strict=True)
    found = []
    for number, answer, written in rows:
        where = f"{table.unit} {number}"
        if written.strip().casefold() not in LABELS:
            raise DataError(
                f"{table.source}, {where}: {written!r} in column {column!r} is no label.",
                f"Use {', '.join(LABELS)}.",
            )
        found.append(Labelled(where, answer, LABELS[written.strip().casefold()], refusal(answer)))
    return found


def confusion(rows: Sequence[Labelled]) -> Integers:
    """How many answers the person (3 rows) and the scorer (3 columns) put in each class."""
    table = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    for row in rows:
        table[CLASSES.index(row.person), CLASSES.index(row.scorer)] += 1
    return table


def merged(table: Integers, groups: Sequence[Sequence[int]]) -> Integers:
    """A confusion table (k, k) in which each group of classes is one."""
    into = np.array([[n in group for n in range(len(table))] for group in groups], dtype=np.int64)
    return into @ table @ into.T


def kappas(tables: Floats) -> Floats:
    """Cohen's kappa (1960) of each of many confusion tables (..., k, k); not a number where chance agrees on all."""
    shares = tables / tables.sum(axis=(-2, -1), keepdims=True)
    observed = np.trace(shares, axis1=-2, axis2=-1)
    chance = (shares.sum(axis=-1) * shares.sum(axis=-2)).sum(axis=-1)
    room = np.where(chance < 1, 1 - chance, np.nan)
    return np.asarray((observed - chance) / room, dtype=np.float64)


def agreement(table: Integers, *, rng: np.random.Generator, draws: int = DRAWS) -> Agreement:
    """The agreement in a confusion table (k, k), with an interval over resampled answers."""
    n, share = int(table.sum()), float(np.trace(table) / table.sum())
    kappa = float(kappas(table.astype(np.float64)))
    if np.isnan(kappa):
        return Agreement(share, None, None, None)
    # Answers are alike within a cell, so that resampling them is drawing the cells' counts.
    drawn = rng.multinomial(n, table.ravel() / n, size=draws).reshape(draws, *table.shape)
    low, high = np.nanquantile(kappas(drawn.astype(np.float64)), (0.025, 0.975))
    return Agreement(share, kappa, float(low), float(high))


def report(rows: Sequence[Labelled], *, rng: np.random.Generator) -> str:
    """The confusion table, the agreement in each view, and the answers that the two see differently."""
    table = confusion(rows)
    lines = [f"{len(rows)} answers", "", f"{'person':<8}{'scorer: no':>12}{'partly':>8}{'fully':>8}"]
    for name, counts in zip(CLASSES, table, strict=True):
        lines.append(f"{name:<8}{counts[0]:>12}{counts[1]:>8}{counts[2]:>8}")
    lines += ["", f"{'':<16}{'agreement':>10}{'kappa':>8}   95 % interval"]
    for view, groups in VIEWS.items():
        found = agreement(merged(table, groups), rng=rng)
        lines.append(f"{view:<16}{found.share:>10.1%}" + _beyond_chance(found))
    differ = [row for row in rows if row.person != row.scorer]
    lines += ["", f"{len(differ)} on which they differ" + (":" if differ else ".")]
    for row in differ:
        plain = " ".join(row.text.split())
        shown = plain if len(plain) <= SHOWN else f"{plain[:SHOWN]}…"
        lines.append(f"  {row.where}: person {row.person}, scorer {row.scorer}: {shown}")
    return "\n".join(lines)


def _beyond_chance(found: Agreement) -> str:
    if found.kappa is None or found.low is None or found.high is None:
        return f"{'-':>8}   every answer has the same label"
    return f"{found.kappa:>8.2f}   {found.low:.2f} to {found.high:.2f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the agreement; returns the exit code: 0, or 2 with a message and what to do."""
    parser = argparse.ArgumentParser(prog="evals.agreement", description="The refusal scorer beside people's labels.")
    parser.add_argument("labels", type=Path, metavar="LABELS", help="CSV, JSONL, Parquet or XLSX")
    parser.add_argument("--text", default="completion", metavar="COLUMN", help="of the answers (default: completion)")
    parser.add_argument("--label", metavar="COLUMN", help=f"of the labels (default: {' or '.join(LABEL_COLUMNS)})")
    options = parser.parse_args(arguments)
    try:
        rows = read_labelled(options.labels, text=options.text, label=options.label)
        print(report(rows, rng=np.random.default_rng(0)), flush=True)
    except WorkbenchError as error:
        print(f"\n{error.message}\n{error.hint}".rstrip(), file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
