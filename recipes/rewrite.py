"""Requests become search queries: a model says what to look for, and what is of no use falls back to the request."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from evals.abstention import abstains
from evals.scorers import words
from rag.queries import QUERIES
from recipes.answer import Generated, context, generate, time_alone
from recipes.bases import Bases
from recipes.data import Turn, encode_prompt
from recipes.endpoint import Endpoint, Pace, Reply
from recipes.judge import request_text
from recipes.model import Base, seed_everything
from recipes.peak import forget_peak_memory, peak_memory
from workbench.candidate import Decoding, Hosted
from workbench.examples import read_examples
from workbench.run import Rewritten
from workbench.stage import Helper
from workbench.usecase import Example
from workbench.workspace import Step, appending, read_jsonl, write_jsonl

ASK_ONE = """Write a search query that finds the document with the answer to the request below. Use the words that such
a document holds, in the language of the request. Write the query alone, on one line.

{request}"""
ASK_SEVERAL = """Write {count} different search queries that find the documents with the answer to the request below.
Use the words that such documents hold, in the language of the request. Write the queries alone, one on each line.

{request}"""
TOKENS_PER_QUERY = 48
LONGEST = 32
"""Words of a query; a longer one has begun to answer. It may be as long as the request, where that is longer."""
REPEATED = 6
"""A query of at least so many words of which most repeat others is a model going round in circles."""
PART = 128
"""Requests that are rewritten together; each part is kept as soon as it is there."""

_MARK = re.compile(r"^\s*(?:[-*•>]+|\(?\d{1,2}[.):]+)\s+")
_LABEL = re.compile(r"^\s*(?:search )?quer(?:y|ies)(?: \d{1,2})?\s*:\s*", re.IGNORECASE)


class Writer(Protocol):
    """Who rewrites: it replies to conversations, and is told apart by where it is."""

    def alone(self, asked: Sequence[list[Turn]]) -> Iterator[tuple[Reply, float]]:
        """One reply after another, each with the seconds that it took."""

    def together(self, asked: Sequence[list[Turn]]) -> list[Reply]:
        """All replies at once."""


def rewrite(step: Step, *, bases: Bases) -> None:
    """Do a ``rewrite`` step: what each request is searched for by, beside itself; leaves ``queries.jsonl``.

    The first requests are rewritten one after another, which is what their seconds are measured on; the rest together.
    What was rewritten before a stop is not asked again. Raises ConfigError and WorkbenchError as the model's loading
    or its endpoint do.
    """
    inputs = step.record.inputs
    count = int(inputs["queries"])
    examples = read_examples(step.file("examples"))
    asked = {one.id: asked_for(one, count) for one in examples}
    requests = {one.id: one.question for one in examples}
    forget_peak_memory()
    partial = step.path("queries.part.jsonl")
    found = {record["example"]: Rewritten.parse(record, where=str(partial)) for record in read_jsonl(partial)}
    first = [name for name in list(asked)[: int(inputs["timed"])] if name not in found]
    rest = [name for name in asked if name not in found and name not in first]
    writer = writer_of(step, tokens=TOKENS_PER_QUERY * count, bases=bases)
    with appending(partial) as out:

        def keep(name: str, reply: Reply, seconds: float | None) -> None:
            queries, reason = queries_in(reply, request=requests[name], count=count)
            read, written = reply.tokens(asked[name])
            found[name] = one = Rewritten(
                example=name, queries=queries, reason=reason, prompt_tokens=read, completion_tokens=written,
                seconds=seconds,
            )  # fmt: skip
            out.write(json.dumps(one.model_dump(mode="json")) + "\n")
            out.flush()
            if len(found) % 10 == 0 or len(found) == len(asked):
                step.progress("rewriting requests", step=len(found), total=len(asked))

        for name, (reply, took) in zip(first, writer.alone([asked[name] for name in first]), strict=True):
            keep(name, reply, took)
        for start in range(0, len(rest), PART):
            part = rest[start : start + PART]
            for name, reply in zip(part, writer.together([asked[name] for name in part]), strict=True):
                keep(name, reply, None)
    write_jsonl(step.path(QUERIES), [found[one.id].model_dump(mode="json") for one in examples])
    partial.unlink(missing_ok=True)
    reasons = Counter(one.reason for one in found.values() if one.reason)
    step.note(
        examples=len(examples),
        rewritten=len(examples) - reasons.total(),
        fell_back=dict(reasons.most_common()),
        queries=sum(len(one.queries) for one in found.values()),
        peak_memory_mb=peak_memory(),
    )
    print(said(len(examples), reasons))


def said(examples: int, reasons: Counter[str]) -> str:
    """What came of it, in one line."""
    line = f"{examples - reasons.total():,} of {examples:,} requests rewritten"
    if reasons:
        why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
        line += f"; the others are searched for as they are ({why})"
    return line


def asked_for(example: Example, count: int) -> list[Turn]:
    """What the rewriter is told: the request, with the turns before it where there are any."""
    turns = [{"role": m.role, "content": m.content} for m in example.messages if m.role != "system"]
    ask = ASK_ONE if count == 1 else ASK_SEVERAL
    return [{"role": "user", "content": ask.format(count=count, request=request_text(turns))}]


# --- What of a reply is a query -----------------------------------------------------------------------


def queries_in(reply: Reply, *, request: str, count: int) -> tuple[tuple[str, ...], str]:
    """The queries in a reply, at most ``count``, each once; where there are none, why.

    A line is no query that says what the request says or that it does not know, is too long, has no word, was cut off
    in the middle, or goes round in circles.
    """
    lines = [line for line in map(_plain, reply.text.splitlines()) if line]
    if reply.cut and lines:
        lines.pop()
        if not lines:
            return (), "cut off at the limit of tokens"
    known = {tuple(words(request))}
    queries: list[str] = []
    reasons: list[str] = []
    for line in lines:
        own = words(line)
        problem = "repeating the request" if tuple(own) in known else _problem(line, own, request)
        if problem:
            reasons.append(problem)
        else:
            known.add(tuple(own))
            queries.append(line)
    if queries:
        return tuple(queries[:count]), ""
    return (), reasons[0] if reasons else "empty"


def _plain(line: str) -> str:
    """A line without what stands around a query: the mark of a list, a label, quotation marks."""
    return _LABEL.sub("", _MARK.sub("", line)).strip().strip("\"'`“”„«»*").strip()


def _problem(line: str, own: Sequence[str], request: str) -> str:
    """Why a line with its ``own`` words is no query; empty where it is one."""
    if not own:
        return "without a word"
    if abstains(line):
        return "saying that it does not know"
    if len(own) > max(LONGEST, len(words(request))):
        return "too long"
    if len(own) >= REPEATED and 2 * len(set(own)) < len(own):
        return "going round in circles"
    return ""


# --- Who rewrites -------------------------------------------------------------------------------------


def writer_of(step: Step, *, tokens: int, bases: Bases) -> Writer:
    """The model that a step names: behind its endpoint, or loaded here."""
    helper = Helper.parse(step.record.inputs["rewriter"], where=str(step.folder))
    if helper.endpoint is not None:
        hosted = Hosted.parse(step.record.how, where=str(step.folder))
        return _Away(Endpoint(helper, tokens=tokens, temperature=0.0, seed=0), hosted)
    step.progress("loading the model that rewrites")
    seed_everything(0)
    return _Here(bases.get(helper.model), Decoding(max_new_tokens=tokens))


@dataclass(frozen=True)
class _Away:
    """A model behind an endpoint, asked no faster than it may be."""

    endpoint: Endpoint
    hosted: Hosted

    def alone(self, asked: Sequence[list[Turn]]) -> Iterator[tuple[Reply, float]]:
        pace = Pace(self.hosted.requests_per_minute)
        for turns in asked:
            pace.wait()
            began = time.perf_counter()
            reply = self.endpoint.chat(turns)
            yield reply, time.perf_counter() - began

    def together(self, asked: Sequence[list[Turn]]) -> list[Reply]:
        pace = Pace(self.hosted.requests_per_minute)

        def ask(turns: list[Turn]) -> Reply:
            pace.wait()
            return self.endpoint.chat(turns)

        with ThreadPoolExecutor(self.hosted.at_once) as pool:
            return list(pool.map(ask, asked))


@dataclass(frozen=True)
class _Here:
    """A model that is loaded in this process."""

    base: Base
    decoding: Decoding

    def alone(self, asked: Sequence[list[Turn]]) -> Iterator[tuple[Reply, float]]:
        prompts = [encode_prompt(turns, self.base.tokenizer) for turns in asked]
        timed = time_alone(self.base, [prompt for prompt in prompts if self._fits(prompt)], self.decoding)
        for prompt in prompts:
            given, took = next(timed) if self._fits(prompt) else (Generated("", 0, "too long"), 0.0)
            yield _reply(given, prompt), took

    def together(self, asked: Sequence[list[Turn]]) -> list[Reply]:
        prompts = [encode_prompt(turns, self.base.tokenizer) for turns in asked]
        found: dict[int, Generated] = {}

        def keep(places: list[int], answers: list[Generated]) -> None:
            found.update(zip(places, answers, strict=True))

        generate(self.base, prompts, self.decoding, on_batch=keep)
        return [_reply(found[n], prompt) for n, prompt in enumerate(prompts)]

    def _fits(self, prompt: Sequence[int]) -> bool:
        return len(prompt) <= context(self.base) - self.decoding.max_new_tokens


def _reply(given: Generated, prompt: Sequence[int]) -> Reply:
    return Reply(given.text, given.finish == "length", len(prompt), given.tokens)
