"""``product-facts``: answers that only the documents hold, so retrieval is what it takes."""

from random import Random

from workbench.demos.catalogue import PRODUCTS, Asked, ask_about, documents_of, draw_products, file_name
from workbench.demos.demo import SMALLEST_DIFFERENCE, Demo, Request, examples_of
from workbench.usecase import UseCase


def build(rng: Random) -> Demo:
    """Questions about new products; the base can read, and training on other products teaches it no facts."""
    products = draw_products(rng, sum(PRODUCTS.values()))
    documents = documents_of(products, rng=rng)
    asked = ask_about(products, rng=rng)
    return Demo(
        use_case=UseCase(
            name="product-facts",
            instruction="Answer the question about our products.",
            metric="exact_match",
            secondary_metrics=("token_f1",),
            smallest_difference=SMALLEST_DIFFERENCE,
            knowledge_changes="monthly",
        ),
        train=examples_of("train", [_request(each) for each in asked["train"]]),
        dev=examples_of("dev", [_request(each) for each in asked["dev"]]),
        test=examples_of("test", [_request(each) for each in asked["test"]]),
        documents=documents,
        truth="RAG",
        blurb=(
            "Customers ask about new products. Each product has a short description, the model has never heard "
            "of any, and the training questions are about other products: only looking it up can help."
        ),
    )


def _request(asked: Asked) -> Request:
    return Request(
        asked.text, asked.answer, group=asked.thing.name, evidence=(file_name(asked.thing),), tags=(asked.key,)
    )
