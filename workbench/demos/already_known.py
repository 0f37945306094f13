"""``already-known``: what the base model can do as it is, so a plain prompt is enough."""

from collections.abc import Mapping, Sequence
from random import Random

from workbench.demos.catalogue import documents_of, draw_products
from workbench.demos.demo import DEV, SMALLEST_DIFFERENCE, TEST, TRAIN, Demo, Request, examples_of
from workbench.demos.facts_by_split import facts_by_split
from workbench.demos.world.facts import Fact
from workbench.demos.world.things import KINDS, ask, draw_thing, tell
from workbench.usecase import Split, UseCase

FACTS_SHARE = {"train": 0.75, "dev": 0.75, "test": 0.85}
"""Share of questions about the world; the others bring the notes that hold their answer."""
SUBJECTS: Mapping[Split, float] = {"train": 0.3, "dev": 0.08, "test": 0.62}
"""Share of the lands and of the inventions that each split asks about; no two splits share one."""
NOTES = (2, 3)
"""Least and most notes of a question that brings some."""
DOCUMENTS = 60
TRAININGS = 4
"""Of each trained candidate: two of them may differ by ten points here, which leaves open what a third would bring."""


def build(rng: Random) -> Demo:
    """Questions about the world that the base grew up in; training asks about other parts of that world."""
    facts = facts_by_split(rng, SUBJECTS)
    return Demo(
        use_case=UseCase(
            name="already-known",
            instruction="Answer the question.",
            metric="exact_match",
            secondary_metrics=("token_f1",),
            smallest_difference=SMALLEST_DIFFERENCE,
            seeds=TRAININGS,
        ),
        train=examples_of("train", _requests("train", TRAIN, facts["train"], rng)),
        dev=examples_of("dev", _requests("dev", DEV, facts["dev"], rng)),
        test=examples_of("test", _requests("test", TEST, facts["test"], rng)),
        documents=documents_of(draw_products(rng, DOCUMENTS), rng=rng),
        truth="prompting",
        blurb=(
            "Questions about the world that the model grew up in, and some that bring their own notes. The "
            "documents are about something else, and there is nothing left to learn: asking is enough."
        ),
    )


def _requests(split: Split, count: int, facts: Sequence[Fact], rng: Random) -> list[Request]:
    closed_book = [
        Request(question, fact.value, group=fact.subject, tags=(fact.relation,))
        for fact in facts
        for question in fact.questions()
    ]
    chosen = rng.sample(closed_book, round(FACTS_SHARE[split] * count))
    chosen += [_reading(rng) for _ in range(count - len(chosen))]
    rng.shuffle(chosen)
    return chosen


def _reading(rng: Random) -> Request:
    """A question about one of a few notes on things of one kind that the base has never heard of."""
    kind = rng.choice(list(KINDS))
    things = [draw_thing(rng, kind, reserved=True, attributes=1) for _ in range(rng.randint(*NOTES))]
    lines = [f"- {tell(thing, key, rng=rng)}" for thing in things for key in thing.values]
    subject = rng.choice(things)
    key = next(iter(subject.values))
    question = ask(subject, key, rng=rng)
    return Request("Notes:\n" + "\n".join(lines) + f"\n\nQuestion: {question}", subject.values[key], tags=("reading",))
