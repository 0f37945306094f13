"""Figures in words."""

from workbench.phrases import percent, points


def test_figures_in_words() -> None:
    assert (points(0.31), points(-0.0204), points(-0.0001), percent(0.8427)) == ("31.0", "−2.0", "0.0", "84.3 %")
