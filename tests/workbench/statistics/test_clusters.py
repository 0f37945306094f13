"""How much clusters say, by hand."""

import numpy as np
import pytest

from workbench.statistics.clusters import Clusters, design_effect


def test_one_dominating_cluster_counts_as_few() -> None:
    assert Clusters.of(["a"] * 150 + [f"s{i}" for i in range(150)]).effective == pytest.approx(3.974, abs=1e-3)
    assert Clusters.of(["a", "a", "b", "b", "c", "c"]).effective == pytest.approx(3)
    assert Clusters.singletons(40).df == 39


def test_design_effect_by_hand() -> None:
    # 1 + (10 - 1) x 0.2
    assert design_effect(Clusters(np.repeat(np.arange(20), 10)), correlation=0.2) == pytest.approx(2.8)
