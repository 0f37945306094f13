"""A comparison's sentence says what was shown, from either side."""

import numpy as np

from tests.workbench.generators import World, draw
from tests.workbench.panels import first, judge, panel_of, scores
from workbench.comparison import sentence


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
