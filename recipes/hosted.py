"""Answers of a hosted model: asked at its endpoint, several at once, within its limits and the user's budget."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from recipes.data import Turn
from recipes.endpoint import Endpoint, Pace, Reply
from recipes.prompting import conversations, read_citations, read_retrieved, with_retrieval
from workbench.base_models import hosted_name
from workbench.candidate import Decoding, Hosted
from workbench.errors import WorkbenchError
from workbench.examples import read_examples, some_of
from workbench.run import Response, Retrieved
from workbench.stage import Helper
from workbench.workspace import Step, appending, read_jsonl, write_jsonl


@dataclass
class _Answered:
    """The answers so far, kept on disk one by one, and what they cost."""

    step: Step
    hosted: Hosted
    total: int
    rewriting: Mapping[str, tuple[int, int]]
    """Tokens that the same model read and wrote to rewrite a request before."""
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    counted: bool = True

    @property
    def spent(self) -> float:
        """In the use case's currency; 0 where no price is known."""
        return sum(one["cost"] or 0.0 for one in self.found.values())

    def keep(self, out: Any, name: str, turns: Sequence[Turn], reply: Reply, seconds: float | None) -> None:
        """Write one answer down."""
        read, written = reply.tokens(turns)
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            self.counted = False
        before, after = self.rewriting.get(name, (0, 0))
        cost = self.hosted.cost(read + before, written + after, cached=reply.cached_tokens)
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
    answered = _Answered(step, hosted, len(asked), _rewriting(step, retrieved))
    answered.found = {record.pop("example"): record for record in read_jsonl(partial)}
    first = list(asked)[: int(inputs["timed"])]
    pace = Pace(hosted.requests_per_minute)
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


def _ask_at_once(endpoint: Endpoint, asked: dict[str, list[Turn]], answered: _Answered, pace: Pace, out: Any) -> None:
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


def _rewriting(step: Step, retrieved: Mapping[str, Retrieved] | None) -> dict[str, tuple[int, int]]:
    """Tokens that the hosted model itself read and wrote to rewrite each request; those of others have other prices."""
    queries = step.needed("retrieve").record.needs.get("queries") if retrieved else None
    if not retrieved or queries is None:
        return {}
    rewriter = Step(step.folder.parent / queries).record.inputs["rewriter"]
    own = step.record.inputs["endpoint"], hosted_name(str(step.record.inputs["base_model"]))
    if (rewriter["endpoint"], rewriter["model"]) != own:
        return {}
    made = (one.rewritten for one in retrieved.values() if one.rewritten is not None)
    return {one.example: (one.prompt_tokens, one.completion_tokens) for one in made}


def _response(example: str, one: dict[str, Any], retrieved: dict[str, Retrieved] | None) -> Response:
    found = retrieved[example] if retrieved is not None else None
    passages = tuple(passage.id for passage in found.passages) if found else ()
    return Response(example=example, passages=passages, **(one | {"seconds": with_retrieval(one["seconds"], found)}))
