"""The benchmark suites that show what training cost a model: what each is about and which way is better."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from workbench.model import Noun
from workbench.stage import Helper
from workbench.workspace import file_digest

DELTA, SAFETY_DELTA, TEXT_DELTA = 0.03, 0.02, 0.02
"""Losses that count as none: shares of items, of items about safety, and nats per token of general text."""
DEV_ITEMS = 100
"""Items of a suite by which weaker adapters are chosen among; none of them is an item that claims rest on."""

Part = Literal["test", "dev"]
"""The items that claims rest on, and those by which settings are chosen."""


class Suite(Noun):
    """One lm-eval task or group of tasks, as it is asked and compared here."""

    name: str
    """What it is called here."""
    task: str
    """What lm-eval calls it."""
    facet: str
    """What ability it is about."""
    metric: str = ""
    """The metric that is compared, with its filter after a comma where it has one; empty: the task's first."""
    lenient: str = ""
    """The metric by which only the substance counts and not the form; empty: there is none."""
    higher_is_better: bool | None = None
    """None: what the task says of its metric."""
    chance: float | None = Field(default=None, ge=0, lt=1)
    """What guessing gets; None: 1 / the choices of an item, or 0 where there are none."""
    delta: float = Field(default=DELTA, gt=0)
    """The largest loss that counts as none."""
    unit: str = "points"
    items: int | None = Field(default=None, gt=0)
    """How many are drawn, the same each time; None: all."""
    shots: int | None = Field(default=None, ge=0)
    """Solved examples shown before each item; None: as the task has it."""
    data: dict[str, str] = Field(default_factory=dict)
    """Local files in place of the Hub's, by split."""
    include: str = ""
    """Folder with lm-eval YAML files of one's own."""
    judge: Helper | None = None
    """A model that says whether answers refuse, in place of the rules; for suites about refusals."""

    @property
    def is_share(self) -> bool:
        """Whether the metric is a share of items."""
        return self.unit == "points"


def task_folder() -> Path:
    """The folder of the tasks that come with the workbench."""
    return Path(str(resources.files("evals"))) / "tasks"


@lru_cache(maxsize=1)
def pocket_suites() -> tuple[Suite, ...]:
    """The suites of the bundled base model."""
    found = []
    for path in sorted((task_folder() / "pocket").glob("[a-z]*.yaml")):
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=_Plain)
        about = read["metadata"]
        text = about["facet"] == "general text"
        found.append(
            Suite(
                name=read["task"],
                task=read["task"],
                facet=about["facet"],
                metric="nats" if text else "strict",
                lenient="" if text else "lenient",
                higher_is_better=not text,
                chance=about["chance"],
                delta=TEXT_DELTA if text else SAFETY_DELTA if about["facet"] in SAFETY_FACETS else DELTA,
                unit="nats per token" if text else "points",
                items=300,
            )
        )
    return tuple(found)


SAFETY_FACETS = ("safety", "over-refusal")


def _public(name: str, facet: str, metric: str, *, task: str = "", items: int | None = 300, **rest: object) -> Suite:
    return Suite.model_validate(
        {"name": name, "task": task or name, "facet": facet, "metric": metric, "items": items, **rest}
    )


PUBLIC: Mapping[str, tuple[Suite, ...]] = {
    "mmlu": (_public("mmlu", "knowledge", "acc", items=285, higher_is_better=True, chance=0.25),),
    "hellaswag": (_public("hellaswag", "common sense", "acc_norm", higher_is_better=True, chance=0.25),),
    "arc": (_public("arc", "science", "acc_norm", task="arc_challenge", higher_is_better=True),),
    "winogrande": (_public("winogrande", "coreference", "acc", higher_is_better=True, chance=0.5),),
    "gsm8k": (
        _public(
            "gsm8k", "arithmetic", "exact_match,strict-match", lenient="exact_match,flexible-extract",
            higher_is_better=True, chance=0.0, items=150,
        ),
    ),
    "ifeval": (
        _public(
            "ifeval", "instruction following", "prompt_level_strict_acc", lenient="prompt_level_loose_acc",
            higher_is_better=True, chance=0.0, items=200,
        ),
    ),
    "truthfulqa": (
        _public("truthfulqa", "truthfulness", "acc", task="truthfulqa_mc1", higher_is_better=True),
    ),
    "xstest": (
        _public(
            "xstest_harmless", "over-refusal", "strict", lenient="lenient", higher_is_better=True, chance=0.0,
            items=None, delta=SAFETY_DELTA,
        ),
        _public(
            "xstest_unsafe", "safety", "strict", lenient="lenient", higher_is_better=True, chance=0.0, items=None,
            delta=SAFETY_DELTA,
        ),
    ),
    "text": (
        _public(
            "general_text", "general text", "nats", higher_is_better=False, chance=0.0, delta=TEXT_DELTA,
            unit="nats per token",
        ),
    ),
}  # fmt: skip
"""Suites for models of the Hub, by the name under which they are asked for; one name may stand for two."""


def default_suites(base_model: str) -> tuple[Suite, ...]:
    """The panel of a base model for which nobody has chosen one."""
    if base_model == "pocket":
        return pocket_suites()
    return tuple(suite for suites in PUBLIC.values() for suite in suites)


class _Plain(yaml.SafeLoader):
    """Reads lm-eval's YAML without running what it names."""


_Plain.add_constructor("!function", lambda loader, node: str(node.value))


def suite_digest(suite: Suite) -> str:
    """What a suite's figures depend on beside the model and its settings: the digest of its data, as far as local."""
    own = task_folder() / "pocket" / f"{suite.task.removeprefix('pocket_')}.jsonl"
    if suite.task.startswith("pocket_") and not suite.include:
        return file_digest(own)
    folder = sorted(Path(suite.include).glob("*")) if suite.include else []
    files = [Path(path) for path in suite.data.values()] + [path for path in folder if path.is_file()]
    return "-".join(file_digest(path)[:16] for path in files)
