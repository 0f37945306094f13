"""The model's own answers become preference pairs: a metric or a judge says which of two is better."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recipes.bases import Bases
from recipes.draw import Drawn, read_draws
from recipes.judge import request_text
from recipes.judging import Verdicts, judge_all
from recipes.prompting import conversations
from workbench.errors import WorkbenchError
from workbench.examples import read_examples
from workbench.pairs import Pair, write_pairs
from workbench.stage import Judge
from workbench.usecase import Example
from workbench.workspace import Step


def make_pairs(step: Step, *, bases: Bases) -> None:
    """Do a ``judge`` step: two answers to each request, and which is better; leaves ``pairs.jsonl``.

    Raises WorkbenchError where no pair comes of it, or where the judge can't be understood.
    """
    draws: dict[str, list[Drawn]] = {}
    for one in read_draws(step.needed("rows").path("draws.jsonl")):
        draws.setdefault(one.example, []).append(one)
    examples = {example.id: example for example in read_examples(step.file("examples"))}
    named = step.record.inputs["judge"]
    if named is None:
        chosen = {name: found for name, own in draws.items() if (found := best_and_worst(own))}
        facts: dict[str, Any] = {}
    else:
        judge = Judge.parse(named, where=str(step.folder))
        chosen, facts = _judged(step, judge, examples, draws, bases=bases)
    if not chosen:
        raise WorkbenchError(
            f"Of {len(draws)} requests none got two answers of which one is better, so there is no pair.",
            "Draw more answers, at a higher temperature, or choose another judge.",
        )
    pairs = [_pair(examples[name], better, worse) for name, (better, worse) in chosen.items()]
    write_pairs(step.path("pairs.jsonl"), pairs)
    step.note(**facts, requests=len(draws), pairs=len(pairs))


def best_and_worst(draws: Sequence[Drawn]) -> tuple[str, str] | None:
    """The best and the worst of the answers to one request by their scores; None where all are as good.

    Of several that are as good, the commonest counts; an answer that was cut off is never the best.
    """
    often = Counter(one.text for one in draws)
    scored = [one for one in draws if one.value is not None and one.text.strip()]
    finished = [one for one in scored if one.finish == "stop"]
    if not finished:
        return None
    best = max(finished, key=lambda one: (one.value or 0.0, often[one.text], one.text))
    worst = min(scored, key=lambda one: (one.value or 0.0, -often[one.text], one.text))
    return (best.text, worst.text) if (best.value or 0.0) > (worst.value or 0.0) else None


def two_answers(draws: Sequence[Drawn]) -> tuple[str, str] | None:
    """The two commonest different answers that were finished, in the order in which they came up."""
    often = Counter(one.text for one in draws if one.finish == "stop" and one.text.strip())
    if len(often) < 2:
        return None
    (one, _), (other, _) = often.most_common(2)
    return one, other


def _judged(
    step: Step, judge: Judge, examples: Mapping[str, Example], draws: Mapping[str, Sequence[Drawn]], *, bases: Bases
) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    asked = {name: two for name, own in draws.items() if (two := two_answers(own))}
    turns = conversations(step, [examples[name] for name in asked])
    found = judge_all(
        step, judge, {name: (request_text(turns[name]), *both) for name, both in asked.items()}, bases=bases
    )
    chosen = {}
    for name, (one, other) in found.items():
        if one == other and one in ("first", "second"):
            left, right = asked[name]
            chosen[name] = (left, right) if one == "first" else (right, left)
    return chosen, _facts(found.values(), of=len(draws))


def _facts(verdicts: Iterable[Verdicts], *, of: int) -> dict[str, Any]:
    """How far the judge can be trusted: how often it holds on to its verdict when the answers change places."""
    every = list(verdicts)
    clear = [both for both in every if set(both) <= {"first", "second"}]
    return {
        "judged": len(every),
        "answers_alike": of - len(every),
        "consistent": sum(one == other for one, other in clear) / len(clear) if clear else None,
        "first_preferred": sum(both == ("first", "second") for both in clear) / len(clear) if clear else None,
        "ties": sum("tie" in both for both in every),
        "unreadable": sum("unreadable" in both for both in every),
    }


def _pair(example: Example, better: str, worse: str) -> Pair:
    return Pair(
        id=example.id, messages=example.messages, chosen=better, rejected=worse, group=example.group, source="judge"
    )
