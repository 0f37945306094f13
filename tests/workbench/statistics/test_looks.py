"""Looking again and again."""

import numpy as np
import pytest
from scipy import special

from workbench.statistics.looks import level_at_each_look


@pytest.mark.parametrize(("looks", "constant"), [(2, 2.178), (5, 2.413), (10, 2.555), (20, 2.672)])
def test_pocock_s_constants(looks: int, constant: float) -> None:
    assert -special.ndtri(level_at_each_look(0.05, looks) / 2) == pytest.approx(constant, abs=0.001)


def test_one_look_costs_nothing() -> None:
    assert level_at_each_look(0.05, 1, tests=10) == 0.05


def test_a_family_pays_more_for_looking() -> None:
    rng = np.random.default_rng(1)
    walks = rng.standard_normal((8000, 20, 6)).cumsum(axis=1) / np.sqrt(np.arange(1, 21))[:, None]
    largest = np.abs(walks).max(axis=(1, 2))
    level = level_at_each_look(0.05, 20, tests=6)
    assert level < level_at_each_look(0.05, 20)
    assert np.mean(largest > -special.ndtri(level / 6 / 2)) == pytest.approx(0.05, abs=0.008)
