"""Successive halving: all settings on a few examples first, the best of them on ever more.

Jamieson and Talwalkar 2016; across batches as in ASHA (Li et al. 2020). Optuna's own pruner decides on each trial as it
reports, and lets whoever comes first pass; here a batch runs at once and is looked at together.
"""

from collections.abc import Mapping, Sequence

from workbench.model import Noun

KEEP = 3
"""Of so many settings that reach a rung, one goes on to the next; each rung is so many times as large."""
LEAST = 20
"""Development examples on the lowest rung: on fewer, a third of the settings would be picked by luck."""
LEAST_ROWS = 40
"""Training examples on the lowest rung."""
TRAINED_RUNGS = 2
"""Rungs of a candidate that is trained: on a ninth of its rows, other learning rates are best than on all."""


class Rung(Noun):
    """How much is spent on a setting before it is looked at again."""

    examples: int
    """Development examples that it answers, those of the rung below among them."""
    train_share: float = 1.0
    """Share of the training examples that it learns from."""


def rungs(examples: int, *, train_rows: int | None = None) -> tuple[Rung, ...]:
    """The rungs of a search, the lowest first; the last one is all examples.

    ``train_rows``: training examples of a candidate that is trained, which learns from fewer of them on lower rungs.
    """
    sizes = [examples]
    while sizes[0] / KEEP >= LEAST and (train_rows is None or len(sizes) < TRAINED_RUNGS):
        sizes.insert(0, round(sizes[0] / KEEP))
    shares = [round(size / examples, 2) if train_rows is not None else 1.0 for size in sizes]
    if train_rows is not None and min(shares) * train_rows < LEAST_ROWS:
        return (Rung(examples=examples),)
    return tuple(Rung(examples=size, train_share=share) for size, share in zip(sizes, shares, strict=True))


def go_on(means: Mapping[int, float], among: Sequence[int]) -> list[int]:
    """Which trials go on to the next rung: those among the best third of all that have reached this one.

    ``means``: of every trial that has reached the rung, by its number; ``among``: those to decide about. All of a
    batch are looked at together, so that none goes on only for having come first; of equals the earlier goes on.
    """
    best = sorted(means, key=lambda number: (-means[number], number))[: -(-len(means) // KEEP)]
    return [number for number in among if number in best]
