"""What benchmark suites gave, read from the folders of their steps, and whether two of them pair."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.model import Noun
from workbench.suites import Suite
from workbench.workspace import Step, read_jsonl


@dataclass(frozen=True)
class Item:
    """One item of a suite, as a model answered it."""

    suite: str
    item: str
    values: Mapping[str, float]
    """By metric; empty where the item does not fit into the model's context."""
    group: str = ""
    prompt: str = ""
    """Digest of all that the model was given."""
    request: str = ""
    reference: str = ""
    answer: str = ""


class Asked(Noun):
    """What is to be known of a suite that was run, beside its items."""

    metric: str
    lenient: str = ""
    higher_is_better: bool
    chance: float = 0.0
    items: int
    too_long: int = 0
    template: str = ""


@dataclass(frozen=True)
class Panel:
    """All suites of one step."""

    items: Mapping[str, tuple[Item, ...]]
    """By suite, in the order in which they were asked."""
    asked: Mapping[str, Asked] = field(default_factory=dict)
    """By suite; a suite of which nothing was drawn is not there."""


def read_panel(step: Step) -> Panel:
    """What a finished ``check`` step left; read once for each version of its files."""
    path = step.path("items.jsonl")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> Panel:
    del changed
    found: dict[str, list[Item]] = {}
    for record in read_jsonl(path):
        found.setdefault(record["suite"], []).append(Item(**record))
    told = json.loads(path.with_name("suites.json").read_text(encoding="utf-8"))
    asked = {name: Asked.parse(one, where=str(path)) for name, one in told.items() if one is not None}
    return Panel({name: tuple(items) for name, items in found.items()}, asked)


def settled(suite: Suite, asked: Asked) -> Suite:
    """A suite with what only its task could tell: metric, direction and chance level."""
    return suite.model_copy(
        update={
            "metric": asked.metric,
            "lenient": asked.lenient,
            "higher_is_better": asked.higher_is_better,
            "chance": asked.chance,
        }
    )


def paired_items(suite: str, panels: Sequence[Panel]) -> tuple[tuple[Item, ...], ...]:
    """A suite's items of several models in the same order, those left out that do not fit into the context.

    Raises WorkbenchError where they do not pair: other items, other prompts, or another chat template.
    """
    first = panels[0]
    names = [one.item for one in first.items[suite]]
    found = []
    for panel in panels:
        why = _differ(suite, first, panel)
        if why:
            raise WorkbenchError(
                f"{suite}: these do not pair, because {why}.",
                "Measure both again with the same suites, on the same base model.",
            )
        known = {one.item: one for one in panel.items[suite]}
        found.append([known[name] for name in names])
    kept = [n for n in range(len(names)) if all(items[n].values for items in found)]
    return tuple(tuple(items[n] for n in kept) for items in found)


def _differ(suite: str, first: Panel, other: Panel) -> str:
    if suite not in other.items:
        return "one of them was not asked it"
    one, two = ({item.item: item.prompt for item in panel.items[suite]} for panel in (first, other))
    if set(one) != set(two):
        return f"they were asked different items ({len(set(one) ^ set(two))} are only on one side)"
    templates = [panel.asked[suite].template for panel in (first, other)]
    if templates[0] != templates[1]:
        return "they were asked through different chat templates"
    if one != two:
        return f"they were given different prompts for {sum(one[name] != two[name] for name in one)} items"
    return ""
