"""Blind preference labels as arrays: which answer was shown first, which second, and which was liked better."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.clusters import Clusters

LEFT, TIE, RIGHT = 1, 0, -1
"""What a label may say: the answer shown first is better, neither is, the second is."""


@dataclass(frozen=True, eq=False)
class Votes:
    """m labels of answers by ``k`` candidates, each array (m,).

    ``left`` (shown first) and ``right``: candidates from 0 to k - 1; ``choice``: LEFT, TIE or RIGHT; ``bad``:
    both answers were called bad, which is also a tie; ``item`` and ``annotator``: codes from 0 on, of which
    any may be unused. Raises ValueError where they do not fit together.
    """

    k: int
    left: Integers
    right: Integers
    choice: Integers
    bad: NDArray[np.bool_]
    item: Integers
    annotator: Integers

    def __post_init__(self) -> None:
        lengths = {len(a) for a in (self.left, self.right, self.choice, self.bad, self.item, self.annotator)}
        if len(lengths) != 1:
            raise ValueError(f"the arrays have different lengths: {sorted(lengths)}")
        if not len(self.left):
            return
        seen = np.concatenate([self.left, self.right])
        if seen.min() < 0 or seen.max() >= self.k:
            raise ValueError(f"candidates must lie between 0 and {self.k - 1}")
        if (self.left == self.right).any():
            raise ValueError("a candidate cannot be compared with itself")
        if not np.isin(self.choice, (LEFT, TIE, RIGHT)).all():
            raise ValueError("a choice must be 1 (first), 0 (tie) or -1 (second)")
        if (self.bad & (self.choice != TIE)).any():
            raise ValueError("where both are bad, neither is better")

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        pairs: Sequence[tuple[str, str]],
        *,
        choice: Sequence[int],
        bad: Sequence[bool] = (),
        item: Sequence[str] = (),
        annotator: Sequence[str] = (),
    ) -> "Votes":
        """From names: ``pairs`` as shown, first and second; without ``item`` each label has its own."""
        place = {name: j for j, name in enumerate(names)}
        m = len(pairs)
        shown = np.array([(place[a], place[b]) for a, b in pairs], dtype=np.int64).reshape(m, 2)
        return cls(
            k=len(names),
            left=shown[:, 0],
            right=shown[:, 1],
            choice=np.asarray(choice, dtype=np.int64),
            bad=np.asarray(bad, dtype=bool) if len(bad) else np.zeros(m, dtype=bool),
            item=Clusters.of(item).codes if len(item) else np.arange(m),
            annotator=Clusters.of(annotator).codes if len(annotator) else np.zeros(m, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.left)

    @cached_property
    def cell(self) -> Integers:
        """Index (m,) of each label in the flattened ``counts``."""
        cells: Integers = (self.left * self.k + self.right) * 3 + (1 - self.choice)
        return cells

    @cached_property
    def counts(self) -> Floats:
        """Labels by first, second and what was chosen, (k, k, 3): first better, tie, second better."""
        shape = (self.k, self.k, 3)
        return np.bincount(self.cell, minlength=self.k * self.k * 3).reshape(shape).astype(np.float64)

    @cached_property
    def wins(self) -> Floats:
        """How often row was preferred to column, ties half to each, (k, k)."""
        return wins_of(self.counts)

    @cached_property
    def involved(self) -> NDArray[np.bool_]:
        """Which labels are about which candidate, (k, m)."""
        each = np.arange(self.k)[:, None]
        about: NDArray[np.bool_] = (self.left == each) | (self.right == each)
        return about

    @cached_property
    def items(self) -> Clusters:
        """Labels of one item belong together."""
        return Clusters.numbered(self.item)

    @cached_property
    def annotators(self) -> Clusters:
        """Labels by one annotator belong together."""
        return Clusters.numbered(self.annotator)

    @cached_property
    def both(self) -> Clusters:
        """Labels of one item by one annotator belong together."""
        width = int(self.annotator.max(initial=0)) + 1
        return Clusters.numbered(self.item * width + self.annotator)

    def where(self, kept: NDArray[np.bool_]) -> "Votes":
        """The labels in ``kept`` (m,) only."""
        return Votes(
            k=self.k,
            left=self.left[kept],
            right=self.right[kept],
            choice=self.choice[kept],
            bad=self.bad[kept],
            item=self.item[kept],
            annotator=self.annotator[kept],
        )

    def among(self, candidates: Sequence[int]) -> "Votes":
        """The labels that compare two of ``candidates``, who are numbered anew in that order."""
        place = np.full(self.k, -1)
        place[list(candidates)] = np.arange(len(candidates))
        kept = self.where((place[self.left] >= 0) & (place[self.right] >= 0))
        return Votes(
            k=len(candidates),
            left=place[kept.left],
            right=place[kept.right],
            choice=kept.choice,
            bad=kept.bad,
            item=kept.item,
            annotator=kept.annotator,
        )

    def swapped(self) -> "Votes":
        """The same labels as if the other answer had been shown first."""
        return Votes(self.k, self.right, self.left, -self.choice, self.bad, self.item, self.annotator)


def wins_of(counts: Floats) -> Floats:
    """How often row was preferred to column, ties half to each, (k, k), from counts (k, k, 3)."""
    first = counts[..., 0] + counts[..., 1] / 2
    second = counts[..., 2] + counts[..., 1] / 2
    total: Floats = first + second.T
    return total
