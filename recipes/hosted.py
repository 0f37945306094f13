"""Answers of a hosted model: asked at its endpoint, several at once, within its limits and the user's budget."""

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from recipes.data import Turn
from recipes.endpoint import Endpoint, Reply
from recipes.prompting import conversations, read_citations, read_retrieved
from workbench.base_models import hosted_name
from workbench.candidate import Decoding, Hosted
from workbench.errors import WorkbenchError
from workbench.examples import read_examples, some_of
from workbench.run import Response, Retrieved
from workbench.stage import Helper
from workbench.workspace import Step, appending, read_jsonl, write_jsonl

LETTERS_PER_TOKEN = 4.0
"""Where an endpoint does not count its tokens, so many letters are one."""


@dataclass
class _Answered:
    """The answers so far, kept on disk one by one, and what they cost."""

    step: Step
    hosted: Hosted
    total: int
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    counted: bool = True

    @property
    def spent(self) -> float:
        """In the use case's currency; 0 where no price is known."""
        return sum(one["cost"] or 0.0 for one in self.found.values())

    def keep(self, out: Any, name: str, turns: Sequence[Turn], reply: Reply, seconds: float | None) -> None:
        """Write one answer down."""
        read, written = reply.prompt_tokens, reply.completion_tokens
        if read is None or written is None:
            self.counted = False
            read = round(sum(len(turn["content"]) for turn in turns) / LETTERS_PER_TOKEN)
            written = round(len(reply.text) / LETTERS_PER_TOKEN)
        cost = self.hosted.cost(read, written, cached=reply.cached_tokens)
        record = {
            "text": reply.text.strip(), "finish": "length" if reply.cut else "stop", "prompt_tokens": read,
            "completion_tokens": written, "cost": cost, "seconds": seconds,
        }  # fmt: skip
        self.found[name] = record
        out.write(json.dumps({"example": name, **record}) + "\n")
        out.flush()
        self.step.progress("answering", step=len(self.found), total=self.total)
        if self.hosted.spend_at_most is not None and self.spent > self.hosted.spend_at_most:
            raise WorkbenchError(
                f"The answers so far cost {self.spent:.4g}, more than hosted.spend_at_most "
                f"({self.hosted.spend_at_most:g}): {len(self.found):,} of {self.total:,} are there.",
                "Raise it in the candidate and run again: what was answered is kept.",
            )


def answer_hosted(step: Step) -> None:
    """Do an ``answer`` step of a hosted model; what was answered before a stop is not asked again.

    The first requests are asked one after another, which is what their seconds are measured on; the rest at once.
    Raises ConfigError where the endpoint refuses, and WorkbenchError where it can't be reached or the budget is spent.
    """
    inputs = step.record.inputs
    hosted = Hosted.parse(step.record.how, where=str(step.folder))
    decoding = Decoding.parse(inputs["decoding"], where=str(step.folder))
    name = hosted_name(str(inputs["base_model"]))
    helper = Helper(model=str(name), endpoint=str(inputs["endpoint"]), key_variable=hosted.key_variable)
    endpoint = Endpoint(
        helper, tokens=decoding.max_new_tokens, temperature=decoding.temperature, seed=int(inputs["seed"])
    )
    examples = some_of(read_examples(step.file("examples")), inputs.get("most"))
    asked, retrieved = conversations(step, examples), read_retrieved(step)
    partial = step.path("answers.part.jsonl")
    answered = _Answered(step, hosted, len(asked))
    answered.found = {record.pop("example"): record for record in read_jsonl(partial)}
    first = list(asked)[: int(inputs["timed"])]
    pace = _Pace(hosted.requests_per_minute)
    with appending(partial) as out:
        for one in (one for one in first if one not in answered.found):
            pace.wait()
            began = time.perf_counter()
            reply = endpoint.chat(asked[one])
            answered.keep(out, one, asked[one], reply, time.perf_counter() - began)
        rest = {one: turns for one, turns in asked.items() if one not in answered.found}
        _ask_at_once(endpoint, rest, answered, pace, out)
    said = (_response(one.id, answered.found[one.id], retrieved) for one in examples)
    write_jsonl(step.path("responses.jsonl"), [read_citations(step, one).model_dump() for one in said])
    partial.unlink(missing_ok=True)
    count = len(answered.found)
    step.note(
        answered=count,
        prompt_tokens=sum(one["prompt_tokens"] for one in answered.found.values()) / count,
        completion_tokens=sum(one["completion_tokens"] for one in answered.found.values()) / count,
        tokens_counted_by="the endpoint" if answered.counted else "letters",
        **({"cost": answered.spent} if hosted.cost(1, 1) is not None else {}),
    )


def _ask_at_once(
    endpoint: Endpoint, asked: dict[str, list[Turn]], answered: _Answered, pace: "_Pace", out: Any
) -> None:
    """Ask several at a time; after the first failure no more are sent, and what is under way is kept."""
    waiting = list(asked)
    under_way: dict[Future[Reply], str] = {}
    problem: BaseException | None = None

    def ask(turns: list[Turn]) -> Reply:
        pace.wait()
        return endpoint.chat(turns)

    with ThreadPoolExecutor(answered.hosted.at_once) as pool:
        while under_way or (waiting and problem is None):
            while waiting and problem is None and len(under_way) < answered.hosted.at_once:
                name = waiting.pop(0)
                under_way[pool.submit(ask, asked[name])] = name
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                name = under_way.pop(future)
                try:
                    answered.keep(out, name, asked[name], future.result(), None)
                except BaseException as error:
                    problem = problem or error
    if problem is not None:
        raise problem


class _Pace:
    """Lets requests through no faster than so many a minute."""

    def __init__(self, per_minute: float | None) -> None:
        self.gap = 60 / per_minute if per_minute else 0.0
        self.next, self.lock = 0.0, threading.Lock()

    def wait(self) -> None:
        """Come back when the next request may be sent."""
        with self.lock:
            now = time.monotonic()
            at = max(now, self.next)
            self.next = at + self.gap
        if at > now:
            time.sleep(at - now)


def _response(example: str, one: dict[str, Any], retrieved: dict[str, Retrieved] | None) -> Response:
    found = retrieved[example] if retrieved is not None else None
    seconds = one["seconds"]
    if seconds is not None and found is not None:
        seconds += found.seconds or 0.0
    passages = tuple(passage.id for passage in found.passages) if found else ()
    return Response(example=example, passages=passages, **(one | {"seconds": seconds}))
