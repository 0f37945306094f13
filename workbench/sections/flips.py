"""What would flip the recommendation."""

from workbench.blocks import Block, Column, Heading, Item, Items, Row, Table, Text
from workbench.phrases import agreeing
from workbench.sections.material import Material
from workbench.sensitivity import Sweep

HELD = "nothing: it stays as it is"


def flips(material: Material) -> list[Block]:
    """Each setting with the nearest changes that would flip it; then what it hangs on."""
    found = material.sweeps
    if not found:
        return []
    rows = []
    for one in found:
        at = one.now or "all there is"
        rows += [Row(cells=(one.what, at, each.setting, each.headline)) for each in one.flips]
        if not one.flips:
            rows.append(Row(cells=(one.what, at, _tried(one), HELD)))
    columns = (Column(title="If changed"), Column(title="Now"), Column(title="To"), Column(title="It would say"))
    flipped = [one for one in found if one.flips]
    count = len(flipped)
    lead = (
        f"{count} of {len(found)} things that were changed one at a time {agreeing(count, 'flips', 'flip')} it: "
        "another choice, or the same one more or less firmly."
        if flipped
        else "None of what was changed one at a time flips it."
    )
    return [
        Heading(text="What would flip it"),
        Text(text=lead),
        Table(title="One change at a time", columns=columns, rows=tuple(rows), folded=not flipped),
        *_hangs(found),
    ]


def _tried(one: Sweep) -> str:
    settings = [each.setting for each in one.outcomes]
    return f"{settings[0]} to {settings[-1]}" if one.now else f"{len(settings)} left out, one at a time"


def _hangs(found: tuple[Sweep, ...]) -> list[Block]:
    said = [
        f"It hangs on single parts of this test: {', '.join(each.setting for each in one.flips)} it would be another."
        for one in found
        if not one.now and one.flips
    ]
    return [Items(items=tuple(Item(text=text) for text in said))] if said else []
