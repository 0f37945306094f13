"""Test examples that stand in the training set: they are left out of every comparison."""

from functools import lru_cache
from pathlib import Path

from workbench.case import SPLITS, Case
from workbench.overlap import find_overlap, leaked_ids


def leaked_examples(case: Case) -> frozenset[str]:
    """Ids of test examples that are, or nearly are, training examples; looked for once for the same files."""
    digests = tuple(case.split_digest(split) if case.split_path(split).exists() else "" for split in SPLITS)
    return _leaked(case.folder, digests)


@lru_cache(maxsize=16)
def _leaked(folder: Path, digests: tuple[str, ...]) -> frozenset[str]:
    del digests
    case = Case(folder)
    return frozenset(leaked_ids(find_overlap({split: case.examples(split).as_split(split) for split in SPLITS})))
