"""How far training has moved a model from its base: KL divergence on task prompts and on neutral ones."""

import math
from collections.abc import Iterable
from contextlib import nullcontext
from itertools import islice
from typing import Any

from peft import PeftModel

from recipes.answer import context
from recipes.bases import Bases, earlier_stages
from recipes.data import Turn, encode_prompt
from recipes.divergence import Model, divergence
from recipes.look import Question, answer_all, without_adapter
from recipes.model import Base, load
from recipes.prompting import conversations
from workbench.examples import read_examples
from workbench.workspace import Step, read_jsonl, write_jsonl

PROMPTS = 100
"""Prompts of each kind."""


def drift(step: Step, *, bases: Bases) -> None:
    """Do a ``drift`` step: leaves ``drift.jsonl``, a line for each prompt, with nats and tokens.

    forward: from the base to the trained model, on the base's own greedy answers (what foretells forgetting, Shenfeld
    et al. 2025, RL's Razor); backward: from the trained model to the base, on the trained model's answers.
    """
    inputs = step.record.inputs
    step.progress("loading the base model")
    with bases.of(step) as trained:
        start = _start(step, trained)
        end: Model = lambda: nullcontext(trained.model)  # noqa: E731
        asked = {"task": _task(step, trained), "neutral": _neutral(step, trained)}
        rows: list[dict[str, Any]] = []
        for kind, prompts in asked.items():
            step.progress(f"answering {kind} prompts", step=len(rows), total=2 * sum(map(len, asked.values())))
            questions = [Question(name, "", "", prompt) for name, prompt in prompts.items()]
            most = int(inputs["answer_tokens"])
            with start() as model:
                by_base = answer_all(Base(model, trained.tokenizer, trained.device), questions, most)
            by_trained = answer_all(trained, questions, most)
            for way, given, of, to in (("forward", by_base, start, end), ("backward", by_trained, end, start)):
                answers = [trained.tokenizer(one.text, add_special_tokens=False)["input_ids"] for one in given]
                found = divergence(of, to, trained, list(zip(prompts.values(), answers, strict=True)))
                rows += [
                    {"kind": kind, "way": way, "prompt": name, "nats": nats, "tokens": tokens}
                    for name, (nats, tokens) in zip(prompts, found, strict=True)
                ]
    write_jsonl(step.path("drift.jsonl"), rows)
    step.note(prompts={kind: len(prompts) for kind, prompts in asked.items()})


def _start(step: Step, trained: Base) -> Model:
    """The base that nothing was done to: the same model with its adapter off, where that is the very same."""
    stages = earlier_stages(step)
    model = trained.model
    if isinstance(model, PeftModel) and len(stages) == 1 and not step.record.inputs["four_bit"]:
        return lambda: without_adapter(model)
    other = load(str(step.record.inputs["base_model"])).model
    return lambda: nullcontext(other)


def _task(step: Step, base: Base) -> dict[str, list[int]]:
    """Prompts of the use case, by example."""
    turns = conversations(step, read_examples(step.file("examples")))
    return _fitting(step, base, ((name, asked) for name, asked in turns.items()))


def _neutral(step: Step, base: Base) -> dict[str, list[int]]:
    """Requests of the benchmark suites, by suite and item: a few of each."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read_jsonl(step.needed("neutral").path("items.jsonl")):
        if row["answer"]:
            found.setdefault(row["suite"], []).append(row)
    each = math.ceil(PROMPTS / max(1, len(found)))
    chosen = [row for rows in found.values() for row in rows[:each]]
    asked = ((f"{row['suite']} {row['item']}", [{"role": "user", "content": row["request"]}]) for row in chosen)
    return _fitting(step, base, asked)


def _fitting(step: Step, base: Base, asked: Iterable[tuple[str, list[Turn]]]) -> dict[str, list[int]]:
    most = context(base) - int(step.record.inputs["answer_tokens"])
    encoded = ((name, encode_prompt(turns, base.tokenizer)) for name, turns in asked)
    return dict(islice(((name, prompt) for name, prompt in encoded if len(prompt) <= most), PROMPTS))
