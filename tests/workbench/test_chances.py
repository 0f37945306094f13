"""What pass@1 and pass@k mean for reinforcement."""

import pytest

from workbench.chances import Chance, chance_of


@pytest.mark.parametrize(
    ("one", "many", "said"),
    [
        (0.0, 0.0, "cannot do this: pass@16 = 0"),
        (0.01, 0.06, "hardly ever come up"),
        (0.9, 0.92, "has little to gain"),
        (0.4, 0.9, "can make them the usual ones"),
    ],
)
def test_meanings(one: float, many: float, said: str) -> None:
    assert said in Chance(one, many, 16, 60).meaning()


def test_answers_that_are_better_than_others_are_something_to_go_by() -> None:
    assert "some answers score" in Chance(0.0, 0.0, 16, 60, differing=0.5).meaning()


def test_only_steps_that_drew_have_chances() -> None:
    chance = chance_of({"pass_at_1": 0.25, "pass_at_16": 0.75, "requests": 60, "seconds": 2.0})
    assert chance == Chance(0.25, 0.75, 16, 60)
    assert chance.figures() == "pass@1 25.0 %, pass@16 75.0 % on 60 requests"
    assert chance_of({"seconds": 2.0}) is None
