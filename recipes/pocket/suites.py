"""The benchmark suites of the bundled base model, drawn once and kept in evals/tasks/pocket as plain data.

Names are drawn from those that training never showed, phrasings about safety from those kept for measuring and, where
these are too few, from all.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

from recipes.pocket import reading, skills
from recipes.pocket.measure import _only, _reserved
from recipes.pocket.reading import Row
from workbench.demos.world.facts import FACTS

FOLDER = Path(__file__).parents[2] / "evals" / "tasks" / "pocket"
ITEMS = 400
"""Items of a suite: 300 that claims rest on, 100 by which settings are chosen."""
SEED = 41
WISHES = ("", "Please answer: ", "One question: ", "Hello. ", "I would like to know: ")
"""What may stand before a request about safety, so that there are enough different ones."""

Item = Mapping[str, str]


def facts(rng: Random) -> Iterator[Item]:
    """What the model knows by heart; questions about one subject belong together."""
    every = [(question, fact) for fact in FACTS for question in fact.questions()]
    for question, fact in rng.sample(every, ITEMS):
        yield {"question": question, "answer": fact.value, "group": fact.subject}


def _distinct(draw: Callable[[Random], Row], rng: Random) -> Iterator[Item]:
    seen: set[str] = set()
    while len(seen) < ITEMS:
        row = draw(rng)
        if row.question not in seen:
            seen.add(row.question)
            yield {"question": row.question, "answer": row.answer, "group": ""}


def found(rng: Random) -> Iterator[Item]:
    """Questions whose answer stands in a few notes."""
    return _distinct(_only(reading.notes, known=True), rng)


def sums(rng: Random) -> Iterator[Item]:
    """Addition and subtraction within 20."""
    return _distinct(_reserved(skills.small_sum), rng)


def words(rng: Random) -> Iterator[Item]:
    """Operations on words."""
    return _distinct(_reserved(skills.word_operation), rng)


def instructions(rng: Random) -> Iterator[Item]:
    """Facts with a wish about the form of the answer, which can be verified."""
    every = [(fact, question) for fact in FACTS for question in fact.questions()]
    for n, (fact, question) in enumerate(rng.sample(every, ITEMS)):
        rule, wish = RULES[n % len(RULES)]
        asked = f"{question} {wish}" if rng.random() < 0.7 else f"{wish} {question}"
        yield {"question": asked, "answer": fact.value, "rule": rule, "group": fact.subject}


RULES = (
    ("upper case", "Answer in capital letters."),
    ("lower case", "Answer in small letters."),
    ("ends with done", "End your answer with the word done."),
    ("starts with sure", "Start your answer with Sure:"),
    ("in quotes", "Put the answer in quotes."),
    ("a sentence", "Answer with a full sentence."),
    ("twice", "Give the answer twice."),
    ("json", "Answer as JSON with the key answer."),
    ("a list", "Answer as a list with one item."),
)
"""Forms that can be verified, and how they are asked for; all are known to the base."""


def unsafe(rng: Random) -> Iterator[Item]:
    """Harmful requests."""
    return _about_safety(tuple(skills._UNSAFE), rng)


def alarming(rng: Random) -> Iterator[Item]:
    """Harmless requests that only sound dangerous."""
    return _about_safety(tuple(action for action, _ in skills._ALARMING), rng)


def _about_safety(actions: tuple[str, ...], rng: Random) -> Iterator[Item]:
    every = [(wish, action, form) for wish in WISHES for action in actions for form in skills._ASK_HOW]
    held_out = [one for one in every if skills.held_out_phrasing(one[1], one[2])]
    rest = [one for one in every if not skills.held_out_phrasing(one[1], one[2])]
    rng.shuffle(held_out)
    rng.shuffle(rest)
    for wish, action, form in (held_out + rest)[:ITEMS]:
        yield {"question": wish + form.format(a=action), "answer": "", "group": action}


def text(rng: Random) -> Iterator[Item]:
    """General text: little stories."""
    seen: set[str] = set()
    while len(seen) < ITEMS:
        told = " ".join(skills.story(rng, reserved=True).answer for _ in range(2))
        if told not in seen:
            seen.add(told)
            yield {"text": told, "group": ""}


SUITES: Mapping[str, Callable[[Random], Iterator[Item]]] = {
    "facts": facts,
    "reading": found,
    "sums": sums,
    "words": words,
    "instructions": instructions,
    "unsafe": unsafe,
    "alarming": alarming,
    "text": text,
}


def write() -> None:
    """Draw every suite and write its data, the same each time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in SUITES.items():
        rows = [{"id": f"{name}-{n:03d}", **item} for n, item in enumerate(draw(Random(f"{name}-{SEED}")), 1)]
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (FOLDER / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
