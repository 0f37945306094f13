"""One code path answers for every candidate, so a difference can only come from the candidate."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import GenerationConfig

from recipes.model import Base
from recipes.reading import Reading, families
from workbench.candidate import Decoding
from workbench.run import Finish

ROWS_PER_BATCH = 128
TOKENS_PER_BATCH = 12_288
"""Prompt tokens in one batch, padding included."""
PLACES_PER_BATCH = 65_536
"""Tokens in one batch when every answer is as long as it may be: their keys and values are what takes memory."""
ROUND = 4
"""Tokens that a batch writes before the answers that have ended leave it."""


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
    stops: Sequence[str] | None = None,
    on_batch: Callable[[list[int], list[Generated]], None],
) -> None:
    """Answer prompts in batches of like length, longest first, so that memory is tested at once.

    ``on_batch`` gets the positions of the prompts in a finished batch and their answers. A prompt that
    leaves no room for an answer in the model's context is not sent: its answer is empty and ``too long``.
    An answer loses the blanks around it; but with ``stops`` it only loses what follows the first of them.
    """
    limit = context(base) - decoding.max_new_tokens
    long = [i for i, prompt in enumerate(prompts) if len(prompt) > limit]
    if long:
        on_batch(long, [Generated("", 0, "too long") for _ in long])
    fitting = [i for i, prompt in enumerate(prompts) if len(prompt) <= limit]
    start = Reading(base)
    for beginning, family in families(start, [prompts[i] for i in fitting]):
        read = start.after(beginning)
        for places in _batches([fitting[n] for n in family], prompts, decoding.max_new_tokens):
            rests = [prompts[i][len(beginning) :] for i in places]
            on_batch(places, _generate_batch(read, rests, decoding, stops))


def time_alone(base: Base, prompts: Sequence[list[int]], decoding: Decoding) -> Iterator[tuple[Generated, float]]:
    """Answer prompts one by one, after a warm-up; yields each answer with the seconds it took."""
    if prompts:
        _generate_batch(Reading(base), [prompts[0]], decoding)
    for prompt in prompts:
        began = time.perf_counter()
        answer = _generate_batch(Reading(base), [prompt], decoding)[0]
        yield answer, time.perf_counter() - began


def context(base: Base) -> int:
    """Tokens that the model can attend to, prompt and answer together."""
    return int(getattr(base.model.config, "max_position_embeddings", 0) or 2**30)


def _batches(positions: list[int], prompts: Sequence[list[int]], most: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for i in sorted(positions, key=lambda i: -len(prompts[i])):
        widest = len(prompts[batch[0]]) if batch else len(prompts[i])
        rows = min(ROWS_PER_BATCH, TOKENS_PER_BATCH // widest, PLACES_PER_BATCH // (widest + most))
        if batch and len(batch) >= rows:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


@torch.inference_mode()
def _generate_batch(
    start: Reading, prompts: list[list[int]], decoding: Decoding, stops: Sequence[str] | None = None
) -> list[Generated]:
    """Answer prompts whose beginning is read already; every few tokens, answers that have ended leave the batch."""
    base, tokenizer = start.base, start.base.tokenizer
    ends = {*ending(base), *_special(stops or (), base)}
    sampling = {"do_sample": True, "temperature": decoding.temperature, "top_k": 0} if decoding.temperature else {}
    batch = start.copied(len(prompts))
    batch.add(prompts)
    written: list[list[int]] = [[] for _ in prompts]
    waiting, left = list(range(len(prompts))), decoding.max_new_tokens
    while waiting and left:
        whole = batch.cache is None or (len(waiting) == 1 and not stops)  # Nothing could leave before the end.
        rows = base.model.generate(  # type: ignore[operator]
            input_ids=batch.ids,
            attention_mask=batch.seen,
            past_key_values=batch.cache,
            generation_config=GenerationConfig(
                max_new_tokens=left if whole else min(left, ROUND),
                eos_token_id=sorted(ends),
                pad_token_id=tokenizer.pad_token_id,
                **({"do_sample": False} | sampling),
            ),
        )[:, batch.ids.shape[1] :].tolist()
        left -= len(rows[0])
        for i, row in zip(waiting, rows, strict=True):
            written[i] += row
        going = [n for n, i in enumerate(waiting) if ends.isdisjoint(rows[n]) and not _stopped(written[i], base, stops)]
        waiting = [waiting[n] for n in going]
        batch.add(rows)
        batch.choose(going)
    return [finished(row, base, ends=ends, stops=stops) for row in written]


def ending(base: Base) -> list[int]:
    """Every token that ends an answer: the tokenizer's and those the model's own settings name."""
    named = base.model.generation_config.eos_token_id if base.model.generation_config else None
    others = named if isinstance(named, list) else [named]
    return sorted({int(token) for token in [base.tokenizer.eos_token_id, *others] if token is not None})


def _special(stops: Sequence[str], base: Base) -> list[int]:
    """The tokens among the stop strings: they end an answer themselves, since its text may not show them."""
    added = base.tokenizer.get_added_vocab()
    return [added[stop] for stop in stops if stop in added]


def _stopped(row: list[int], base: Base, stops: Sequence[str] | None) -> bool:
    text = str(base.tokenizer.decode(row, skip_special_tokens=True)) if stops else ""
    return any(stop and stop in text for stop in stops or ())


def finished(
    row: list[int], base: Base, *, ends: Collection[int] | None = None, stops: Sequence[str] | None = None
) -> Generated:
    """The answer that the tokens after a prompt make, up to the first that ends it, or up to a stop string."""
    ends = ending(base) if ends is None else ends
    end = next((i for i, token in enumerate(row) if token in ends), None)
    kept = row if end is None else row[:end]
    text = str(base.tokenizer.decode(kept, skip_special_tokens=True))
    shown = text.strip() if stops is None else _before(text, stops)
    ended = end is not None or (stops is not None and shown != text)
    return Generated(shown, len(kept) + (end is not None), "stop" if ended else "length")


def _before(text: str, stops: Sequence[str]) -> str:
    for stop in stops:
        if stop:
            text = text.split(stop)[0]
    return text
