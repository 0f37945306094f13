"""Scores that can't be compared are refused."""

import numpy as np
import pytest

from tests.workbench.panels import first, scores
from workbench.errors import DataError
from workbench.panel import Panel, Scores


def test_bad_panels_are_refused() -> None:
    good = scores("good", first(0.5, 10))
    cases = [
        ((), None),
        ((good, good), None),
        ((good, scores("short", first(0.5, 9))), None),
        ((good, scores("nan", [np.nan] * 10)), None),
        ((good, scores("above", [1.5] * 10)), None),
        ((good, Scores("flat", "RAG", False, np.zeros(10))), None),
        ((good,), ["a"] * 9),
    ]
    for candidates, clusters in cases:
        items = tuple(f"i{i}" for i in range(10))
        with pytest.raises(DataError) as caught:
            Panel(tuple(candidates), items, tuple(clusters or items), "exact_match")
        assert caught.value.hint
    with pytest.raises(DataError, match="'i' comes 10 times"):
        Panel((good,), ("i",) * 10, ("i",) * 10, "exact_match")
    with pytest.raises(DataError, match="no scored test examples"):
        Panel((Scores("empty", "RAG", False, np.zeros((1, 0))),), (), (), "exact_match")
