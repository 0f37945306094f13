"""One code path answers for every candidate, so a difference can only come from the candidate."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import GenerationConfig

from recipes.model import Base
from workbench.candidate import Decoding
from workbench.run import Finish

ROWS_PER_BATCH = 48
TOKENS_PER_BATCH = 12_288
"""Prompt tokens in one batch, padding included."""


@dataclass(frozen=True)
class Generated:
    """One answer as it came out of the model."""

    text: str
    tokens: int
    finish: Finish


def generate(
    base: Base,
    prompts: Sequence[list[int]],
    decoding: Decoding,
    *,
    on_batch: Callable[[list[int], list[Generated]], None],
) -> None:
    """Answer prompts in batches of like length, longest first, so that memory is tested at once.

    ``on_batch`` gets the positions of the prompts in a finished batch and their answers. A prompt that
    leaves no room for an answer in the model's context is not sent: its answer is empty and ``too long``.
    """
    limit = context(base) - decoding.max_new_tokens
    long = [i for i, prompt in enumerate(prompts) if len(prompt) > limit]
    if long:
        on_batch(long, [Generated("", 0, "too long") for _ in long])
    fitting = [i for i, prompt in enumerate(prompts) if len(prompt) <= limit]
    for positions in _batches(fitting, prompts):
        on_batch(positions, _generate_batch(base, [prompts[i] for i in positions], decoding))


def time_alone(base: Base, prompts: Sequence[list[int]], decoding: Decoding) -> Iterator[tuple[Generated, float]]:
    """Answer prompts one by one, after a warm-up; yields each answer with the seconds it took."""
    if prompts:
        _generate_batch(base, [prompts[0]], decoding)
    for prompt in prompts:
        began = time.perf_counter()
        answer = _generate_batch(base, [prompt], decoding)[0]
        yield answer, time.perf_counter() - began


def context(base: Base) -> int:
    """Tokens that the model can attend to, prompt and answer together."""
    return int(getattr(base.model.config, "max_position_embeddings", 0) or 2**30)


def _batches(positions: list[int], prompts: Sequence[list[int]]) -> Iterator[list[int]]:
    batch: list[int] = []
    for i in sorted(positions, key=lambda i: -len(prompts[i])):
        widest = len(prompts[batch[0]]) if batch else len(prompts[i])
        if batch and (len(batch) == ROWS_PER_BATCH or (len(batch) + 1) * widest > TOKENS_PER_BATCH):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


@torch.inference_mode()
def _generate_batch(base: Base, prompts: list[list[int]], decoding: Decoding) -> list[Generated]:
    tokenizer = base.tokenizer
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), int(tokenizer.pad_token_id))
    mask = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    ends = ending(base)
    sampling = {"do_sample": True, "temperature": decoding.temperature, "top_k": 0} if decoding.temperature else {}
    written = base.model.generate(  # type: ignore[operator]
        input_ids=ids.to(base.device),
        attention_mask=mask.to(base.device),
        generation_config=GenerationConfig(
            max_new_tokens=decoding.max_new_tokens,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
            **({"do_sample": False} | sampling),
        ),
    )[:, width:].tolist()
    return [finished(row, base) for row in written]


def ending(base: Base) -> list[int]:
    """Every token that ends an answer: the tokenizer's and those the model's own settings name."""
    named = base.model.generation_config.eos_token_id if base.model.generation_config else None
    others = named if isinstance(named, list) else [named]
    return sorted({int(token) for token in [base.tokenizer.eos_token_id, *others] if token is not None})


def finished(row: list[int], base: Base) -> Generated:
    """The answer that the tokens after a prompt make, up to the first that ends it."""
    ends = ending(base)
    end = next((i for i, token in enumerate(row) if token in ends), None)
    kept = row if end is None else row[:end]
    text = str(base.tokenizer.decode(kept, skip_special_tokens=True)).strip()
    return Generated(text, len(kept) + (end is not None), "length" if end is None else "stop")
