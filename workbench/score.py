"""A score: one metric's value for one item of one run, or the reason there is none."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from workbench.model import Noun
from workbench.usecase import MetricName, UseCase

Failure = Literal["", "empty", "cut off", "too long", "not in form"]
"""How a candidate failed to give an answer in the asked-for form; such an answer scores 0 and is counted."""


class Score(Noun):
    """One metric's value for one item of one run, or the reason there is none."""

    metric: MetricName
    item: str
    value: float | None = Field(ge=0, le=1)
    """1 is right, 0 is wrong; None where the instrument failed, never where the candidate did."""
    reason: str = ""
    """Why there is no value."""
    failure: Failure = ""
    abstained: bool = False
    """Whether the answer says that it does not know, and was not asked to say so: neither right nor wrong."""


class Metric(Noun):
    """What is to be known of a metric before its values are read."""

    name: MetricName
    title: str
    phrase: str
    """Its name within a sentence, as in: scores 84 % on exact match."""
    meaning: str
    right: str
    """An example of a right answer."""
    wrong: str
    higher_is_better: bool = True
    binary: bool = True
    """Whether every value is 0 or 1."""


METRICS: Mapping[MetricName, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="exact_match",
            title="Exact match",
            phrase="exact match",
            meaning="The answer is the reference, apart from case, spacing, Unicode form and a final full stop.",
            right="49 crowns",
            wrong="It costs 49 crowns",
        ),
        Metric(
            name="token_f1",
            title="Token F1",
            phrase="token F1",
            meaning="Overlap of the words of answer and reference: the harmonic mean of precision and recall.",
            right="49 crowns",
            wrong="blue",
            binary=False,
        ),
        Metric(
            name="rouge_l",
            title="ROUGE-L",
            phrase="ROUGE-L",
            meaning="Longest series of words that both have in the same order, gaps allowed, as an F measure.",
            right="the lamp costs 49 crowns",
            wrong="blue",
            binary=False,
        ),
        Metric(
            name="valid_json",
            title="Valid JSON",
            phrase="valid JSON",
            meaning="The answer can be read as JSON, with or without a code fence; its content does not matter.",
            right='{"price": "49 crowns"}',
            wrong="price: 49 crowns",
        ),
        Metric(
            name="json_field_match",
            title="JSON fields",
            phrase="JSON field match",
            meaning="Share of the fields of both JSON objects, reference and answer, that are the same in both.",
            right='{"price": "49 crowns"}',
            wrong='{"price": "94 crowns"}',
            binary=False,
        ),
        Metric(
            name="contains",
            title="Contains",
            phrase="containing the target",
            meaning="The reference occurs in the answer, as whole words, whatever else it says.",
            right="It costs 49 crowns.",
            wrong="It costs 94 crowns.",
        ),
        Metric(
            name="regex",
            title="Regular expression",
            phrase="pattern match",
            meaning="The reference, read as a regular expression, is found in the answer.",
            right="ORDER-4711 (reference: ORDER-\\d+)",
            wrong="no order",
        ),
        Metric(
            name="numeric",
            title="Number",
            phrase="numeric match",
            meaning="The last number of the answer equals the reference's last number.",
            right="That makes 49.0 crowns.",
            wrong="48",
        ),
        Metric(
            name="substance",
            title="Substance",
            phrase="substance, whatever the form",
            meaning="What the reference says stands in the answer, whatever its form; of a JSON object, the share of "
            "its values.",
            right='It costs 49 crowns. (reference: {"price": "49 crowns"})',
            wrong='{"price": "94 crowns"}',
            binary=False,
        ),
    )
}
"""Every metric by name."""


FORMAL: frozenset[MetricName] = frozenset({"exact_match", "token_f1", "rouge_l", "json_field_match"})
"""Metrics by which an answer that says the right thing in another form than the reference's loses."""
LENIENT: MetricName = "substance"
"""The metric that reads such an answer as right."""


def counted(use_case: UseCase) -> str:
    """What candidates are compared on, in the plural."""
    return "labelled requests" if use_case.decided_by == "preference" else "test examples"


def deciding(use_case: UseCase) -> tuple[str, str, str]:
    """What candidates are compared by, as a title, within a sentence, and what it means."""
    if use_case.decided_by == "preference":
        meaning = "the share of blind comparisons that people decide for it, a tie being half a win"
        return "Win rate", "people's preference (win rate against the simplest)", meaning
    metric = METRICS[use_case.metric]
    return metric.title, metric.phrase, metric.meaning
