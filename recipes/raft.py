"""Rows with passages as they will be met: the one with the answer not always there, and distractors beside it."""

from collections.abc import Iterable, Mapping

import numpy as np

from workbench.run import Apart, Retrieved
from workbench.stage import Imitating
from workbench.workspace import Step, read_jsonl

STREAM = 7
"""Sets these random numbers apart from others of the same seed."""


def read_apart(step: Step) -> dict[str, Apart]:
    """The passages of the training examples, told apart by whether they answer them."""
    path = step.needed("retrieve").path("apart.jsonl")
    return {record["example"]: Apart.parse(record, where=str(path)) for record in read_jsonl(path)}


def arranged(
    names: Iterable[str], found: Mapping[str, Retrieved], apart: Mapping[str, Apart], stage: Imitating, *, seed: int
) -> tuple[dict[str, Retrieved], dict[str, int]]:
    """The passages of each training example's row, and how many rows got what.

    A share of the rows, drawn by the seed, gets the passages that answer, among distractors; the others get so many
    more distractors instead, so that the number of passages tells nothing (RAFT, Zhang et al. 2024: the answer stays,
    and has to come from what was learned). All stand in random order. An example that names no evidence which is
    there keeps the passages that were found for it.
    """
    assert stage.gold_share is not None
    rng = np.random.default_rng((seed, STREAM))
    ids = list(names)
    named = [name for name in ids if apart[name].gold]
    count = round(stage.gold_share * len(named))
    shown = {named[int(n)] for n in rng.permutation(len(named))[:count]}
    rows: dict[str, Retrieved] = {}
    short = 0
    for name in ids:
        told = apart[name]
        if not told.gold:
            rows[name] = found[name]
            continue
        right = told.gold if name in shown else ()
        wanted = len(told.gold) + stage.distractors
        passages = [*right, *told.others[: wanted - len(right)]]
        short += len(passages) < wanted
        places = rng.permutation(len(passages))
        rows[name] = Retrieved(example=name, passages=tuple(passages[int(place)] for place in places))
    return rows, {
        "rows_with_gold": count,
        "rows_with_distractors_alone": len(named) - count,
        "rows_without_evidence": len(ids) - len(named),
        **({"rows_short_of_distractors": short} if short else {}),
    }
