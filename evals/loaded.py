"""A loaded base behind lm-eval: contexts that choices share are run once, batches by length."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from transformers.cache_utils import DynamicCache

from recipes.answer import Generated, context, generate
from recipes.model import Base
from workbench.candidate import Decoding

TOKENS_PER_BATCH = 16_384
USUAL_ANSWER = 256
"""Longest answer of a task that names no limit, in tokens."""

Report = Callable[[int, int], None]
"""Called with how many requests are done, and of how many."""


class Model(TemplateLM):  # type: ignore[misc]
    """A loaded base as lm-eval asks it: log-likelihoods of continuations and of whole texts, and greedy answers."""

    def __init__(self, base: Base, report: Report = lambda done, total: None) -> None:
        """Ask ``base``; ``report`` is told how far it is."""
        super().__init__()
        self.base, self.report = base, report
        self.tokenizer = base.tokenizer
        self.too_long: set[tuple[str, int]] = set()
        """Requests that did not fit into the context; they are counted and answered with nothing."""

    @property
    def eot_token_id(self) -> int:
        """The token that ends a text."""
        return int(self.tokenizer.eos_token_id)

    @property
    def tokenizer_name(self) -> str:
        """What caches of prompts are told apart by."""
        return str(self.tokenizer.name_or_path)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **rest: Any) -> list[int]:
        """Token ids of a text; none are added, since the chat template holds its own."""
        return list(self.tokenizer(string, add_special_tokens=bool(add_special_tokens))["input_ids"])

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A conversation as the model is asked everywhere else."""
        return str(
            self.tokenizer.apply_chat_template(
                chat_history, tokenize=False, add_generation_prompt=add_generation_prompt
            )
        )

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """The greedy answer to each request, cut at the first of its stop strings."""
        found: list[str] = [""] * len(requests)
        groups: dict[int, list[int]] = {}
        for n, request in enumerate(requests):
            groups.setdefault(int(request.args[1].get("max_gen_toks") or USUAL_ANSWER), []).append(n)
        done = 0
        for most, places in groups.items():
            prompts = [self.tok_encode(requests[n].args[0]) for n in places]

            def keep(own: list[int], given: list[Generated], places: list[int] = places) -> None:
                nonlocal done
                for i, answer in zip(own, given, strict=True):
                    self.too_long |= (
                        {(str(requests[places[i]].task_name), int(requests[places[i]].doc_id))}
                        if answer.finish == "too long"
                        else set()
                    )
                    found[places[i]] = _until(answer.text, requests[places[i]].args[1].get("until"))
                done += len(own)
                self.report(done, len(requests))

            generate(self.base, prompts, Decoding(max_new_tokens=min(most, context(self.base) // 2)), on_batch=keep)
        return found

    @torch.inference_mode()
    def _loglikelihood_tokens(
        self, requests: list[tuple[tuple[str, str], list[int], list[int]]], disable_tqdm: bool = False, **rest: Any
    ) -> list[tuple[float, bool]]:
        """Log-likelihood of each continuation and whether it is the greedy one; a shared context is run once."""
        found: list[tuple[float, bool]] = [(0.0, False)] * len(requests)
        shared: dict[tuple[int, ...], list[int]] = {}
        limit = context(self.base)
        for n, (_, before, after) in enumerate(requests):
            if len(before) + len(after) > limit:
                before = before[-(limit - len(after)) :]
            shared.setdefault(tuple(before), []).append(n)
        done = 0
        for batch in _by_length(list(shared), lambda ids: len(ids) + max(len(requests[n][2]) for n in shared[ids])):
            for (row, choice), told in self._continued(batch, [[requests[n][2] for n in shared[ids]] for ids in batch]):
                found[shared[batch[row]][choice]] = told
                done += 1
            self.report(done, len(requests))
        return found

    def _continued(
        self, contexts: Sequence[tuple[int, ...]], continuations: Sequence[Sequence[list[int]]]
    ) -> Iterator[tuple[tuple[int, int], tuple[float, bool]]]:
        """Run contexts once, padded on the left, then all their continuations on the kept keys and values."""
        model, device, pad = self.base.model, self.base.device, int(self.tokenizer.pad_token_id)
        width = max(map(len, contexts))
        ids = torch.full((len(contexts), width), pad)
        mask = torch.zeros((len(contexts), width), dtype=torch.long)
        for row, before in enumerate(contexts):
            ids[row, width - len(before) :], mask[row, width - len(before) :] = torch.tensor(before), 1
        cache = DynamicCache(config=model.config)
        position = (mask.cumsum(1) - 1).clamp(min=0)
        out = model(
            input_ids=ids.to(device), attention_mask=mask.to(device), position_ids=position.to(device),
            past_key_values=cache, use_cache=True,
        )  # fmt: skip
        last = out.logits[:, -1].float().log_softmax(-1)
        own = [(row, n) for row, choices in enumerate(continuations) for n in range(len(choices))]
        rows = torch.tensor([row for row, _ in own])
        texts = [continuations[row][n] for row, n in own]
        longest = max(map(len, texts))
        rest = None
        if longest > 1:
            cache.batch_select_indices(rows.to(device))
            after = torch.full((len(own), longest - 1), pad)
            seen = torch.zeros((len(own), longest - 1), dtype=torch.long)
            for n, text in enumerate(texts):
                if len(text) > 1:
                    after[n, : len(text) - 1], seen[n, : len(text) - 1] = torch.tensor(text[:-1]), 1
            whole = torch.cat([mask[rows], seen], dim=1)
            position = (whole.cumsum(1) - 1).clamp(min=0)[:, width:]
            rest = model(
                input_ids=after.to(device), attention_mask=whole.to(device), position_ids=position.to(device),
                past_key_values=cache, use_cache=True,
            ).logits.float().log_softmax(-1)  # fmt: skip
        for n, (place, text) in enumerate(zip(own, texts, strict=True)):
            parts = [last[place[0]][None]] + ([rest[n, : len(text) - 1]] if rest is not None and len(text) > 1 else [])
            logs = torch.cat(parts)
            wanted = torch.tensor(text, device=logs.device)
            chosen = logs.gather(1, wanted[:, None]).sum()
            yield place, (float(chosen), bool((logs.argmax(1) == wanted).all()))

    @torch.inference_mode()
    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each whole text after the token that ends texts; long ones go on in the next window."""
        texts = [self.tok_encode(request.args[0]) for request in requests]
        limit = context(self.base) - 1
        pieces: list[tuple[int, list[int], list[int]]] = []
        for n, text in enumerate(texts):
            for start in range(0, len(text), limit):
                before = text[start - 1] if start else self.eot_token_id
                pieces.append((n, [before], text[start : start + limit]))
        found = [0.0] * len(texts)
        asked = [(("", ""), before, after) for _, before, after in pieces]
        for (n, _, _), (told, _) in zip(pieces, self._loglikelihood_tokens(asked), strict=True):
            found[n] += told
        return found


def _until(text: str, stops: Sequence[str] | str | None) -> str:
    for stop in [stops] if isinstance(stops, str) else stops or []:
        if stop:
            text = text.split(stop)[0]
    return text


def _by_length(
    contexts: list[tuple[int, ...]], size: Callable[[tuple[int, ...]], int]
) -> Iterator[list[tuple[int, ...]]]:
    batch: list[tuple[int, ...]] = []
    for ids in sorted(contexts, key=lambda one: -size(one)):
        if batch and (len(batch) + 1) * size(batch[0]) > TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(ids)
    if batch:
        yield batch
