"""``facts-as-json``: new facts in a new form, so it takes retrieval and training at once."""

import json
from random import Random

from workbench.demos.catalogue import Asked, product_demo
from workbench.demos.demo import SMALLEST_DIFFERENCE, Demo
from workbench.usecase import UseCase


def build(rng: Random) -> Demo:
    """Questions about new products, answered in a JSON form with keys that the base has never met."""
    return product_demo(
        rng,
        UseCase(
            name="facts-as-json",
            instruction="Answer the question about our products as an entry for our catalogue.",
            metric="exact_match",
            secondary_metrics=("json_field_match", "valid_json"),
            smallest_difference=SMALLEST_DIFFERENCE,
            knowledge_changes="monthly",
        ),
        target=_entry,
        truth="RAG + fine-tuning",
        blurb=(
            "A program asks about new products and needs each answer in a form of its own. The facts stand in the "
            "documents alone, the form in the training examples alone: it takes both."
        ),
    )


def _entry(asked: Asked) -> str:
    return json.dumps({"entry": asked.thing.name, "property": asked.key, "holds": asked.answer})
