"""What is compared: the scores of several candidates on the same test examples."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.candidate import Approach
from workbench.errors import DataError
from workbench.statistics.arrays import Floats


@dataclass(frozen=True, eq=False)
class Scores:
    """One candidate on the primary metric: ``values`` (S runs of different seeds, n items), each in [0, 1]."""

    name: str
    approach: Approach
    trained: bool
    values: Floats
    abstained: NDArray[np.bool_] | None = None
    """Of the same shape: where the answer only says that it does not know; None: nowhere."""
    cost: float = 0.0
    """What is taken off each of its scores, in units of a score."""
    cost_variance: float = 0.0
    """How uncertain that is."""

    @property
    def wrong(self) -> Floats:
        """How wrong each answer is: what is missing to 1, and 0 where it says that it does not know."""
        missing = 1 - self.values
        return missing if self.abstained is None else np.where(self.abstained, 0.0, missing)


@dataclass(frozen=True, eq=False)
class Panel:
    """All candidates on the same n items, in the same order; ``clusters`` says which items belong together.

    Raises DataError where the parts don't fit, a score is missing or outside [0, 1], or a name comes twice.
    """

    candidates: tuple[Scores, ...]
    items: tuple[str, ...]
    clusters: tuple[str, ...]
    metric: str
    tags: tuple[tuple[str, ...], ...] = ()
    """The segments of each item; empty where none is known."""

    def __post_init__(self) -> None:
        n = len(self.items)
        if not self.candidates:
            raise DataError("There are no candidates to compare.", "Run at least one candidate.")
        if n == 0:
            raise DataError("There are no scored test examples.", "Run the candidates on some test examples.")
        if len(self.clusters) != n:
            raise DataError(f"{len(self.clusters)} groups for {n} items.", "Give one group for each item.")
        if self.tags and len(self.tags) != n:
            raise DataError(f"Tags of {len(self.tags)} items for {n} items.", "Give tags for each item, or for none.")
        for what, names in (("item", self.items), ("candidate", [c.name for c in self.candidates])):
            name, times = Counter(names).most_common(1)[0]
            if times > 1:
                raise DataError(f"The {what} {name!r} comes {times} times.", f"Name each {what} once.")
        for one in self.candidates:
            _check_values(one, n)

    def among(self, names: Collection[str]) -> "Panel":
        """The same with some of the candidates."""
        return replace(self, candidates=tuple(one for one in self.candidates if one.name in names))


def _check_values(one: Scores, n: int) -> None:
    if one.values.ndim != 2 or one.values.shape[0] == 0 or one.values.shape[1] != n:
        raise DataError(
            f"The scores of {one.name} have the shape {one.values.shape}, not (runs, {n}).",
            "Every candidate needs at least one run, and one score for each of the same items.",
        )
    bad = np.argwhere(~((one.values >= 0) & (one.values <= 1)))
    if len(bad):
        run, item = (int(index) for index in bad[0])
        raise DataError(
            f"{one.name}, run {run + 1}, item {item + 1} has the score {one.values[run, item]}; "
            f"{len(bad)} such scores in all.",
            "Scores are shares from 0 to 1; leave items that could not be scored out for every candidate.",
        )
