"""Score steps: a run's responses, the examples they answer and the metrics make ``scores.jsonl``."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.abstention import abstains
from evals.scorers import SCORERS
from workbench.errors import ConfigError, WorkbenchError
from workbench.examples import Examples, read_examples
from workbench.run import Response
from workbench.score import Score
from workbench.usecase import Example, MetricName
from workbench.workspace import Step, read_jsonl, write_jsonl

EXAMPLES_PER_LINE = 500
"""Examples between two lines of progress."""


def import_answers(step: Step) -> None:
    """Do an ``import`` step: the file of answers from elsewhere becomes ``responses.jsonl``, one for each example.

    Raises WorkbenchError where they are not exactly one for each example.
    """
    examples = read_examples(step.file("examples"))
    found = read_responses(step.file("answers"), examples)
    write_jsonl(step.path("responses.jsonl"), [found[one.id].model_dump(mode="json") for one in examples])
    taken = [one for one in found.values() if one.finish != "missing"]
    told = [one for one in taken if one.prompt_tokens or one.completion_tokens]
    step.note(answered=len(taken), missing=len(examples) - len(taken))
    if told:
        step.note(
            prompt_tokens=sum(one.prompt_tokens for one in told) / len(told),
            completion_tokens=sum(one.completion_tokens for one in told) / len(told),
        )


def score_answers(step: Step) -> None:
    """Do a ``score`` step: ``responses.jsonl`` of the step in the role ``answers`` becomes ``scores.jsonl``.

    Raises WorkbenchError where the step is of another kind or names no known metric, or where the responses
    are not exactly one for each example.
    """
    record = step.record
    if record.kind != "score":
        raise ConfigError(f"{step.name} is a step of kind {record.kind}, not score.", "Run it with its own engine.")
    metrics = _metrics(record.inputs.get("metrics", []), where=step.name)
    primary = record.inputs.get("primary")
    examples = read_examples(step.file("examples"))
    responses = read_responses(step.needed("answers").path("responses.jsonl"), examples)
    scores = list(_with_progress(step, examples, responses, metrics=metrics, primary=primary))
    write_jsonl(step.path("scores.jsonl"), [score.model_dump(mode="json") for score in scores])
    step.note(**summary(scores, metrics))


def _metrics(names: Sequence[str], *, where: str) -> list[MetricName]:
    known: dict[str, MetricName] = {name: name for name in SCORERS}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        asked = f"asks for {', '.join(unknown)}" if unknown else "names no metric"
        raise ConfigError(f"{where} {asked}.", f"The metrics are {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)]


def read_responses(path: Path, examples: Sequence[Example]) -> dict[str, Response]:
    """The response to each example, by the example's id.

    Raises WorkbenchError unless there is exactly one for every example and none for any other: a figure over
    part of the examples would be another figure.
    """
    try:
        found = [Response.parse(record, where=f"A line of {path}") for record in read_jsonl(path)]
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WorkbenchError(f"{path} is damaged: {error}.", "Remove that step's folder and run again.") from None
    counts = Counter(response.example for response in found)
    ids = [example.id for example in examples]
    missing = sum(name not in counts for name in ids)
    repeated = sum(count > 1 for count in counts.values())
    strange = len(counts.keys() - set(ids))
    if missing or repeated or strange:
        parts = {"have no response": missing, "have several": repeated}
        said = [f"{count} of {len(ids)} examples {what}" for what, count in parts.items() if count]
        said += [f"{strange} responses belong to no example"] if strange else []
        raise WorkbenchError(f"In {path} {'; '.join(said)}.", "Remove that step's folder and run again.")
    return {response.example: response for response in found}


def _with_progress(
    step: Step,
    examples: Examples,
    responses: Mapping[str, Response],
    *,
    metrics: Sequence[MetricName],
    primary: str | None,
) -> Iterator[Score]:
    for n, example in enumerate(examples, 1):
        for metric in metrics:
            given = metric == primary and responses[example.id].given is not None
            make = given_score if given else score
            yield make(responses[example.id], example, metric=metric)
        if n % EXAMPLES_PER_LINE == 0 or n == len(examples):
            step.progress("scoring", step=n, total=len(examples))


def given_score(response: Response, example: Example, *, metric: MetricName) -> Score:
    """The score that came with a response from elsewhere."""
    return Score(metric=metric, item=example.id, value=response.given, abstained=response.abstained)


def score(response: Response, example: Example, *, metric: MetricName) -> Score:
    """One metric's value for one response.

    An answer that was cut off keeps the value it earned: what it says so far may well contain the reference.
    Only where that value is 0 is it counted as a failure, and then being cut is named as its cause, unless
    nothing was said at all.
    """
    if response.finish == "missing":
        return Score(metric=metric, item=example.id, value=None, reason="No answer was taken in for it.")
    scored = SCORERS[metric](response.text, example.reference)
    cut = response.finish == "length" and scored.value == 0 and scored.failure != "empty"
    return Score(
        metric=metric,
        item=example.id,
        value=scored.value,
        reason=scored.reason,
        failure="cut off" if cut else scored.failure,
        abstained=scored.value is not None and scored.value < 1 and abstains(response.text),
    )


def summary(scores: Sequence[Score], metrics: Sequence[MetricName]) -> dict[str, Any]:
    """What a step says about its scores.

    n: items; means: by metric, over the items that have a value, None where there are none; failures: items
    that failed under any metric, by kind; excluded: scores without a value, over all metrics.
    """
    values = {name: [s.value for s in scores if s.metric == name and s.value is not None] for name in metrics}
    failures = Counter(kind for kind, _ in {(s.failure, s.item) for s in scores if s.failure})
    return {
        "n": len({s.item for s in scores}),
        "means": {name: sum(found) / len(found) if found else None for name, found in values.items()},
        "failures": dict(sorted(failures.items())),
        "excluded": sum(s.value is None for s in scores),
    }
