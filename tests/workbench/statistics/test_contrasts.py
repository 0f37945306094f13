"""Degrees of freedom of a difference, by hand."""

import numpy as np
import pytest

from workbench.statistics.contrasts import Estimate, contrasts


def test_satterthwaite_by_hand() -> None:
    known = Estimate(np.zeros(2), np.diag([2.0, 2.0]), 99, np.array([0.0, 4.0]), np.array([np.inf, 2.0]), 100)
    # (4 + 4)^2 / (4^2 / 99 + 4^2 / 2)
    assert contrasts(known).df[0] == pytest.approx(64 / (16 / 99 + 8))
