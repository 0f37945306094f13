"""General text, by whose likelihood is measured how far a model has drifted, as an lm-eval task."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

CHUNK_WORDS = 250
"""Words of one piece of a longer text."""
FEWEST_WORDS = 30
"""Pieces shorter than that, headings for example, are left out."""


def likelihood(doc: Mapping[str, Any], results: list[Any]) -> dict[str, float]:
    """Minus the log-likelihood of a text, in nats."""
    found = results[0][0] if isinstance(results[0], tuple | list) else results[0]
    return {"nats": -float(found)}


def chunks(documents: Dataset) -> Dataset:
    """Texts cut into pieces; pieces of one document belong together.

    ``documents``: rows with a ``text``, or a ``page`` as WikiText has it.
    """
    rows = []
    for n, document in enumerate(documents):
        words = str(document.get("text") or document.get("page") or "").split()
        pieces = [words[start : start + CHUNK_WORDS] for start in range(0, len(words), CHUNK_WORDS)]
        rows += [{"text": " ".join(one), "group": f"document {n}"} for one in pieces if len(one) >= FEWEST_WORDS]
    return Dataset.from_list(rows)
