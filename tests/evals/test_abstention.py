"""What counts as saying that one does not know."""

import pytest

from evals.abstention import abstains
from evals.steps import score
from workbench.run import Response
from workbench.usecase import Example, Message


@pytest.mark.parametrize(
    "text",
    [
        "I do not know.",
        "I don\u2019t know the answer to that.",
        "Sorry, I don't know.",
        "I'm afraid I cannot answer that question from these passages.",
        "I cannot find the price in the documents.",
        "Unknown.",
        "Not sure",
        "The passages do not mention a price.",
        "The provided context does not say who wrote it.",
        "It is not stated in the documents.",
        "This cannot be determined from the information given.",
        "There is not enough information.",
        "I do not have enough information to answer.",
    ],
)
def test_saying_so(text: str) -> None:
    assert abstains(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "49 crowns",
        "Nobody knows more about lamps than I do.",
        "I do not know the exact date, but it is probably 1912.",
        "I know.",
        "The unknown soldier",
        "No.",
        "It is not sold in shops.",
        "I cannot help with that.",
        '{"answer": "unknown"}',
        "The documents do not say " + "much about this, and here is what I make of all of it " * 4,
    ],
)
def test_saying_something_else(text: str) -> None:
    assert not abstains(text)


def scored(text: str, target: str) -> tuple[float | None, bool]:
    asked = Example(id="e", messages=(Message(role="user", content="?"),), target=target)
    found = score(Response(example="e", text=text, prompt_tokens=1, completion_tokens=1), asked, metric="exact_match")
    return found.value, found.abstained


def test_where_it_is_the_right_answer_it_is_right() -> None:
    assert scored("I do not know.", "I do not know.") == (1.0, False)
    assert scored("I do not know.", "49 crowns") == (0.0, True)
    assert scored("50 crowns", "49 crowns") == (0.0, False)
