"""Several answers drawn for each request: how often one of them is right, and which of them are."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any, cast

from evals.scorers import SCORERS, words
from recipes.answer import Generated, generate
from recipes.data import encode_prompt
from recipes.model import Base, seed_everything
from recipes.prompting import conversations, unmarked
from workbench.candidate import Decoding
from workbench.errors import WorkbenchError
from workbench.examples import read_examples
from workbench.run import Retrieved
from workbench.stage import RejectionSampling
from workbench.usecase import Example, MetricName
from workbench.workspace import Step, digest, read_jsonl, write_jsonl

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
    count, metric = int(inputs["answers"]), cast("MetricName", inputs["metric"])
    decoding = Decoding(max_new_tokens=int(inputs["max_new_tokens"]), temperature=float(inputs["temperature"]))
    examples = read_examples(step.file("examples"))[: int(inputs["most"])]
    targets = {example.id: example.reference for example in examples}
    prompts = {name: encode_prompt(turns, base.tokenizer) for name, turns in conversations(step, examples).items()}
    path, bare = step.path("draws.jsonl"), unmarked(step)
    names = list(prompts)
    # A part that was being written when the process died is drawn again, whole.
    whole = len(list(read_draws(path))) // count // REQUESTS_PER_PART * REQUESTS_PER_PART
    write_jsonl(path, list(read_jsonl(path))[: whole * count])
    with path.open("a", encoding="utf-8") as out:
        for start in range(whole, len(names), REQUESTS_PER_PART):
            part = names[start : start + REQUESTS_PER_PART]
            seed_everything(int(digest([inputs["seed"], start])[:8], 16))
            answers = _answers(base, [prompts[name] for name in part for _ in range(count)], decoding)
            for i, given in enumerate(answers):
                name = part[i // count]
                value = SCORERS[metric](bare(given.text), targets[name]).value
                drawn = Drawn(name, given.text, given.tokens, given.finish, value)
                out.write(json.dumps(vars(drawn), ensure_ascii=False) + "\n")
            out.flush()
            step.progress("drawing answers", step=min(len(names), start + len(part)), total=len(names))
    step.note(**passed(list(read_draws(path)), count), drawn=count * len(names), requests=len(names))


def read_draws(path: Path) -> Iterator[Drawn]:
    """The answers that a draw left."""
    return (Drawn(**record) for record in read_jsonl(path))


def passed(draws: Sequence[Drawn], count: int) -> dict[str, float]:
    """The chance that one, and that at least one of ``count`` answers is right, averaged over the requests.

    Unbiased (Chen et al. 2021); an answer is right where its score is 1. ``differing``: the share of requests to
    which some answers score higher than others.
    """
    right: dict[str, list[bool]] = {}
    for one in draws:
        if one.value is not None:
            right.setdefault(one.example, []).append(one.value == 1)
    found = {f"pass_at_{k}": _mean([pass_at(k, len(one), sum(one)) for one in right.values()]) for k in (1, count)}
    scores: dict[str, set[float]] = {}
    for one in draws:
        if one.value is not None:
            scores.setdefault(one.example, set()).add(one.value)
    return found | {"differing": _mean([float(len(values) > 1) for values in scores.values()])}


def pass_at(k: int, drawn: int, right: int) -> float:
    """The chance that ``k`` of the drawn answers, taken at random, hold a right one (Chen et al. 2021)."""
    return 1 - comb(drawn - right, k) / comb(drawn, k)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _answers(base: Base, prompts: list[list[int]], decoding: Decoding) -> list[Generated]:
    found: dict[int, Generated] = {}
    generate(base, prompts, decoding, on_batch=lambda places, given: found.update(zip(places, given, strict=True)))
    return [found[i] for i in range(len(prompts))]


def keep_passed(
    draws: Sequence[Drawn],
    examples: Sequence[Example],
    stage: RejectionSampling,
    *,
    passages: Mapping[str, Retrieved] | None,
    bare: Callable[[str], str] = str,
) -> tuple[list[Example], dict[str, Any]]:
    """The examples with the answers that passed as their references, each different answer once; and how many did.

    The commonest of an example's answers go first, the shorter of equally common ones; ``bare`` takes off what is no
    part of what they say. Raises WorkbenchError where none passed.
    """
    by_example: dict[str, Counter[str]] = {}
    good = unsupported = 0
    for one in draws:
        if one.value is None or one.value < stage.least or one.finish != "stop" or not one.text.strip():
            continue
        good += 1
        by_example.setdefault(one.example, Counter())[one.text] += 1
    found: list[Example] = []
    for example in examples:
        answers = by_example.get(example.id, Counter())
        order = sorted(answers, key=lambda text: (-answers[text], len(text), text))
        if stage.supported_only and passages is not None:
            texts = [*(passage.text for passage in passages[example.id].passages), example.question]
            supported = [text for text in order if is_supported(bare(text), texts)]
            unsupported += len(order) - len(supported)
            order = supported
        for n, text in enumerate(order[: stage.keep]):
            found.append(
                example.model_copy(update={"target": text, "id": example.id if not n else f"{example.id}~{n}"})
            )
    if not found:
        raise WorkbenchError(
            f"None of {len(draws)} answers drawn passed, so there is nothing to train on.",
            "Put an sft stage before this one, lower `least`, or draw more answers.",
        )
    asked = len({one.example for one in draws})
    return found, {
        "answers_drawn": len(draws),
        "answers_passed": good,
        "requests_with_none": asked - len(by_example),
        "answers_unsupported": unsupported,
        "rows_kept": len(found),
    }


def is_supported(text: str, passages: Sequence[str]) -> bool:
    """Whether every word and number of an answer stands in one of the texts."""
    known = {word for passage in passages for word in words(passage)}
    return all(word in known for word in words(text))
