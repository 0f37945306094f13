"""Pseudo items against the formula that they generalise."""

import numpy as np
import pytest

from workbench.statistics.clusters import Clusters
from workbench.statistics.contrasts import Estimate, contrasts
from workbench.statistics.paired import bonett_price
from workbench.statistics.pseudo_items import with_pseudo_items


def test_pseudo_items_are_bonett_and_price_for_binary_scores() -> None:
    scores = np.zeros((300, 2))
    scores[:6, 0] = 1.0
    known = Estimate(
        scores.mean(axis=0), Clusters.singletons(300).covariance(scores), 299, np.zeros(2), np.full(2, np.inf), 300
    )
    pairs = with_pseudo_items(contrasts(known), scores, Clusters.singletons(300), where=np.array([True]))
    expected = bonett_price(6, 0, 300)
    assert pairs.centre[0] == pytest.approx((expected.low + expected.high) / 2)
    assert pairs.se[0] == pytest.approx(expected.se)
