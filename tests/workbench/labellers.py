"""Made-up annotators whose tastes are known: the worlds in which win rates are calibrated."""

from dataclasses import dataclass

import numpy as np

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.davidson import win_rate
from workbench.statistics.votes import Votes


@dataclass(frozen=True)
class Labellers:
    """Davidson's model with strengths that vary by item and by annotator (standard deviations in log-odds).

    ``position``: log-odds for the answer shown first; ``log_tie``: of a tie between equals, against a win.
    """

    strengths: tuple[float, ...]
    items: int
    annotators: int = 1
    item_sd: float = 0.0
    annotator_sd: float = 0.0
    position: float = 0.0
    log_tie: float = -0.7

    def rate(self, one: int, other: int) -> float:
        """The true win rate of one candidate against another, over all items and people."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(61)
        sd = np.sqrt(2 * (self.item_sd**2 + self.annotator_sd**2))
        lead = self.strengths[one] - self.strengths[other]
        return float(win_rate(lead + sd * nodes, self.log_tie) @ weights / weights.sum())


class Crowd:
    """Annotators and items drawn once, who then label any pair that they are shown."""

    def __init__(self, world: Labellers, rng: np.random.Generator) -> None:
        k = len(world.strengths)
        self.world, self.rng, self.k = world, rng, k
        self.by_item = rng.normal(0, world.item_sd, (world.items, k))
        self.by_annotator = rng.normal(0, world.annotator_sd, (world.annotators, k))

    def label(self, left: Integers, right: Integers, item: Integers | None = None) -> Votes:
        """Labels of the pairs shown, about items and by annotators drawn by lot."""
        rng, world, m = self.rng, self.world, len(left)
        item = rng.integers(0, world.items, m) if item is None else item
        annotator = rng.integers(0, world.annotators, m)
        worth = np.array(world.strengths) + self.by_item[item] + self.by_annotator[annotator]
        rows = np.arange(m)
        half = (worth[rows, left] - worth[rows, right] + world.position) / 2
        weights = np.stack([np.exp(half), np.full(m, np.exp(world.log_tie)), np.exp(-half)])
        drawn = rng.random(m) * weights.sum(axis=0)
        choice = np.where(drawn < weights[0], 1, np.where(drawn < weights[0] + weights[1], 0, -1))
        bad = (choice == 0) & (rng.random(m) < 0.3)
        return Votes(self.k, left, right, choice, bad, item, annotator)

    def any_pairs(self, m: int, *, repeats: int = 0) -> Votes:
        """Labels of m pairs drawn evenly, sides by lot; with ``repeats``, so many labels for each item in turn."""
        left = self.rng.integers(0, self.k, m)
        right = (left + self.rng.integers(1, self.k, m)) % self.k
        return self.label(left, right, np.repeat(np.arange(m // repeats), repeats) if repeats else None)


def votes_of(world: Labellers, m: int, *, seed: int, repeats: int = 0) -> Votes:
    """m labels in a world, the same for the same seed."""
    return Crowd(world, np.random.default_rng(seed)).any_pairs(m, repeats=repeats)


def joined(some: Votes, more: Votes) -> Votes:
    """Two batches of labels in one."""
    columns = ("left", "right", "choice", "bad", "item", "annotator")
    return Votes(some.k, *(np.concatenate([getattr(some, name), getattr(more, name)]) for name in columns))


def renamed(votes: Votes, order: list[int]) -> Votes:
    """The same labels with candidate j at place ``order[j]``."""
    to = np.array(order)
    return Votes(votes.k, to[votes.left], to[votes.right], votes.choice, votes.bad, votes.item, votes.annotator)


def wins_votes(k: int, pairs: list[tuple[int, int, int]]) -> Votes:
    """Labels from (first, second, choice), each about its own item, by one annotator."""
    left, right, choice = (np.array(column) for column in zip(*pairs, strict=True))
    m = len(pairs)
    return Votes(k, left, right, choice, np.zeros(m, dtype=bool), np.arange(m), np.zeros(m, dtype=np.int64))


def floats(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)
