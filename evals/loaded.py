"""A loaded base behind lm-eval: what contexts share is run once, and so is what their continuations share."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.models.utils import normalize_gen_kwargs
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from recipes.answer import Generated, context, generate
from recipes.model import Base
from recipes.reading import Reading, families
from workbench.candidate import Decoding
from workbench.errors import ConfigError

TOKENS_PER_BATCH = 16_384
LOGITS_PER_BATCH = 2**28
"""Logits that are held at a time: a gigabyte of them in float32."""
USUAL_ANSWER, LONGEST_ANSWER = 256, 8192
"""Tokens that the answer to a task that names no limit may have, and to any task."""

Report = Callable[[int, int], None]
"""Called with how many requests are done, and of how many."""
Told = tuple[float, bool]
"""The log-likelihood of a continuation, and whether it is the greedy one."""


@dataclass
class _Context:
    """A context and what is run after it: each continuation but for its last token, which is only looked up."""

    before: list[int]
    runs: dict[tuple[int, ...], list[int]] = field(default_factory=dict)
    """By what is run, the requests it answers: those whose continuations differ in their last token only."""
    longest: int = 0
    """Tokens of the longest continuation."""

    @property
    def width(self) -> int:
        """Tokens of its widest row."""
        return len(self.before) + self.longest


class Model(LM):  # type: ignore[misc]
    """A loaded base as lm-eval asks it: log-likelihoods of continuations and of whole texts, and greedy answers."""

    def __init__(self, base: Base, report: Report = lambda done, total: None, *, chat: bool = True) -> None:
        """Ask ``base``; ``report`` is told how far it is.

        With ``chat``, requests are conversations and hold the special tokens of their template; without, they get
        those that the tokenizer adds, as with lm-eval's own model.
        """
        super().__init__()
        self.base, self.report, self.chat = base, report, chat
        self.tokenizer = base.tokenizer
        self.too_long: set[tuple[str, int]] = set()
        """Task and number, among those asked of it, of each item that does not fit into the context: its answer is
        empty, or its text was cut at the left."""

    @property
    def eot_token_id(self) -> int:
        """The token that ends a text."""
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        """The token that a text without a context comes after."""
        begins = self.tokenizer.bos_token_id
        return self.eot_token_id if begins is None else int(begins)

    @property
    def tokenizer_name(self) -> str:
        """What caches of prompts are told apart by."""
        return str(self.tokenizer.name_or_path)

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A conversation as the model is asked everywhere else; an answer that has been begun is left open."""
        return str(
            self.tokenizer.apply_chat_template(
                chat_history,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                continue_final_message=not add_generation_prompt,
            )
        )

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """The greedy answer to each request, cut at the first of its stop strings.

        An answer may be as long as its task says, or as the longest request leaves room for in the context, but that is
        never less than half of it. Raises ConfigError where a task asks for answers that are drawn.
        """
        found: list[str] = [""] * len(requests)
        prompts = self._encoded([request.args[0] for request in requests], add=not self.chat)
        groups: dict[tuple[int, tuple[str, ...]], list[int]] = {}
        for n, request in enumerate(requests):
            groups.setdefault(_settings(request), []).append(n)
        done = 0
        for (asked, stops), places in groups.items():
            limit = context(self.base)
            room = max(limit // 2, limit - max(len(prompts[n]) for n in places))
            decoding = Decoding(max_new_tokens=min(asked, room, LONGEST_ANSWER))

            def keep(own: list[int], given: list[Generated], places: list[int] = places) -> None:
                nonlocal done
                for i, answer in zip(own, given, strict=True):
                    found[places[i]] = answer.text
                    if answer.finish == "too long":
                        self._mark(requests[places[i]])
                done += len(own)
                self.report(done, len(requests))

            generate(self.base, [prompts[n] for n in places], decoding, stops=stops, on_batch=keep)
        return found

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[Told]:
        """The log-likelihood of each continuation after its context, and whether it is the greedy one.

        A context that does not fit is cut at the left; a continuation that does not fit even alone is impossible.
        """
        asked = self._pairs([request.args for request in requests])
        for n, (before, after) in enumerate(asked):
            room = context(self.base) + 1 - len(after)  # The last token is looked up, not read.
            if len(before) > room:
                self._mark(requests[n])
                asked[n] = (before[-room:] if room > 0 else [], after)
        return self._told(asked)

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """The log-likelihood of each whole text; one that does not fit is told in windows, as lm-eval cuts them."""
        asked: list[tuple[list[int], list[int]]] = []
        owners: list[int] = []
        for n, ids in enumerate(self._encoded([request.args[0] for request in requests], add=True)):
            windows = get_rolling_token_windows(
                token_list=ids, prefix_token=self.prefix_token_id, max_seq_len=context(self.base), context_len=1
            )
            for window in windows:
                asked.append(make_disjoint_window(window))
                owners.append(n)
        found = [0.0] * len(requests)
        for n, (told, _) in zip(owners, self._told(asked, shared=False), strict=True):
            found[n] += told
        return found

    def _mark(self, request: Instance) -> None:
        self.too_long.add((str(request.task_name), int(request.doc_id or 0)))

    def _encoded(self, texts: Sequence[str], *, add: bool) -> list[list[int]]:
        """Token ids of texts; the tokenizer may ``add`` its special tokens to one that does not begin with them."""
        begin = str(self.tokenizer.decode([self.prefix_token_id]))
        found: dict[str, list[int]] = {}
        for adding in (False, True):
            several = [text for text in dict.fromkeys(texts) if (add and not text.startswith(begin)) == adding]
            if several:
                ids = self.tokenizer(several, add_special_tokens=adding, verbose=False)["input_ids"]
                found.update(zip(several, ids, strict=True))
        return [found[text] for text in texts]

    def _pairs(self, requests: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        """Tokens of contexts and their continuations, split as lm-eval splits them: blanks belong to what follows."""
        stripped = [context.rstrip() for context, _ in requests]
        befores = self._encoded(stripped, add=not self.chat)
        wholes = self._encoded([context + text for context, text in requests], add=not self.chat)
        alone = self._encoded([text for _, text in requests], add=False)
        found: list[tuple[list[int], list[int]]] = []
        for n, (before, whole) in enumerate(zip(befores, wholes, strict=True)):
            if requests[n][0]:
                found.append((before or [self.prefix_token_id], whole[len(before) :]))
            elif alone[n][:1] == [self.prefix_token_id]:
                found.append((alone[n][:1], alone[n][1:]))
            else:
                found.append(([self.prefix_token_id], alone[n]))
        return found

    @torch.inference_mode()
    def _told(self, asked: Sequence[tuple[list[int], list[int]]], *, shared: bool = True) -> list[Told]:
        """What continuations get after their contexts; an empty one is certain, one without a context impossible."""
        found: list[Told] = [(float("-inf"), False) if after else (0.0, True) for _, after in asked]
        start = Reading(self.base)
        contexts = _contexts(asked, shared=shared and start.cache is not None)
        done = 0
        for beginning, members in families(start, [one.before for one in contexts]):
            read = start.after(beginning)
            for batch in _batches([contexts[i] for i in members], vocabulary=len(self.tokenizer)):
                for places, logits in _run(read, batch, skip=len(beginning)):
                    logs = logits.float().log_softmax(-1)
                    best = logs.argmax(-1)
                    for n in places:
                        wanted = torch.tensor(asked[n][1], device=logs.device)
                        found[n] = float(logs.gather(1, wanted[:, None]).sum()), bool((best == wanted).all())
                    done += len(places)
                self.report(done, len(asked))
        return found


def _settings(request: Instance) -> tuple[int, tuple[str, ...]]:
    """The longest answer and the stop strings that a task asks for."""
    settings: Any = normalize_gen_kwargs(request.args[1], USUAL_ANSWER)
    if settings["do_sample"] and float(settings.get("temperature", 1.0)) > 0:
        raise ConfigError(
            f"The suite {request.task_name} asks for answers that are drawn; suites are answered greedily.",
            "Set do_sample: false in the generation_kwargs of its YAML.",
        )
    return int(settings["max_gen_toks"]), tuple(stop for stop in settings["until"] if stop)


def _contexts(asked: Sequence[tuple[list[int], list[int]]], *, shared: bool) -> list[_Context]:
    """Contexts with what is run after each; one that would fill more than a batch is there several times."""
    found: list[_Context] = []
    latest: dict[tuple[int, ...], _Context] = {}
    for n, (before, after) in enumerate(asked):
        if not before or not after:
            continue
        one = latest.get(tuple(before))
        width = len(before) + len(after)
        if one is None or not shared or (len(one.runs) + 1) * max(one.width, width) > TOKENS_PER_BATCH:
            one = latest[tuple(before)] = _Context(before)
            found.append(one)
        one.runs.setdefault(tuple(after[:-1]), []).append(n)
        one.longest = max(one.longest, len(after))
    return found


def _batches(contexts: Sequence[_Context], *, vocabulary: int) -> Iterator[list[_Context]]:
    """Contexts of like width, widest first, as many as there is memory for."""
    batch: list[_Context] = []
    for one in sorted(contexts, key=lambda one: -one.width):
        wider = [*batch, one]
        rows = sum(len(each.runs) for each in wider)
        logits = rows * max(each.longest for each in wider) * vocabulary
        if batch and (rows * wider[0].width > TOKENS_PER_BATCH or logits > LOGITS_PER_BATCH):
            yield batch
            wider = [one]
        batch = wider
    if batch:
        yield batch


def _run(start: Reading, batch: Sequence[_Context], *, skip: int) -> Iterator[tuple[list[int], torch.Tensor]]:
    """The requests that each run answers and the logits for their tokens; ``skip`` tokens of all are read already.

    Where contexts have several runs, they are read first but for their last token, which every run begins with.
    """
    read = start.copied(len(batch))
    runs = [(n, run) for n, one in enumerate(batch) for run in one.runs]
    longest = max(one.longest for one in batch)
    if len(runs) > len(batch):
        read.read([one.before[skip:-1] for one in batch])
        read.choose([n for n, _ in runs])
        logits = read.read([[batch[n].before[-1], *run] for n, run in runs], last=longest, side="right")
        tokens = [slice(0, len(run) + 1) for _, run in runs]
    else:
        logits = read.read([[*batch[n].before[skip:], *run] for n, run in runs], last=longest)
        tokens = [slice(longest - len(run) - 1, longest) for _, run in runs]
    for (n, run), own, row in zip(runs, tokens, logits, strict=True):
        yield batch[n].runs[run], row[own]
