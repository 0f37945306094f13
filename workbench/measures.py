"""What is measured of retrieval and of answers that rest on passages: each measure, and its values for one example."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from workbench.model import Noun

MeasureName = Literal[
    "recall@1",
    "recall@3",
    "recall@5",
    "recall@10",
    "recall@20",
    "recall@50",
    "precision@1",
    "precision@3",
    "precision@5",
    "precision@10",
    "reciprocal_rank",
    "ndcg@10",
    "in_prompt",
    "coverage",
    "citation_precision",
    "citation_recall",
    "grounded",
    "citation_precision_judged",
    "citation_recall_judged",
    "grounded_judged",
]
RECALLS: Mapping[int, MeasureName] = {
    1: "recall@1", 3: "recall@3", 5: "recall@5", 10: "recall@10", 20: "recall@20", 50: "recall@50",
}  # fmt: skip
"""The share of the evidence that is found, by how many passages are looked at."""
PRECISIONS: Mapping[int, MeasureName] = {
    1: "precision@1", 3: "precision@3", 5: "precision@5", 10: "precision@10",
}  # fmt: skip
FOUND: tuple[MeasureName, ...] = (
    *RECALLS.values(), *PRECISIONS.values(), "reciprocal_rank", "ndcg@10", "in_prompt", "coverage",
)  # fmt: skip
"""Of what was found, before anything is answered."""
SAID: tuple[MeasureName, ...] = ("citation_precision", "citation_recall", "grounded")
"""Of answers, by words."""
JUDGED: Mapping[MeasureName, MeasureName] = {
    "citation_precision": "citation_precision_judged",
    "citation_recall": "citation_recall_judged",
    "grounded": "grounded_judged",
}
"""The same where a model says what supports a claim."""


class Measure(Noun):
    """What is to be known of a measure before its values are read."""

    title: str
    meaning: str


def _first(k: int) -> str:
    return "the first passage" if k == 1 else f"the first {k} passages"


MEASURES: Mapping[MeasureName, Measure] = {
    **{
        name: Measure(title=f"Recall@{k}", meaning=f"share of the right documents among {_first(k)}")
        for k, name in RECALLS.items()
    },
    **{
        name: Measure(title=f"Precision@{k}", meaning=f"share of {_first(k)} that is of a right document")
        for k, name in PRECISIONS.items()
    },
    "reciprocal_rank": Measure(title="MRR", meaning="1 divided by the rank of the first passage of a right document"),
    "ndcg@10": Measure(
        title="nDCG@10",
        meaning="gain of the right documents in the first 10 passages, each counted once where it comes first and less "
        "the later that is, of the most there could be",
    ),
    "in_prompt": Measure(title="In the prompt", meaning="share of the right documents that are in the prompt"),
    "coverage": Measure(
        title="All of several", meaning="where an example has several right documents: whether all are in the prompt"
    ),
    "citation_precision": Measure(
        title="Citations that support", meaning="share of an answer's citations whose passage supports their claim"
    ),
    "citation_recall": Measure(
        title="Claims with such a citation",
        meaning="share of an answer's claims that cite a passage which supports them",
    ),
    "grounded": Measure(
        title="Grounded (words)", meaning="share of an answer's claims whose words stand in one passage of the prompt"
    ),
    "citation_precision_judged": Measure(
        title="Citations that support (model)",
        meaning="share of an answer's citations whose passage supports their claim, by a model",
    ),
    "citation_recall_judged": Measure(
        title="Claims with such a citation (model)",
        meaning="share of an answer's claims that cite a passage which supports them, by a model",
    ),
    "grounded_judged": Measure(
        title="Grounded (model)",
        meaning="share of an answer's claims that one passage of the prompt supports, by a model",
    ),
}
"""Every measure by name."""


class Measures(Noun):
    """The values of one example under each measure, or the reason why there is none."""

    example: str
    values: dict[MeasureName, float]
    """From 0 to 1, 1 is the best."""
    reasons: dict[MeasureName, str] = Field(default_factory=dict)
    """Of measures without a value."""
