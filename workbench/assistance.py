"""Which judge may make people's labels surer, and its verdicts as the statistics take them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.candidate import Candidate
from workbench.given import Request
from workbench.kinship import kin
from workbench.labels import Cell
from workbench.preference import COUNTED, Preference
from workbench.statistics.verdicts import Verdicts
from workbench.statistics.votes import Votes


@dataclass(frozen=True, eq=False)
class Assistance:
    """A judge that may help, with its verdicts; or why none may."""

    judge: str
    """Empty where none may."""
    verdicts: Verdicts | None
    refused: str
    """Why none may help; empty where one may."""


NOBODY = Assistance("", None, "")
"""Nobody is to help."""


def assistance(
    labels: Sequence[Preference],
    judged: Sequence[Preference],
    *,
    candidates: Sequence[Candidate],
    prompts: Mapping[str, Request],
    shown: frozenset[Cell],
    elsewhere: frozenset[Cell],
) -> Assistance:
    """The judge with most verdicts of those that may help people's ``labels`` (as they became votes).

    ``shown``: pairs of answers that people were shown by lot; ``elsewhere``: those on which labels came from files,
    where which requests people labelled was left to nobody's lot, so that no verdict is held against them.
    """
    counted = [label for label in judged if label.choice in COUNTED]
    by = Counter(label.annotator for label in counted)
    if not by:
        return Assistance("", None, "No judge has labelled this queue.")
    reasons = {name: kin(name, candidates) for name in by}
    able = sorted((name for name in by if not reasons[name]), key=lambda name: (-by[name], name))
    if not able:
        name = max(by, key=lambda one: (by[one], one))
        return Assistance("", None, f"The judge {name} is not let help. {reasons[name]}")
    own = [label for label in counted if label.annotator == able[0]]
    names = [one.name for one in candidates]
    found = _verdicts(labels, own, names, prompts, shown, elsewhere)
    if found is None:
        why = "People's labels came from files, so the requests that they are about were not drawn here."
        return Assistance("", None, f"The judge {able[0]} can't help. {why}")
    return Assistance(able[0], found, "")


def votes_of(labels: Sequence[Preference], names: Sequence[str], prompts: Mapping[str, Request]) -> Votes:
    """Labels as arrays; skipped pairs are none, and requests of one group count as one item."""
    kept = [label for label in labels if label.choice in COUNTED]
    sides = {"left": 1, "right": -1}
    return Votes.of(
        names,
        [(label.left, label.right) for label in kept],
        choice=[sides.get(label.choice, 0) for label in kept],
        bad=[label.choice == "neither" for label in kept],
        item=[_item(label.example, prompts) for label in kept],
        annotator=[label.annotator for label in kept],
    )


def _item(example: str, prompts: Mapping[str, Request]) -> str:
    return prompts[example].cluster or example


def _verdicts(
    labels: Sequence[Preference],
    own: Sequence[Preference],
    names: Sequence[str],
    prompts: Mapping[str, Request],
    shown: frozenset[Cell],
    elsewhere: frozenset[Cell],
) -> Verdicts | None:
    """One judge's verdicts beside the labels; None where none of them stands beside a label that was drawn by lot."""
    place = {name: number for number, name in enumerate(names)}
    kept = [label for label in labels if label.choice in COUNTED]
    # Items are numbered as they are in the votes; those without a label follow.
    items = sorted({_item(label.example, prompts) for label in kept})
    number = {item: code for code, item in enumerate(items)}
    rows: dict[Cell, Preference] = {}
    for label in own:
        cell = _cell(label, place)
        if cell not in elsewhere:
            rows[cell] = label
            number.setdefault(_item(label.example, prompts), len(number))
    at = {cell: row for row, cell in enumerate(rows)}
    of_label = np.array([at.get(_cell(label, place), -1) for label in kept], dtype=np.int64)
    if not (of_label >= 0).any():
        return None
    worth = {"left": 1.0, "right": 0.0}
    low_left = np.array([label.left == cell[1] for cell, label in rows.items()])
    value = np.array([worth.get(label.choice, 0.5) for label in rows.values()])
    return Verdicts(
        low=np.array([place[low] for _, low, _ in rows], dtype=np.int64),
        high=np.array([place[high] for _, _, high in rows], dtype=np.int64),
        value=np.where(low_left, value, 1 - value),
        item=np.array([number[_item(example, prompts)] for example, _, _ in rows], dtype=np.int64),
        shown=np.array([cell in shown for cell in rows], dtype=bool),
        of_label=of_label,
    )


def _cell(label: Preference, place: Mapping[str, int]) -> Cell:
    low, high = sorted((label.left, label.right), key=lambda name: place[name])
    return label.example, low, high
