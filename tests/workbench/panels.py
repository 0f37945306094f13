"""Small panels put together by hand, and what every analysis must keep to."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.analysis import Analysis
from workbench.candidate import Approach
from workbench.compare import analyse
from workbench.panel import Panel, Scores

Values = NDArray[np.float64]


def scores(name: str, values: Sequence[object] | Values, *, approach: Approach = "prompting") -> Scores:
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    return Scores(name, approach, approach.endswith("fine-tuning"), array)


def panel_of(*candidates: Scores, clusters: Sequence[str] | None = None) -> Panel:
    items = tuple(f"item{i:04d}" for i in range(candidates[0].values.shape[1]))
    return Panel(candidates, items, tuple(clusters or items), "exact_match")


def judge(panel: Panel, *, delta: float = 0.03, eligible: Sequence[str] | None = None) -> Analysis:
    return analyse(panel, smallest_difference=delta, rng=np.random.default_rng(0), eligible=eligible)


def coins(share: float, n: int, *, seed: int = 0, runs: int = 1) -> Values:
    return (np.random.default_rng(seed).random((runs, n)) < share).astype(np.float64)


def first(share: float, n: int) -> Values:
    """The first ``share`` of n answers right."""
    return (np.arange(n) < round(share * n)).astype(np.float64)


def assert_sound(analysis: Analysis) -> None:
    """No interval is empty, leaves its scale or misses its estimate; no p-value is 0."""
    for one in analysis.comparisons:
        assert -1 <= one.low <= one.delta <= one.high <= 1
        assert one.low < one.high
        assert 0 < one.p <= 1
    for standing in analysis.standings:
        assert 0 <= standing.low <= standing.mean <= standing.high <= 1
        assert standing.low < standing.high
        assert np.isfinite([standing.regret_bound, standing.expected_regret]).all()
