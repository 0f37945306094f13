"""An approach is settled where each of the others is beaten by one of it, by value at both ends by the same one."""

import numpy as np
import pytest

from workbench.analysis import Analysis
from workbench.candidate import Approach
from workbench.compare import analyse
from workbench.panel import Panel, Scores
from workbench.settled_approach import holds_between, of_one_approach, shown_pairs, unbeaten

WAYS: dict[str, Approach] = {"zero-shot": "prompting", "few-shot": "prompting", "rag": "RAG", "sft": "fine-tuning"}
ORDER = list(WAYS)


def analysed(**right: int) -> Analysis:
    """What is shown where each answers so many of 100 examples right, all on different ones where they can."""
    items = tuple(f"i{n:03d}" for n in range(100))
    scores = []
    for name, count in right.items():
        values = np.zeros((1, 100))
        values[0, :count] = 1
        scores.append(Scores(name, WAYS[name], False, np.roll(values, 37 * len(scores), axis=1)))
    return analyse(
        Panel(tuple(scores), items, items, "exact_match"), smallest_difference=0.01, rng=np.random.default_rng(0)
    )


def test_the_best_are_of_one_approach_and_nobody_knows_which() -> None:
    found = analysed(**{"zero-shot": 60, "few-shot": 58, "rag": 10, "sft": 5})
    assert {("zero-shot", "rag"), ("few-shot", "sft")} <= shown_pairs(found)
    assert of_one_approach(found, ORDER) == ["zero-shot", "few-shot"]
    assert unbeaten(found, ORDER) == ["zero-shot", "few-shot"]
    # Among those that may be chosen there must be another approach.
    assert of_one_approach(found, ["zero-shot", "few-shot"]) == []


@pytest.mark.parametrize(
    ("right", "why"),
    [
        ({"zero-shot": 60, "few-shot": 58, "rag": 50, "sft": 5}, "RAG may be as good"),
        ({"zero-shot": 60, "few-shot": 10, "rag": 5, "sft": 5}, "one is shown to be the best"),
        ({"zero-shot": 50, "few-shot": 50, "rag": 50, "sft": 50}, "nothing is shown"),
    ],
)
def test_otherwise_the_question_of_the_approach_is_open_or_no_question(right: dict[str, int], why: str) -> None:
    assert of_one_approach(analysed(**right), ORDER) == [], why


def test_a_router_is_of_no_approach() -> None:
    found = analysed(**{"zero-shot": 60, "few-shot": 58, "rag": 10, "sft": 5})
    assert of_one_approach(found, ORDER, router="few-shot") == []
    assert of_one_approach(found, ORDER, router="sft") == ["zero-shot", "few-shot"]


def test_between_two_values_a_rival_may_lead_that_leads_at_neither() -> None:
    low = analysed(**{"zero-shot": 60, "few-shot": 10, "rag": 20, "sft": 5})
    high = analysed(**{"zero-shot": 10, "few-shot": 60, "rag": 20, "sft": 5})
    own = ["zero-shot", "few-shot"]
    assert holds_between([low], own, ["rag", "sft"])
    assert holds_between([high], own, ["rag", "sft"])
    assert not holds_between([low, high], own, ["rag", "sft"])
    assert holds_between([low, low], own, ["rag", "sft"])
