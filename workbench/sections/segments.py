"""Where another candidate is better: the candidates by the tags of the requests, and what routing would bring."""

from workbench.blocks import Block, Column, Heading, Item, Items, Row, Table, Text
from workbench.comparison import are_compared, find, sentence
from workbench.phrases import listed, percent, points
from workbench.sections.material import Material
from workbench.segments import FEWEST, FEWEST_GROUPS, Segment, SegmentMean, Segments


def segments(material: Material) -> list[Block]:
    """Means by segment, what is turned round there, and the router; nothing where the requests have no tags."""
    found = material.recommendation.segments
    if found is None:
        return []
    names = [one.candidate for one in material.ran if one.candidate in {row.candidate for row in _all(found)}]
    blocks: list[Block] = [Heading(text="By segment"), _table(material, found, names)]
    blocks.append(
        Text(
            text=f"Segments are the tags of the test examples; those with at least {FEWEST} examples in "
            f"{FEWEST_GROUPS} groups, and as many outside, are shown. "
            "* ahead here and behind elsewhere, and shown to differ from one to the other (all candidates and segments "
            "at once, 95 %).",
            note=True,
        )
    )
    said = [_turned(found, one) for one in found.segments if one.reversed]
    said += _router(material, found)
    if not said:
        said = [f"No segment is shown to turn {found.leader}'s lead round: one candidate for all requests is enough."]
    return [*blocks, Items(items=tuple(Item(text=text) for text in said))]


def _all(found: Segments) -> list[SegmentMean]:
    return [row for one in found.segments for row in one.means]


def _table(material: Material, found: Segments, names: list[str]) -> Table:
    columns = (
        Column(title="Segment"),
        Column(title="n", align="right"),
        *(Column(title=name, align="right", better="higher") for name in names),
    )
    rows = []
    for one in found.segments:
        means = {row.candidate: row.mean for row in one.means}
        cells = [f"{percent(means[name])}{' *' if name in one.reversed else ''}" for name in names]
        rows.append(Row(cells=(one.tag, f"{one.n:,}", *cells)))
    whole = {one.candidate: one.mean for one in material.standings}
    rows.append(
        Row(cells=("all", f"{material.recommendation.n:,}", *(percent(whole[name]) for name in names)), strong=True)
    )
    return Table(title=f"{material.metric} by segment", columns=columns, rows=tuple(rows))


def _turned(found: Segments, one: Segment) -> str:
    parts = [
        f"{row.candidate} is {points(row.beyond)} points ahead, elsewhere {points(-row.elsewhere)} behind"
        for row in one.means
        if row.candidate in one.reversed
    ]
    return f"On {one.tag}, other than elsewhere, {found.leader} is not ahead: {listed(parts)}."


def _router(material: Material, found: Segments) -> list[str]:
    if not found.router:
        return []
    recommendation = material.recommendation
    mean = next(one.mean for one in recommendation.standings if one.candidate == found.router)
    said = [
        f"Routing by segment ({found.policy}) scores {percent(mean)}: each request was routed by what other requests "
        "showed. It takes that the segment is known when a request comes in, and that all its parts are kept running."
    ]
    if are_compared(recommendation.comparisons, found.router, found.leader):
        comparison = recommendation.comparisons[find(recommendation.comparisons, found.router, found.leader)]
        said.append(sentence(comparison, found.router if comparison.delta >= 0 else ""))
    return said
