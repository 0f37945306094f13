"""Several answers drawn for each request: how often one of them is right, and which of them are."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

from evals.scorers import SCORERS
from recipes.answer import Generated, generate
from recipes.data import encode_prompt
from recipes.model import Base, seed_everything
from recipes.prompting import conversations
from workbench.candidate import Decoding
from workbench.examples import read_examples
from workbench.usecase import MetricName
from workbench.workspace import Step, digest, read_jsonl

REQUESTS_PER_PART = 16
"""Requests whose answers are drawn together; each part has a seed of its own, so a resumed draw is the same."""


@dataclass(frozen=True)
class Drawn:
    """One answer that was drawn, and its score on the metric; None where the reference can not be used."""

    example: str
    text: str
    tokens: int
    finish: str
    value: float | None


def draw(step: Step, base: Base) -> None:
    """Draw ``answers`` answers to each example; leaves ``draws.jsonl`` and notes pass@1 and pass@k."""
    inputs = step.record.inputs
    count, metric = int(inputs["answers"]), str(inputs["metric"])
    decoding = Decoding(max_new_tokens=int(inputs["max_new_tokens"]), temperature=float(inputs["temperature"]))
    examples = read_examples(step.file("examples"))[: int(inputs["most"])]
    targets = {example.id: example.target for example in examples}
    prompts = {name: encode_prompt(turns, base.tokenizer) for name, turns in conversations(step, examples).items()}
    path = step.path("draws.jsonl")
    done = {record["example"] for record in read_jsonl(path)}
    names = list(prompts)
    with path.open("a", encoding="utf-8") as out:
        for start in range(0, len(names), REQUESTS_PER_PART):
            part = names[start : start + REQUESTS_PER_PART]
            if done.issuperset(part):
                continue
            seed_everything(int(digest([inputs["seed"], start])[:8], 16))
            answers = _answers(base, [prompts[name] for name in part for _ in range(count)], decoding)
            for i, given in enumerate(answers):
                drawn = _scored(part[i // count], given, targets[part[i // count]], metric)
                out.write(json.dumps(vars(drawn), ensure_ascii=False) + "\n")
            out.flush()
            step.progress("drawing answers", step=min(len(names), start + len(part)), total=len(names))
    step.note(**passed(list(read_draws(path)), count), drawn=count * len(names), requests=len(names))


def read_draws(path: Path) -> Iterator[Drawn]:
    """The answers that a draw left."""
    return (Drawn(**record) for record in read_jsonl(path))


def passed(draws: Sequence[Drawn], count: int) -> dict[str, float]:
    """The chance that one, and that at least one of ``count`` answers is right, averaged over the requests.

    Unbiased (Chen et al. 2021); an answer is right where its score is 1.
    """
    right: dict[str, list[bool]] = {}
    for one in draws:
        if one.value is not None:
            right.setdefault(one.example, []).append(one.value == 1)
    return {f"pass_at_{k}": _mean([pass_at(k, len(one), sum(one)) for one in right.values()]) for k in (1, count)}


def pass_at(k: int, drawn: int, right: int) -> float:
    """The chance that ``k`` of the drawn answers, taken at random, hold a right one (Chen et al. 2021)."""
    return 1 - comb(drawn - right, k) / comb(drawn, k)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _answers(base: Base, prompts: list[list[int]], decoding: Decoding) -> list[Generated]:
    found: dict[int, Generated] = {}
    generate(base, prompts, decoding, on_batch=lambda places, given: found.update(zip(places, given, strict=True)))
    return [found[i] for i in range(len(prompts))]


def _scored(example: str, given: Generated, target: str, metric: str) -> Drawn:
    name: MetricName = metric  # type: ignore[assignment]
    return Drawn(example, given.text, given.tokens, given.finish, SCORERS[name](given.text, target).value)
