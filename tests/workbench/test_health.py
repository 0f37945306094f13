"""Red flags speak about the live values, and only where there is reason to."""

from typing import Any

import pytest

from workbench.health import FIGURES, figure_words, red_flags, reported


def lines(count: int = 30, **courses: tuple[float, float]) -> list[dict[str, Any]]:
    """Progress in which each figure goes in a straight line from its first value to its last."""
    return [
        {"step": n, **{name: a + (b - a) * n / (count - 1) for name, (a, b) in ({"loss": (1, 0.5)} | courses).items()}}
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("courses", "said"),
    [
        ({"gradient_norm": (1, 900)}, "gradient norm"),
        ({"loss": (1, 3)}, "The loss has risen"),
        ({"reward": (0, 0.1), "no_signal": (0.5, 1)}, "all answers got the same reward"),
        ({"reward": (0, 0.1), "clipped": (0, 1)}, "are cut off"),
        ({"margin": (0, 5), "logp_chosen": (-20, -60)}, "become less likely"),
        ({"reward_reward_model": (0, 3), "reward_exact_match": (0.5, 0.2)}, "may be fooled"),
    ],
)
def test_a_worrying_course_is_flagged_once(courses: dict[str, tuple[float, float]], said: str) -> None:
    (flag,) = red_flags(lines(**courses))
    assert said in flag


@pytest.mark.parametrize(
    "courses",
    [
        {},
        {"gradient_norm": (5, 1), "reward": (0, 1), "loss": (0, 1), "no_signal": (0.1, 0.3), "clipped": (0.2, 0.1)},
        {"margin": (0, 5), "logp_chosen": (-20, -19)},
        {"reward_reward_model": (0, 3), "reward_exact_match": (0.2, 0.5)},
    ],
)
def test_a_healthy_course_is_not(courses: dict[str, tuple[float, float]]) -> None:
    assert red_flags(lines(**courses)) == ()
    assert red_flags(lines(5, gradient_norm=(900, 900))) == (), "too early to say"


def test_figures_are_named_in_the_order_of_showing() -> None:
    assert reported(lines(reward_regex=(0, 1), kl=(0, 1), reward=(0, 1))) == ("loss", "reward", "kl", "reward_regex")
    assert reported([]) == ()
    assert figure_words("reward_exact_match").title == "exact match (one reward)"
    assert all(one.better in ("", "lower", "higher") for one in FIGURES.values())
