"""``facts-as-json``: new facts in a new form, so it takes retrieval and training at once."""

import json
from random import Random

from workbench.demos.catalogue import PRODUCTS, Asked, ask_about, documents_of, draw_products, file_name
from workbench.demos.demo import SMALLEST_DIFFERENCE, Demo, Request, examples_of
from workbench.usecase import UseCase


def build(rng: Random) -> Demo:
    """Questions about new products, answered in a JSON form with keys that the base has never met."""
    products = draw_products(rng, sum(PRODUCTS.values()))
    documents = documents_of(products, rng=rng)
    asked = ask_about(products, rng=rng)
    return Demo(
        use_case=UseCase(
            name="facts-as-json",
            instruction="Answer the question about our products as an entry for our catalogue.",
            metric="exact_match",
            secondary_metrics=("json_field_match", "valid_json"),
            smallest_difference=SMALLEST_DIFFERENCE,
            knowledge_changes="monthly",
        ),
        train=examples_of("train", [_request(each) for each in asked["train"]]),
        dev=examples_of("dev", [_request(each) for each in asked["dev"]]),
        test=examples_of("test", [_request(each) for each in asked["test"]]),
        documents=documents,
        truth="RAG + fine-tuning",
        blurb=(
            "A program asks about new products and needs each answer in a form of its own. The facts stand in the "
            "documents alone, the form in the training examples alone: it takes both."
        ),
    )


def _request(asked: Asked) -> Request:
    entry = {"entry": asked.thing.name, "property": asked.key, "holds": asked.answer}
    return Request(
        asked.text,
        json.dumps(entry),
        group=asked.thing.name,
        evidence=(file_name(asked.thing),),
        tags=(asked.key,),
    )
