"""Whether labels determine how strong each candidate is, or leave some of it infinitely open."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.sparse.csgraph import connected_components

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.votes import wins_of

FEWEST_TO_MIX = 4
"""Labels a compared pair must have on average before the order in which they were shown is judged."""
MOST_FIXED = 0.8
"""Share of labels by which one order may outnumber the other, over all pairs."""


@dataclass(frozen=True)
class Identification:
    """What labels leave open about k candidates.

    ``groups``: candidates that are linked by wins in both directions (a tie is one each way), the better group
    first; ``parts``: candidates that are linked by any comparison. ``order``: the advantage of being shown
    first can be told from the candidates; ``mixed``: both orders were shown.
    """

    groups: tuple[tuple[int, ...], ...]
    parts: tuple[tuple[int, ...], ...]
    order: bool
    mixed: bool

    @property
    def holds(self) -> bool:
        """Every strength has one finite best value."""
        return len(self.groups) == 1 and self.order


def identification(counts: Floats) -> Identification:
    """What counts (k, k, 3) by first, second and choice determine.

    Strengths are finite if and only if every candidate can be reached from every other along wins (Ford 1957).
    With a term for the order there must also be no strengths and advantage that no label speaks against, which
    a linear programme looks for (Albert and Anderson 1984).
    """
    wins = wins_of(counts)
    groups = _components(wins > 0, connection="strong")
    reached = _reachable(wins > 0)
    groups.sort(key=lambda group: (-int(reached[group[0]].sum()), group))
    parts = _components(wins + wins.T > 0, connection="weak")
    parts.sort(key=lambda part: (-len(part), part))
    order = len(groups) == 1 and _finite(counts)
    return Identification(tuple(groups), tuple(parts), order, _mixed(counts.sum(axis=2)))


def _components(graph: NDArray[np.bool_], *, connection: Literal["weak", "strong"]) -> list[tuple[int, ...]]:
    number, labels = connected_components(graph, connection=connection)
    return [tuple(int(j) for j in np.flatnonzero(labels == one)) for one in range(number)]


def _reachable(graph: NDArray[np.bool_]) -> Floats:
    """Who is reached from whom along any number of wins, (k, k)."""
    reached: Floats = (graph | np.eye(len(graph), dtype=bool)).astype(np.float64)
    for _ in range(int(np.ceil(np.log2(max(len(graph), 2))))):
        reached = np.asarray(reached @ reached > 0, dtype=np.float64)
    return reached


def _mixed(shown: Floats) -> bool:
    """Whether candidates of a pair changed places, from labels by first and second (k, k)."""
    upper = np.triu_indices(len(shown), 1)
    pairs, apart = (shown + shown.T)[upper], np.abs(shown - shown.T)[upper]
    labels, compared = float(pairs.sum()), max(int(np.count_nonzero(pairs)), 1)
    return labels < FEWEST_TO_MIX * compared or float(apart.sum()) <= MOST_FIXED * labels


def _finite(counts: Floats) -> bool:
    """Whether strengths and the advantage of the first have finite best values, given that wins link everybody."""
    first = counts[..., 0] + counts[..., 1] > 0
    second = counts[..., 2] + counts[..., 1] > 0
    either_way = first & second
    if (either_way & either_way.T).any():
        # One pair that went both ways in both orders pins the advantage, and the wins pin the rest.
        return True
    left, right = np.nonzero(counts.sum(axis=2))
    design = _design(left, right, k=len(counts))
    k = len(counts)
    if np.linalg.matrix_rank(design) < k:
        return False
    signed = np.concatenate([design[first[left, right]], -design[second[left, right]]])
    # The first strength is held at 0; any direction that every label allows has a positive sum.
    found = optimize.linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return abs(found.fun or 0.0) < 1e-7


def _design(left: Integers, right: Integers, *, k: int) -> Floats:
    """Rows of the linear predictor (c, k): strengths but the first one's, and the order."""
    rows = np.zeros((len(left), k + 1))
    rows[np.arange(len(left)), left] = 1.0
    rows[np.arange(len(left)), right] = -1.0
    rows[:, k] = 1.0
    return rows[:, 1:]
