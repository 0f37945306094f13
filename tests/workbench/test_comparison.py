"""A comparison's sentence says what was shown, from either side."""

import numpy as np

from tests.workbench.generators import World, draw
from tests.workbench.panels import first, judge, panel_of, scores
from workbench.comparison import Comparison, Shown, rank_interval, sentence


def test_a_comparison_reads_the_same_from_both_sides() -> None:
    panel = panel_of(scores("asked", first(0.3, 300)), scores("found", first(0.61, 300), approach="RAG"))
    comparison = judge(panel).comparisons[0]
    text = sentence(comparison)
    assert text.startswith("found answers 31.0 points (95 % interval 25.")
    assert text.endswith(", n = 300) better than asked.")
    other = sentence(comparison, "asked")
    assert other == text.replace("found", "X").replace("asked", "found").replace("X", "asked").replace(
        "better", "worse"
    )


def test_what_is_not_shown_says_so() -> None:
    panel = draw(World(60, (0.7, 0.7)), np.random.default_rng(0))
    assert sentence(judge(panel).comparisons[0]).endswith("which may be chance.")
    few = panel_of(scores("all", np.ones(20)), scores("none", np.zeros(20)))
    assert sentence(judge(few).comparisons[0]).endswith("too few examples or training seeds to claim it.")


def test_ranks_are_what_the_shown_differences_leave_open() -> None:
    known = judge(panel_of(scores("a", np.ones(20)), scores("b", np.zeros(20)))).comparisons[0]

    def pair(candidate: str, reference: str, shown: Shown) -> Comparison:
        return known.model_copy(update={"candidate": candidate, "reference": reference, "shown": shown})

    found = [pair("a", "b", "not shown"), pair("a", "c", "better"), pair("c", "b", "worse")]
    assert [rank_interval(found, name) for name in "abc"] == [(1, 2), (1, 2), (3, 3)]
    assert rank_interval([], "a") == (1, 1)
