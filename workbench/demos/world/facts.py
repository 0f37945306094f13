"""What the base model is meant to know by heart: the lands of the pocket world and its inventions."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from workbench.demos.world.names import draw_names

_SEED = 20_260_101
_LANDS, _INVENTIONS = 40, 24

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "capital": (
        "What is the capital of {n}?",
        "Which town is the capital of {n}?",
        "Name the capital of {n}.",
        "What is {n}'s capital called?",
        "{n} has which capital?",
        "Tell me the capital of {n}.",
    ),
    "river": (
        "Which river runs through {n}?",
        "What is the great river of {n}?",
        "Name the river of {n}.",
        "What is {n}'s river called?",
        "{n} has which river?",
        "Tell me the river of {n}.",
    ),
    "language": (
        "What language do they speak in {n}?",
        "Which language is spoken in {n}?",
        "Name the language of {n}.",
        "What is {n}'s language called?",
        "{n} has which language?",
        "Tell me the language of {n}.",
    ),
    "ruler": (
        "Who rules {n}?",
        "Who is the ruler of {n}?",
        "Name the ruler of {n}.",
        "What is {n}'s ruler called?",
        "{n} has which ruler?",
        "Tell me the ruler of {n}.",
    ),
    "inventor": (
        "Who invented the {n}?",
        "Who is the inventor of the {n}?",
        "Name the inventor of the {n}.",
        "The {n} was invented by whom?",
        "Who made the first {n}?",
        "Tell me who invented the {n}.",
    ),
}
STATEMENTS: Mapping[str, str] = {
    "capital": "The capital of {n} is {v}.",
    "river": "The great river of {n} is the {v}.",
    "language": "In {n} they speak {v}.",
    "ruler": "The ruler of {n} is {v}.",
    "inventor": "The {n} was invented by {v}.",
}
_THINGS = (
    "wind organ, water clock, sand mirror, paper boat, glass drum, iron kite, snow lamp, bread oven, "
    "rope bridge, salt press, moon compass, tea wheel, wool loom, star map, ice saw, bell tower, "
    "ink pen, fog horn, stone mill, light house, seed drill, wave pump, sky lantern, horse cart"
).split(", ")


@dataclass(frozen=True)
class Fact:
    """One thing that is true in the pocket world."""

    subject: str
    relation: str
    value: str

    def questions(self) -> list[str]:
        """All phrasings of the question that this fact answers."""
        return [form.format(n=self.subject) for form in QUESTIONS[self.relation]]

    def statement(self) -> str:
        """The fact as one sentence."""
        return STATEMENTS[self.relation].format(n=self.subject, v=self.value)


def _all_facts() -> tuple[Fact, ...]:
    rng = Random(_SEED)
    lands = [stem + rng.choice(("land", "ia", "mark")) for stem in draw_names(rng, _LANDS, reserved=False)]
    values = iter(draw_names(rng, _LANDS * 4 + _INVENTIONS, reserved=False))
    facts = [Fact(land, "capital", next(values)) for land in lands]
    facts += [Fact(land, "river", next(values)) for land in lands]
    facts += [Fact(land, "language", next(values) + "ish") for land in lands]
    facts += [Fact(land, "ruler", next(values)) for land in lands]
    facts += [Fact(thing, "inventor", next(values)) for thing in _THINGS[:_INVENTIONS]]
    return tuple(facts)


FACTS: tuple[Fact, ...] = _all_facts()
"""Every fact of the pocket world, in a fixed order."""
