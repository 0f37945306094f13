"""An approach is settled where each of the others is beaten by one of it, by value at both ends by the same one."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.workbench.test_recommend import assert_sound, case
from workbench.analysis import Analysis
from workbench.candidate import Approach
from workbench.compare import analyse
from workbench.cost import Measured
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.settled_approach import of_one_approach, shown_pairs
from workbench.usecase import Limits

WAYS: dict[str, Approach] = {"zero-shot": "prompting", "few-shot": "prompting", "rag": "RAG", "sft": "fine-tuning"}
ORDER = list(WAYS)


def analysed(**right: int) -> Analysis:
    """What is shown where each answers so many of 100 examples right, all on different ones where they can."""
    items = tuple(f"i{n:03d}" for n in range(100))
    scores: list[Scores] = []
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
    assert of_one_approach([found], ORDER) == ["zero-shot", "few-shot"]
    # Among those that may be chosen there must be another approach.
    assert of_one_approach([found], ["zero-shot", "few-shot"]) == []


@pytest.mark.parametrize(
    ("right", "why"),
    [
        ({"zero-shot": 60, "few-shot": 58, "rag": 50, "sft": 5}, "RAG may be as good"),
        ({"zero-shot": 60, "few-shot": 10, "rag": 5, "sft": 5}, "one is shown to be the best"),
        ({"zero-shot": 50, "few-shot": 50, "rag": 50, "sft": 50}, "nothing is shown"),
    ],
)
def test_otherwise_the_question_of_the_approach_is_open_or_no_question(right: dict[str, int], why: str) -> None:
    assert of_one_approach([analysed(**right)], ORDER) == [], why


def test_a_router_is_of_no_approach() -> None:
    found = analysed(**{"zero-shot": 60, "few-shot": 58, "rag": 10, "sft": 5})
    assert of_one_approach([found], ORDER, router="few-shot") == []
    assert of_one_approach([found], ORDER, router="sft") == ["zero-shot", "few-shot"]


def test_between_two_values_a_rival_may_lead_that_leads_at_neither() -> None:
    low = analysed(**{"zero-shot": 60, "few-shot": 10, "rag": 20, "sft": 5})
    high = analysed(**{"zero-shot": 10, "few-shot": 60, "rag": 20, "sft": 5})
    near = analysed(**{"zero-shot": 60, "few-shot": 58, "rag": 20, "sft": 5})
    assert of_one_approach([low, high], ORDER) == []
    assert of_one_approach([low, near], ORDER) == ["zero-shot", "few-shot"]
    assert of_one_approach([near, high], ORDER) == ["zero-shot", "few-shot"]
    # One that is the best at both ends is no question of the approach.
    assert of_one_approach([low, low], ORDER) == []


# --- By what candidates earn, at two values of a right answer


def answers(*, n: int = 400) -> dict[str, NDArray[np.float64]]:
    """Two that prompt, of which one is right on 6 points more, a third that is as good as the first, and a poor RAG."""
    rng = np.random.default_rng(0)
    a = np.zeros(n)
    a[: round(0.7 * n)] = 1
    b = a.copy()
    b[rng.choice(round(0.7 * n), 64, replace=False)] = 0
    b[round(0.7 * n) + rng.choice(n - round(0.7 * n), 40, replace=False)] = 1
    c = a.copy()
    c[0], c[-1] = 0, 1
    poor = np.zeros(n)
    poor[: n // 20] = 1
    return {"a": a, "b": b, "c": c, "rag": poor}


def judged(
    right: Mapping[str, NDArray[np.float64]], cost: Mapping[str, float], *, untimed: str = "", delta: float, most: float
) -> Recommendation:
    """What is recommended where a right answer is worth 1 to ``most``; all but ``untimed`` answer in 0.1 s."""
    n = len(next(iter(right.values())))
    items = tuple(f"i{i:04d}" for i in range(n))
    scores = (Scores(k, "RAG" if k == "rag" else "prompting", False, v[None]) for k, v in right.items())
    measured = {
        name: Measured(costs=(each,) * 200, seconds=() if name == untimed else (0.1,) * 200)
        for name, each in cost.items()
    }
    use_case = case(
        delta, limits=Limits(max_p95_seconds=1.0), money={"value_of_success": 1.0, "value_at_most": most}
    )  # fmt: skip
    of = Panel(tuple(scores), items, items, "exact_match")
    found = recommend(use_case, of, measured, rng=np.random.default_rng(0))
    assert_sound(found)
    return found


def first(*names: str) -> dict[str, NDArray[np.float64]]:
    return {name: one for name, one in answers().items() if name in names}


def test_by_money_an_approach_is_settled_over_the_whole_range() -> None:
    cost = {"a": 0.055, "b": 0.0001, "rag": 0.001}
    found = judged(first("a", "b", "rag"), cost, delta=0.02, most=200.0)
    assert (found.strength, found.ground, found.approach) == ("clear", "approach", "prompting")
    assert found.headline == (
        "Use prompting, whatever a right answer is worth from 1.0 to 200; which of a and b earns most, this test can't "
        "tell."
    )
    assert "What earns most is prompting (one of a and b): at most 5 in 100" in found.sentences[1]
    assert "7.6 per 1,000 requests, and less than 20 per 1,000 requests would not change" in found.sentences[1]


def test_what_matters_is_told_for_the_value_at_which_it_is_lost() -> None:
    cost = {"a": 0.055, "b": 0.0001, "rag": 0.001}
    found = judged(first("a", "b", "rag"), cost, delta=0.006, most=200.0)
    assert (found.strength, found.ground) == ("lean", "approach")
    assert found.headline.startswith("Lean towards prompting")
    assert "7.6 per 1,000 requests, more than the 6.0 per 1,000 requests that matter" in found.sentences[1]


def test_one_that_may_break_a_limit_holds_it_back_also_where_it_may_be_best_at_one_value_alone() -> None:
    cost = {"a": 0.04, "b": 0.0001, "c": 0.35, "rag": 0.001}
    sure = judged(answers(), cost, delta=0.02, most=200.0)
    assert (sure.strength, sure.ground) == ("clear", "approach")
    found = judged(answers(), cost, untimed="c", delta=0.02, most=200.0)
    assert (found.strength, found.ground) == ("lean", "approach")
    assert found.headline == "Lean towards a (prompting): it is not yet shown who keeps your limits."
    assert "but c is not shown to keep the limits" in found.sentences[1]
    assert found.next_step.startswith("Measure c")


def test_a_router_that_earns_most_at_one_end_is_no_approach_of_the_others() -> None:
    rng = np.random.default_rng(0)
    facts = np.zeros(1_000, dtype=bool)
    facts[rng.choice(1_000, 60, replace=False)] = True
    at, off = np.flatnonzero(facts), np.flatnonzero(~facts)
    a, b, rag = np.zeros(1_000), np.zeros(1_000), np.zeros(1_000)
    right = rng.choice(off, 658, replace=False)
    a[at[:42]] = a[right] = 1
    b[:] = a
    b[rng.choice(right, 260, replace=False)] = 0
    b[rng.choice(np.setdiff1d(off, right), 200, replace=False)] = 1
    rag[at[:54]] = 1
    items, tags = tuple(f"i{i:04d}" for i in range(1_000)), tuple(("facts",) if each else () for each in facts)
    scores = (
        Scores("a", "prompting", False, a[None]), Scores("b", "prompting", False, b[None]),
        Scores("rag", "RAG", False, rag[None]),
    )  # fmt: skip
    measured = {name: Measured(costs=(each,) * 200) for name, each in (("a", 0.05), ("b", 0.0001), ("rag", 0.4))}
    use_case = case(0.02, money={"value_of_success": 1.0, "value_at_most": 500.0})
    of = Panel(scores, items, items, "exact_match", tags)
    found = recommend(use_case, of, measured, rng=np.random.default_rng(0))
    assert found.segments is not None
    assert found.segments.router
    assert found.ground != "approach"
