"""Reading texts with a model and keeping what it read: texts that begin alike are read once, and rows can leave."""

import copy
import inspect
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Literal

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from recipes.model import Base

WORTH = 1024
"""Tokens that must be saved for a common beginning to be read on its own."""
Side = Literal["left", "right"]
SPARE = 32
"""Tokens that there is room for behind those of a layer."""


class GrowingLayer(DynamicLayer):
    """One layer's keys and values with room behind them, so that a new token does not have all before it copied."""

    room: tuple[torch.Tensor, torch.Tensor] | None = None
    """Keys and values with the room; of as many tokens as ``keys`` and ``values``, or of more."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the keys and values of new tokens; all of them, old and new."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, end = self.get_seq_length(), self.get_seq_length() + key_states.shape[-2]
        if self.room is None or end > self.room[0].shape[-2]:
            old = (self.keys, self.values) if start else (None, None)
            self.room = (_grown(old[0], key_states), _grown(old[1], value_states))
        for room, new in zip(self.room, (key_states, value_states), strict=True):
            room[..., start:end, :] = new
        self.keys, self.values = (room[..., :end, :] for room in self.room)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows, in this order and as often as they are named."""
        if self.room is not None:
            length = self.get_seq_length()
            self.room = (self.room[0][indices], self.room[1][indices])
            self.keys, self.values = (room[..., :length, :] for room in self.room)


def _grown(old: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
    """Room for old tokens, new ones and some more, with the old ones in it."""
    start = 0 if old is None else old.shape[-2]
    room = new.new_empty((*new.shape[:-2], start + new.shape[-2] + SPARE, new.shape[-1]))
    if old is not None:
        room[..., :start, :] = old
    return room


class Reading:
    """What a model has read so far in each row of a batch; starts with one row of nothing."""

    def __init__(self, base: Base) -> None:
        """Nothing is read yet."""
        self.base = base
        self.cache = _cache(base)
        """Keys and values; None for a model that keeps something else, of which rows cannot be taken."""
        self.ids = torch.empty((1, 0), dtype=torch.long, device=base.device)
        self.seen = torch.empty((1, 0), dtype=torch.long, device=base.device)
        """1 where a row has a token and 0 where it is padded; rows x tokens, as ``ids``."""

    @property
    def shares(self) -> bool:
        """Whether rows may be padded after a beginning they share: a sliding window would count the padding."""
        return self.cache is not None and all(type(layer) is GrowingLayer for layer in self.cache.layers)

    @torch.inference_mode()
    def after(self, text: Sequence[int]) -> "Reading":
        """Another reading that went on with a text, if there is any."""
        other = self.copied(1)
        if text:
            other.read([text])
        return other

    def copied(self, rows: int) -> "Reading":
        """Another reading with this one's only row so many times."""
        other = copy.copy(self)
        other.cache = copy.deepcopy(self.cache)
        other.choose([0] * rows)
        return other

    def choose(self, rows: Sequence[int]) -> None:
        """Go on with these rows, in this order and as often as they are named."""
        if list(rows) == list(range(len(self.ids))):
            return
        chosen = torch.tensor(rows, dtype=torch.long)
        self.ids, self.seen = self.ids[chosen], self.seen[chosen]
        if self.cache is not None:
            self.cache.batch_select_indices(chosen)

    def add(self, texts: Sequence[Sequence[int]], *, side: Side = "left") -> None:
        """Put a text behind each row, padded on one side, without reading it yet."""
        width = max(map(len, texts))
        ids = torch.full((len(texts), width), int(self.base.tokenizer.pad_token_id))
        seen = torch.zeros((len(texts), width), dtype=torch.long)
        for row, text in enumerate(texts):
            start = width - len(text) if side == "left" else 0
            ids[row, start : start + len(text)], seen[row, start : start + len(text)] = torch.tensor(text), 1
        self.ids = torch.cat([self.ids, ids.to(self.ids.device)], dim=1)
        self.seen = torch.cat([self.seen, seen.to(self.seen.device)], dim=1)

    def read(self, texts: Sequence[Sequence[int]], *, last: int = 1, side: Side = "left") -> torch.Tensor:
        """Read a text behind each row; the logits after each of the ``last`` tokens, rows x ``last`` x vocabulary."""
        self.add(texts, side=side)
        width = max(map(len, texts))
        positions = (self.seen.cumsum(1) - 1).clamp(min=0)[:, -width:]
        wanted = {"position_ids": positions, "logits_to_keep": last}
        model: Any = self.base.model
        inner = model.get_base_model() if hasattr(model, "get_base_model") else model
        known = inspect.signature(inner.forward).parameters
        out = model(
            input_ids=self.ids[:, -width:], attention_mask=self.seen, past_key_values=self.cache,
            use_cache=self.cache is not None, **{name: value for name, value in wanted.items() if name in known},
        )  # fmt: skip
        logits: torch.Tensor = out.logits[:, -last:]
        return logits


def _cache(base: Base) -> DynamicCache | None:
    cache = DynamicCache(config=base.model.config)
    if not all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in cache.layers):
        return None
    cache.layers = [
        GrowingLayer() if type(layer) is DynamicLayer else layer  # type: ignore[no-untyped-call]
        for layer in cache.layers
    ]
    return cache


def families(start: Reading, texts: Sequence[Sequence[int]]) -> list[tuple[list[int], list[int]]]:
    """Common beginnings that are worth reading on their own, each with the positions of the texts that have it.

    Such texts share at least about half of their tokens, though none is shared whole. Last come those that share too
    little, with nothing as their beginning.
    """
    if not start.shares:
        return [([], list(range(len(texts))))]
    found: list[tuple[list[int], list[int]]] = []
    for i in sorted(range(len(texts)), key=lambda i: list(texts[i])):
        beginning = list(texts[i][:-1])
        if found:
            pairs = takewhile(lambda pair: pair[0] == pair[1], zip(found[-1][0], beginning, strict=False))
            shared = sum(1 for _ in pairs)
            if 2 * shared > len(beginning):
                found[-1] = (beginning[:shared], [*found[-1][1], i])
                continue
        found.append((beginning, [i]))
    worth = [(beginning, members) for beginning, members in found if len(beginning) * (len(members) - 1) >= WORTH]
    kept = {i for _, members in worth for i in members}
    rest = [i for i in range(len(texts)) if i not in kept]
    return [*worth, ([], rest)] if rest else worth
