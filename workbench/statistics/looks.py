"""What looking again and again while data come in does to an error rate."""

from functools import lru_cache

import numpy as np
from scipy import optimize, special

from workbench.statistics.arrays import Floats


def level_at_each_look(alpha: float, looks: int, *, tests: int = 1) -> float:
    """The two-sided level at which each of ``looks`` equally spaced looks keeps ``alpha`` over all of them.

    Pocock's boundary (1977): the same critical value at every look. Under "no difference" the running sum is a
    random walk that must stay within c sqrt(i); its density is integrated from look to look (Armitage, McPherson
    and Rowe 1969). Looking costs more the further out a boundary lies, so a family of ``tests`` that keeps
    its level at each look gets what as many tests of ``alpha / tests`` would.
    """
    if looks <= 1:
        return alpha
    return tests * _pocock(alpha / tests, looks)


@lru_cache(maxsize=256)
def _pocock(alpha: float, looks: int) -> float:
    lowest = float(-special.ndtri(alpha / 2))
    highest = float(-special.ndtri(alpha / 2 / looks))
    constant = optimize.brentq(lambda c: _crossing(c, looks) - alpha, lowest, highest, xtol=1e-4)
    return float(2 * special.ndtr(-constant))


def _crossing(constant: float, looks: int) -> float:
    """Probability that the walk leaves its bounds at any look."""
    at, weight = _nodes(constant)
    density = _normal(at)
    for look in range(2, looks + 1):
        to, new_weight = _nodes(constant * np.sqrt(look))
        # The density is even, so half of it is kept.
        kernel = _normal(to[:, None] - at) + _normal(to[:, None] + at)
        density = kernel @ (density * weight)
        at, weight = to, new_weight
    return float(1 - 2 * density @ weight)


def _nodes(bound: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on [0, bound], three to a standard deviation of one step."""
    x, w = _legendre(8 + int(3 * bound))
    return (x + 1) * bound / 2, w * bound / 2


@lru_cache(maxsize=512)
def _legendre(number: int) -> tuple[Floats, Floats]:
    """Nodes and weights on [-1, 1]."""
    return np.polynomial.legendre.leggauss(number)


def _normal(x: Floats) -> Floats:
    density: Floats = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return density
