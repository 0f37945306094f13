"""What the untrained bases can do: every suite's mean."""

import numpy as np

from workbench.blocks import Block, Column, Heading, Row, Table, Text
from workbench.checks import Checks
from workbench.phrases import percent
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.suite_items import Panel, settled
from workbench.suites import Suite

COLUMNS = (
    Column(title="Base model"),
    Column(title="Suite"),
    Column(title="About"),
    Column(title="Mean", align="right"),
    Column(title="95 % interval", align="right"),
    Column(title="Items", align="right"),
    Column(title="By guessing", align="right"),
    Column(title="Too long", align="right"),
)
FIRST_OPTIONAL = 6
"""Columns from here on are left out where no row has anything to say."""


def base_blocks(checks: Checks) -> list[Block]:
    """A table of every suite of every base that was asked; nothing where none was."""
    rows = []
    for base, step in checks.bases.items():
        panel = checks.panel(step)
        if panel is not None:
            rows += [_row(base, suite, panel) for suite in checks.suites[base] if suite.name in panel.asked]
    if not rows:
        return []
    told = [n for n in range(len(COLUMNS)) if n < FIRST_OPTIONAL or any(row.cells[n] not in ("", "0") for row in rows)]
    shown = tuple(Row(cells=tuple(row.cells[n] for n in told)) for row in rows)
    table = Table(title="What it can do before any training", columns=tuple(COLUMNS[n] for n in told), rows=shown)
    long = [row for row in rows if row.cells[-1] != "0"]
    text = "Items that do not fit into the model's context were not asked, and are in no figure."
    return [Heading(text="The untrained base"), table, *([Text(text=text, note=True)] if long else [])]


def _row(base: str, plain: Suite, panel: Panel) -> Row:
    asked = panel.asked[plain.name]
    suite = settled(plain, asked)
    items = [one for one in panel.items[suite.name] if one.values]
    name = base.rstrip("/").split("/")[-1]
    if not items:
        told = "not measured: every item is too long"
        return Row(cells=(name, suite.name, suite.facet, told, "", "0", "", f"{asked.too_long:,}"))
    values = np.array([one.values[suite.metric] for one in items])
    clusters = Clusters.of([one.group or one.item for one in items])
    mean, variance = float(values.mean()), float(clusters.covariance(values[:, None])[0, 0])
    if suite.is_share:
        interval = mean_interval(mean, variance, n=len(items), df=clusters.df)
        figures = (percent(mean), f"{100 * interval.low:.1f} to {100 * interval.high:.1f}")
    else:
        half = 1.96 * variance**0.5
        figures = (f"{mean:.3f}", f"{mean - half:.3f} to {mean + half:.3f}")
    guess = percent(suite.chance) if suite.is_share and suite.chance else ""
    return Row(cells=(name, suite.name, suite.facet, *figures, f"{len(items):,}", guess, f"{asked.too_long:,}"))
