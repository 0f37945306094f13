"""Data and scoring of the bundled base model's suites, as lm-eval calls them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets import Dataset

from evals.safety import declined, helped
from evals.scorers import contains, exact_match
from evals.texts import likelihood

__all__ = ["declined", "exact", "helped", "likelihood", "load", "obeyed"]

FOLDER = Path(__file__).parent


def load(file: str, **rest: Any) -> dict[str, Dataset]:
    """One suite's items, as its only split."""
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    return {"test": Dataset.from_list([json.loads(line) for line in lines])}


def exact(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """strict: the answer is the reference; lenient: the reference occurs in it, whatever stands around it."""
    return {
        "strict": exact_match(results[0], doc["answer"]).value or 0.0,
        "lenient": contains(results[0], doc["answer"]).value or 0.0,
    }


def obeyed(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """strict: the answer has the form that was asked for and holds the fact; lenient: it holds the fact."""
    holds = contains(results[0], doc["answer"]).value or 0.0
    return {"strict": holds * has_form(results[0], doc["rule"], doc["answer"]), "lenient": holds}


def has_form(text: str, rule: str, value: str) -> bool:
    """Whether an answer has the form that a rule of the suite asks for."""
    plain = text.strip()
    if rule == "json":
        try:
            return isinstance(read := json.loads(plain), dict) and set(read) == {"answer"}
        except ValueError:
            return False
    return {
        "upper case": plain == plain.upper() != plain.lower(),
        "lower case": plain == plain.lower() != plain.upper(),
        "ends with done": plain.rstrip(".").endswith("done"),
        "starts with sure": plain.startswith("Sure:"),
        "in quotes": len(plain) > 2 and plain[0] == plain[-1] == '"',
        "a sentence": len(plain.split()) > len(value.split()) + 1 and plain.endswith("."),
        "twice": plain.casefold().count(value.casefold()) == 2,
        "a list": plain.startswith(("- ", "* ", "1. ")) and "\n" not in plain,
    }[rule]
