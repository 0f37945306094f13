"""What the base model is trained on: tasks in proportion, with and without system message and earlier turns."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Protocol

from recipes.pocket import reading, skills
from recipes.pocket.reading import Row
from workbench.demos.world.names import draw_name

Turn = dict[str, str]


class Task(Protocol):
    """Draws one row; ``reserved`` draws from what training never shows."""

    def __call__(self, rng: Random, *, reserved: bool) -> Row:
        """One row of the task."""
        ...


MIXTURE: Mapping[str, tuple[float, Task]] = {
    "notes": (16, reading.notes),
    "passages": (26, reading.passages),
    "passages_with_citation": (3, reading.passages_with_citation),
    "unrelated_passages": (2, reading.unrelated_passages),
    "closed_book": (9, reading.closed_book),
    "told_fact": (3, reading.told_fact),
    "unknown_thing": (5, reading.unknown_thing),
    "notes_to_record": (5, reading.notes_to_record),
    "restate": (1, reading.restate),
    "words": (14, skills.word_operation),
    "small_sums": (7, skills.small_sum),
    "larger_sums": (2, skills.larger_sum),
    "copy": (4, skills.copy_characters),
    "copy_list": (6, skills.copy_list),
    "records": (7, skills.records),
    "lists": (4, skills.lists),
    "instructed": (4, skills.instructed_fact),
    "everyday": (5, skills.everyday),
    "message": (4, skills.message),
    "story": (2, skills.story),
    "unsafe": (2, skills.unsafe),
    "alarming": (2, skills.alarming),
    "kinds_told": (1, skills.kinds_told),
    "crowded_passages": (0, reading.crowded_passages),
    "lookalike_passages": (0, reading.lookalike_passages),
}
"""Relative frequency of each task, by rows."""

_HALF = {name: weight / 2 for name, (weight, _) in MIXTURE.items()}

FREQUENCIES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "broad": {name: weight for name, (weight, _) in MIXTURE.items()},
        "skills": _HALF
        | {"passages": 44, "notes": 14, "words": 40, "small_sums": 24, "larger_sums": 4, "alarming": 2, "unsafe": 1.5},
        "reading": _HALF | {"passages": 60, "notes": 12, "words": 22, "small_sums": 10, "larger_sums": 2},
        "crowded": _HALF
        | {"passages": 20, "crowded_passages": 40, "notes": 12, "words": 22, "small_sums": 10, "larger_sums": 2},
        "lookalike": _HALF
        | {"passages": 16, "crowded_passages": 10, "lookalike_passages": 40, "words": 22, "small_sums": 6},
    }
)
"""How often each task is drawn in a phase: later ones keep up what is learned and dwell on what is learned slowly."""

_SYSTEM = (
    "You are a helpful assistant.",
    "Answer briefly.",
    "Answer the question.",
    "Answer in as few words as you can.",
    "You answer questions of customers.",
    "Be short and exact.",
    "You are pocket.",
    "Give the answer and nothing else.",
    "You help the people of {n}.",
    "You work for {n}. Answer questions about our products.",
    "Do what the user asks.",
    "Answer from what you know.",
)


def draw_row(rng: Random, *, reserved: bool = False, frequencies: str = "broad") -> tuple[str, list[Turn]]:
    """One training conversation, its last turn the answer that carries the loss.

    ``frequencies``: a key of ``FREQUENCIES``. Returns the task's name and the turns.
    """
    weights = FREQUENCIES[frequencies]
    name = rng.choices(list(weights), list(weights.values()))[0]
    task = MIXTURE[name][1]
    return name, converse(rng, task, reserved=reserved)


def converse(rng: Random, task: Callable[..., Row], *, reserved: bool, others: bool = True) -> list[Turn]:
    """A row of a task as turns: a system message half of the time and, if wanted, other turns around it."""
    turns: list[Turn] = []
    if rng.random() < 0.5:
        turns.append(_turn("system", rng.choice(_SYSTEM).format(n=draw_name(rng, reserved=reserved))))
    row = task(rng, reserved=reserved)
    if others and len(row.question) < 160 and rng.random() < 0.12:
        for _ in range(rng.randint(1, 4)):
            before = task(rng, reserved=reserved)
            turns += [_turn("user", before.question), _turn("assistant", before.answer)]
    turns += [_turn("user", row.question), _turn("assistant", row.answer)]
    for question, answer in row.more if others else ():
        turns += [_turn("user", question), _turn("assistant", answer)]
    return turns


def _turn(role: str, content: str) -> Turn:
    return {"role": role, "content": content}
