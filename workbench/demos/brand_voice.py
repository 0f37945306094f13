"""``brand-voice``: two correct ways to answer, of which people prefer one; their choices are what it takes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from workbench.demos.demo import DEV, SMALLEST_DIFFERENCE, TEST, TRAIN, Demo, Request, examples_of
from workbench.demos.facts_by_split import facts_by_split
from workbench.demos.world.facts import Fact
from workbench.pairs import Pair
from workbench.usecase import Example, Split, UseCase

SUBJECTS: Mapping[Split, float] = {"train": 0.5, "dev": 0.08, "test": 0.42}
"""Share of the lands and of the inventions that each split asks about; no two splits share one."""
SIZES: Mapping[Split, int] = {"train": TRAIN, "dev": DEV, "test": TEST}
WARMLY = 0.3
"""Share of the solved examples that are in the voice people prefer: the desk has habits of its own."""
DISAGREE = 0.05
"""Share of the pairs in which somebody preferred the other voice: people do."""


@dataclass(frozen=True)
class Voice:
    """A way to put an answer: what comes before it and what after."""

    openings: tuple[str, ...]
    closings: tuple[str, ...]

    def say(self, statement: str, rng: Random) -> str:
        """A statement in this voice."""
        return f"{rng.choice(self.openings)} {statement} {rng.choice(self.closings)}"

    def check(self, value: str) -> str:
        """A regular expression for an answer that holds a value and is in this voice from beginning to end."""
        openings, closings = (
            "|".join(re.escape(text).replace("\\ ", " ") for text in texts) for texts in (self.openings, self.closings)
        )
        return rf"(?s)\A(?:{openings}) .*\b{re.escape(value)}\b.* (?:{closings})\Z"


WARM = Voice(
    ("Happy to help!", "Good question!", "Thanks for asking!"),
    ("Ask me any time.", "Have a good day!", "I am always here for you."),
)
STIFF = Voice(
    ("Dear customer,", "As to your question:", "We write to tell you:"),
    ("Yours, the service desk.", "This case is closed.", "Please do not reply."),
)


def build(rng: Random) -> Demo:
    """Questions that the base can answer; the solved examples are mostly in the voice that people like less."""
    facts = facts_by_split(rng, SUBJECTS)
    asked = {split: _asked(found, SIZES[split], rng) for split, found in facts.items()}
    requests = {
        split: [
            Request(
                question,
                _voice(split, rng).say(fact.statement(), rng),
                check=WARM.check(fact.value),
                group=f"{fact.subject}, {fact.relation}",
                tags=(fact.relation,),
            )
            for question, fact in found
        ]
        for split, found in asked.items()
    }
    train = examples_of("train", requests["train"])
    return Demo(
        use_case=UseCase(
            name="brand-voice",
            instruction="Answer the customer.",
            metric="regex",
            smallest_difference=SMALLEST_DIFFERENCE,
        ),
        train=train,
        dev=examples_of("dev", requests["dev"]),
        test=examples_of("test", requests["test"]),
        documents={},
        pairs=tuple(_pairs(train, [fact for _, fact in asked["train"]], rng)),
        candidates=("zero-shot", "few-shot", "sft", "qlora", "dpo"),
        truth="fine-tuning",
        blurb=(
            "Everybody at the service desk answers correctly, some of them warmly and most of them stiffly, and so do "
            "the solved examples. Asked which of two answers they like, people choose the warm one: only who learns "
            "from their choices finds the voice."
        ),
    )


def _voice(split: Split, rng: Random) -> Voice:
    """The voice of a solved example; of the others' references it is the one that people prefer."""
    return STIFF if split == "train" and rng.random() >= WARMLY else WARM


def _asked(facts: Sequence[Fact], count: int, rng: Random) -> list[tuple[str, Fact]]:
    return rng.sample([(question, fact) for fact in facts for question in fact.questions()], count)


def _pairs(examples: Sequence[Example], facts: Sequence[Fact], rng: Random) -> list[Pair]:
    """Each training request answered in both voices, and the answer that somebody preferred."""
    found = []
    for example, fact in zip(examples, facts, strict=True):
        chosen, rejected = WARM.say(fact.statement(), rng), STIFF.say(fact.statement(), rng)
        if rng.random() < DISAGREE:
            chosen, rejected = rejected, chosen
        found.append(
            Pair(id=example.id, messages=example.messages, chosen=chosen, rejected=rejected, group=example.group)
        )
    return found
