"""The benchmark suites that show what training cost a model: what each is about and which way is better."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

import yaml
from pydantic import Field

from workbench.model import Noun
from workbench.workspace import file_digest


class Suite(Noun):
    """One lm-eval task, as it is compared here."""

    name: str
    facet: str
    """What ability it is about."""
    metric: str
    """The metric that is compared."""
    higher_is_better: bool
    chance: float = Field(default=0.0, ge=0, lt=1)
    """What guessing gets."""
    delta: float = Field(gt=0)
    """The largest loss that counts as none."""
    unit: str = "points"


DELTA, SAFETY_DELTA, TEXT_DELTA = 0.03, 0.02, 0.02
"""Losses that count as none: shares of items, of items about safety, and nats per token of general text."""


def _folder() -> Path:
    return Path(str(resources.files("evals"))) / "tasks" / "pocket"


@lru_cache(maxsize=1)
def pocket_suites() -> Mapping[str, Suite]:
    """The suites of the bundled base model, by name."""
    found = {}
    for path in sorted(_folder().glob("[a-z]*.yaml")):
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=_Plain)
        about = read["metadata"]
        text = about["facet"] == "general text"
        safety = about["facet"] in ("safety", "over-refusal")
        found[read["task"]] = Suite(
            name=read["task"],
            facet=about["facet"],
            metric="nats" if text else "strict",
            higher_is_better=not text,
            chance=about["chance"],
            delta=TEXT_DELTA if text else SAFETY_DELTA if safety else DELTA,
            unit="nats per token" if text else "points",
        )
    return found


class _Plain(yaml.SafeLoader):
    """Reads lm-eval's YAML without running what it names."""


_Plain.add_constructor("!function", lambda loader, node: str(node.value))


def suite_digest(suite: Suite) -> str:
    """What a suite's figures depend on beside the model: the digest of its data."""
    return file_digest(_folder() / f"{suite.name.removeprefix('pocket_')}.jsonl")
