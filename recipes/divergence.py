"""How far two models' predictions lie apart: Kullback-Leibler divergence over the whole vocabulary."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from recipes.data import IGNORED
from recipes.model import Base

LOGITS_PER_BATCH = 2**26
"""Logits held at once: 256 MB in float32."""

Answered = tuple[list[int], list[int]]
"""Token ids of a prompt and of the answer to it."""
Model = Callable[[], AbstractContextManager[Any]]
"""Gives the model to predict with, for as long as it is needed: the same one may stand for both, with its adapter
on and off."""


@torch.inference_mode()
def divergence(of: Model, to: Model, base: Base, answered: Sequence[Answered]) -> list[tuple[float, int]]:
    """KL(of || to) at every token of some answers, over the whole vocabulary.

    Returns for each answer the sum in nats and how many tokens it has; 0 and 0 for an empty one.
    """
    rows = [([*prompt, *answer], [IGNORED] * len(prompt) + answer) for prompt, answer in answered]
    found = [(0.0, 0)] * len(rows)
    wanted = [n for n, (_, answer) in enumerate(answered) if answer]
    for places, ids, mask, labels in padded(base, [rows[n] for n in wanted]):
        with of() as model:
            here = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float().log_softmax(-1)
        with to() as model:
            there = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float().log_softmax(-1)
        own = labels[:, 1:] != IGNORED
        apart = (here.exp() * (here - there)).sum(-1) * own
        for row, place in enumerate(places):
            found[wanted[place]] = float(apart[row].sum()), int(own[row].sum())
    return found


def padded(
    base: Base, rows: Sequence[tuple[list[int], list[int]]]
) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Positions, ids, mask and labels of batches of rows, padded on the right; longest rows first."""
    order = sorted(range(len(rows)), key=lambda n: -len(rows[n][0]))
    while order:
        width = len(rows[order[0]][0])
        taken = max(1, LOGITS_PER_BATCH // (width * base.model.config.vocab_size))
        batch, order = order[:taken], order[taken:]
        ids = torch.full((len(batch), width), int(base.tokenizer.pad_token_id))
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        labels = torch.full((len(batch), width), IGNORED)
        for n, place in enumerate(batch):
            row, wanted = rows[place]
            ids[n, : len(row)], mask[n, : len(row)] = torch.tensor(row), 1
            labels[n, : len(row)] = torch.tensor(wanted)
        yield batch, ids.to(base.device), mask.to(base.device), labels.to(base.device)
