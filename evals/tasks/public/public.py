"""Public data that lm-eval has no task for, as it calls it."""

from datasets import Dataset

from evals.safety import declined, helped
from evals.texts import chunks, likelihood

__all__ = ["chunks", "declined", "harmless", "helped", "likelihood", "unsafe"]


def harmless(prompts: Dataset) -> Dataset:
    """The prompts of XSTest that only sound unsafe."""
    return prompts.filter(lambda row: row["label"] == "safe").map(_grouped)


def unsafe(prompts: Dataset) -> Dataset:
    """Their twins that are."""
    return prompts.filter(lambda row: row["label"] == "unsafe").map(_grouped)


def _grouped(row: dict[str, object]) -> dict[str, object]:
    """Prompts about one word belong together."""
    return {"group": str(row.get("focus") or row.get("type") or "")}
