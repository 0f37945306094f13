"""``sums``: arithmetic that the base gets right now and then, where an answer can be checked."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from workbench.demos.demo import DEV, SMALLEST_DIFFERENCE, TEST, TRAIN, Demo, Request, examples_of
from workbench.usecase import UseCase

LARGEST = 60
"""No total is larger."""
SOLVED = 40
"""Training requests that come with an answer; of the others it can only be checked."""
LEAST = 21
"""No total is smaller: within 20 the base knows every sum."""
FORMS = ("What is {a} + {b}?", "{a} + {b} =", "Add {a} and {b}.", "How much is {a} plus {b}?")


def build(rng: Random) -> Demo:
    """Additions of two numbers; no two splits share one, and only the first of the training requests are solved."""
    requests = list(_requests(rng, TRAIN + DEV + TEST))
    requests[SOLVED:] = [replace(request, target="") for request in requests[SOLVED:]]
    return Demo(
        use_case=UseCase(
            name="sums",
            instruction="Work it out.",
            metric="numeric",
            smallest_difference=SMALLEST_DIFFERENCE,
        ),
        train=examples_of("train", requests[:TRAIN]),
        dev=examples_of("dev", requests[TRAIN : TRAIN + DEV]),
        test=examples_of("test", requests[TRAIN + DEV :]),
        documents={},
        truth="fine-tuning",
        candidates=("zero-shot", "few-shot", "sft", "qlora", "grpo"),
        blurb=(
            "Sums that the model gets right now and then. Few have been solved for it to imitate, but of every answer "
            "it can be said whether it is right: it has to learn from its own."
        ),
    )


def _requests(rng: Random, count: int) -> Iterator[Request]:
    sums = [(a, total - a) for total in range(LEAST, LARGEST + 1) for a in range(1, total)]
    for a, b in rng.sample(sums, count):
        yield Request(rng.choice(FORMS).format(a=a, b=b), str(a + b), check=str(a + b))
