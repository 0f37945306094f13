"""Splitting examples into train, dev and test so that nothing of the test set is seen in training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from workbench.errors import DataError
from workbench.examples import Examples
from workbench.repeats import find_repeats, gather

LEAST_EXAMPLES = 10
"""Fewer cannot be split into anything that decides."""


@dataclass(frozen=True)
class Shares:
    """How large the parts become."""

    test: float = 0.3
    """Share of all examples."""
    most_test: int = 1_000
    """Test examples beyond which answering costs more than the smaller difference is worth (5 points)."""
    dev: float = 0.1
    """Share of what is left for training."""
    least_dev: int = 20
    """Smallest dev set, as long as it is at most a third of the training examples."""
    most_dev: int = 200


@dataclass(frozen=True)
class Splits:
    """The three parts of a use case's examples."""

    train: Examples
    dev: Examples
    test: Examples
    left_out: tuple[str, ...] = ()
    """Ids of exact repeats that were left out before splitting."""


def split_examples(
    examples: Examples, *, rng: Generator, test: Examples | None = None, shares: Shares | None = None
) -> Splits:
    """Split one file's examples by family, or, where ``test`` is given, carve only a dev set out of them.

    Where one file is split, exact repeats (same request, same answer) are left out first, the first kept.
    Where the test set is given nothing is left out: what repeats in it is for the audit to say.
    Families are the explicit groups joined with nearly equal requests, and stay whole: no near-duplicate
    crosses. The same examples and seed give the same split, and each part keeps the order of the file.

    Raises DataError where there are too few examples, or all belong to one family.
    """
    shares = shares or Shares()
    if test is not None:
        repeats = find_repeats([*examples, *test])
        train, dev = _carve_dev(examples, repeats.families()[: len(examples)], rng=rng, shares=shares)
        return Splits(train, dev, test.as_split("test"))
    kept, left_out = _without_exact_repeats(examples)
    if len(kept) < LEAST_EXAMPLES:
        raise DataError(
            f"{len(kept)} different examples are too few to split into training and test.",
            f"Give at least {LEAST_EXAMPLES}, or a test file of its own.",
        )
    families = find_repeats(kept).families()
    wanted = min(round(shares.test * len(kept)), shares.most_test)
    rest, tested = _choose(families, wanted, rng=rng)
    if not tested:
        raise DataError(
            "The examples cannot be split: too many of them belong to one group or repeat each other.",
            "Give a test file of its own, or a finer group column.",
        )
    train, dev = _carve_dev(kept.at(rest), [families[row] for row in rest], rng=rng, shares=shares)
    return Splits(train, dev, kept.at(tested).as_split("test"), left_out=left_out)


def _carve_dev(
    examples: Examples, families: Sequence[int], *, rng: Generator, shares: Shares
) -> tuple[Examples, Examples]:
    tenth = max(round(shares.dev * len(examples)), shares.least_dev)
    wanted = min(tenth, shares.most_dev, len(examples) // 3)
    rest, held_out = _choose(families, wanted, rng=rng)
    return examples.at(rest).as_split("train"), examples.at(held_out).as_split("dev")


def _choose(families: Sequence[int], wanted: int, *, rng: Generator) -> tuple[list[int], list[int]]:
    """Rows left, and rows chosen: families in random order, as many as ``wanted`` has room for whole."""
    numbers, sizes = np.unique(np.asarray(families, dtype=np.int64), return_counts=True)
    chosen: set[int] = set()
    room = wanted
    for place in rng.permutation(len(numbers)):
        if sizes[place] <= room:
            chosen.add(int(numbers[place]))
            room -= int(sizes[place])
    left = [row for row, family in enumerate(families) if family not in chosen]
    return left, [row for row, family in enumerate(families) if family in chosen]


def _without_exact_repeats(examples: Examples) -> tuple[Examples, tuple[str, ...]]:
    repeated = {row for by_target in gather(examples) for rows in by_target.values() for row in rows[1:]}
    kept = examples.at(row for row in range(len(examples)) if row not in repeated)
    return kept, tuple(examples[row].id for row in sorted(repeated))
