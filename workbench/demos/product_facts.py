"""``product-facts``: answers that only the documents hold, so retrieval is what it takes."""

from random import Random

from workbench.demos.catalogue import product_demo
from workbench.demos.demo import SMALLEST_DIFFERENCE, Demo
from workbench.usecase import UseCase


def build(rng: Random) -> Demo:
    """Questions about new products; the base can read, and training on other products teaches it no facts."""
    return product_demo(
        rng,
        UseCase(
            name="product-facts",
            instruction="Answer the question about our products.",
            metric="exact_match",
            secondary_metrics=("token_f1",),
            smallest_difference=SMALLEST_DIFFERENCE,
            knowledge_changes="monthly",
        ),
        target=lambda asked: asked.answer,
        truth="RAG",
        blurb=(
            "Customers ask about new products. Each product has a short description, the model has never heard "
            "of any, and the training questions are about other products: only looking it up can help."
        ),
    )
