"""Benchmark suites by lm-eval's own task and metric code, item by item."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lm_eval.evaluator import simple_evaluate
from lm_eval.tasks import TaskManager

from evals.loaded import Model, Report
from recipes.model import Base
from workbench.errors import ConfigError, WorkbenchError

TASKS = Path(__file__).parent / "tasks"
"""The suites that come with the workbench."""


@dataclass(frozen=True)
class Measured:
    """One item of one suite."""

    suite: str
    item: str
    group: str
    values: Mapping[str, float]
    """By metric of the suite."""
    request: str
    reference: str
    answer: str


def run_suites(base: Base, names: Sequence[str], *, include: Sequence[Path] = (), report: Report) -> list[Measured]:
    """Every item of some lm-eval tasks, asked through the chat template where the base has one.

    Raises ConfigError for a task that there is not, and WorkbenchError for one whose data is missing or empty.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    manager = TaskManager(include_path=[TASKS, *include], include_defaults=False)
    unknown = [name for name in names if name not in manager.all_tasks]
    if unknown:
        manager = TaskManager(include_path=[TASKS, *include])
        unknown = [name for name in names if name not in manager.all_tasks]
    if unknown:
        raise ConfigError(
            f"There is no suite {unknown[0]!r}.", "Name an lm-eval task, or the folder that holds its YAML."
        )
    try:
        found = simple_evaluate(
            Model(base, report), tasks=list(names), task_manager=manager, apply_chat_template=True, log_samples=True,
            bootstrap_iters=0, batch_size=1,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"A suite cannot be run: {error}", "Check its data and its YAML.") from error
    assert found is not None
    return [
        _measured(name, sample, base)
        for name, samples in found["samples"].items()
        for sample in sorted(samples, key=lambda one: one["doc_id"])
    ]


def _measured(suite: str, sample: Mapping[str, Any], base: Base) -> Measured:
    doc = sample["doc"]
    values = {name: float(sample[name]) for name in sample["metrics"]}
    if "nats" in values:  # Of a whole text: what is compared is a token's share.
        values["nats"] /= max(1, len(base.tokenizer(str(sample["target"]), add_special_tokens=False)["input_ids"]))
    answer = sample["filtered_resps"][0] if sample.get("filtered_resps") else ""
    return Measured(
        suite=suite,
        item=str(doc.get("id", sample["doc_id"])),
        group=str(doc.get("group") or ""),
        values=values,
        request=str(doc.get("question") or doc.get("text") or ""),
        reference=str(sample["target"]),
        answer=answer if isinstance(answer, str) else "",
    )
