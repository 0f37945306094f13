"""Why one wins: what the probes show, each with its picture."""

from collections.abc import Iterator, Sequence

from workbench.blocks import Block, Column, EffectsChart, Heading, Row, Table, Text
from workbench.phrases import listed
from workbench.probe_kinds import TELLS
from workbench.probe_rows import Finding
from workbench.sections.material import Material

NOTE = (
    "These runs explain and decide nothing: each interval holds for itself, at 95 %. Untrained: the base model as it "
    "came. Where the training was done several times, the spread over trainings is in the intervals."
)


def why(material: Material) -> list[Block]:
    """What was measured to explain the scores; nothing where nothing was."""
    found = material.recommendation.findings
    if not found:
        return []
    blocks: list[Block] = [Heading(text="What explains it")]
    for one in found:
        blocks += explained(one)
    return [*blocks, Text(text=NOTE, note=True), _table(found)]


def explained(finding: Finding) -> Iterator[Block]:
    """One finding with its picture."""
    yield EffectsChart(title=title(finding), approach=finding.approach, effects=finding.effects)
    yield Text(text=finding.sentence)


def title(finding: Finding) -> str:
    """What was looked at, and of whom."""
    return f"{TELLS[finding.kind][0]}: {listed(finding.about)}"


def _table(found: Sequence[Finding]) -> Table:
    columns = (
        Column(title="Measured"),
        Column(title="Figure"),
        Column(title="n", align="right"),
        Column(title="Value (95 % interval)", align="right"),
    )
    rows = tuple(
        Row(cells=(title(one) if not n else "", effect.name, f"{effect.n or one.n:,}", effect.words))
        for one in found
        for n, effect in enumerate(one.effects)
    )
    return Table(title="Every figure that explains", columns=columns, rows=rows, folded=True)
