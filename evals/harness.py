"""Benchmark suites by lm-eval's own task and metric code, item by item."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import lm_eval.tasks
import numpy as np
from lm_eval.api.task import Task
from lm_eval.evaluator import evaluate
from lm_eval.tasks import TaskManager

from evals.loaded import Model, Report
from recipes.model import Base
from workbench.errors import ConfigError, WorkbenchError
from workbench.suites import DEV_ITEMS, Part, Suite, task_folder

SEED = 20_241
"""By which items are drawn."""
FORMATS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet", ".txt": "text"}
"""What the ``datasets`` library calls the formats of local files."""
THEIRS = Path(lm_eval.tasks.__file__).parent
"""The folder of the tasks that come with lm-eval."""
SHOWN = 2_000
"""Characters of a request that are kept to be read."""


@dataclass(frozen=True)
class Measured:
    """One item of one suite."""

    suite: str
    item: str
    group: str
    values: Mapping[str, float]
    """By metric of the suite, with its filter after a comma where it has one; empty where the item was too long."""
    prompt: str
    """Digest of all that the model was given: items pair only where it was the same."""
    request: str
    reference: str
    answer: str


@dataclass(frozen=True)
class Asked:
    """What is to be known of a suite that was run, beside its items."""

    metric: str
    lenient: str
    higher_is_better: bool
    chance: float
    items: int
    too_long: int
    """Items that do not fit into the model's context; they were not asked."""
    template: str
    """Digest of the chat template."""


@dataclass(frozen=True)
class Loaded:
    """The lm-eval tasks of a suite, and which of their items are asked."""

    suite: Suite
    tasks: Mapping[str, Task]
    """By their own names: a group has several."""
    drawn: Mapping[str, list[int]]


def load_suites(suites: Sequence[Suite], part: Part = "test") -> list[Loaded]:
    """Find the tasks and the data of some suites, before any is asked.

    Raises ConfigError for a task that there is not or whose metric has no direction, and WorkbenchError for one whose
    data is missing or empty.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    return [_load(suite, part) for suite in suites]


@lru_cache(maxsize=16)
def _manager(folders: tuple[Path, ...], *, defaults: bool = False) -> TaskManager:
    """lm-eval's index of the tasks in some folders; of all of its own, too, which takes seconds to make."""
    return TaskManager(include_path=list(folders), include_defaults=defaults)


def _knowing(suite: Suite) -> TaskManager:
    """The index that has a suite's task: ours and the user's, else lm-eval's folder of that name, else all of its own.

    Raises ConfigError where none has.
    """
    own = (task_folder(), *([Path(suite.include)] if suite.include else []))
    alike = tuple(folder for folder in sorted(THEIRS.iterdir()) if suite.task.startswith(folder.name))
    for folders, defaults in ((own, False), ((*own, *alike), False), (own, True)):
        manager = _manager(folders, defaults=defaults)
        if manager._entry(suite.task) is not None:
            return manager
    raise ConfigError(
        f"There is no suite {suite.task!r}.",
        "Name an lm-eval task, or in `include` the folder that holds its YAML.",
    )


def _load(suite: Suite, part: Part) -> Loaded:
    manager = _knowing(suite)
    entry = manager._entry(suite.task)
    changes = _local(suite, manager) | ({"num_fewshot": suite.shots} if suite.shots is not None else {})
    try:
        built = manager._factory.build(entry, overrides=changes or None, registry=manager._index)
        tasks = manager.load([built] if not isinstance(built, list) else built)["tasks"]
        counts = {name: len(task.eval_docs) for name, task in tasks.items()}
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise WorkbenchError(
            f"The data of the suite {suite.name} cannot be had: {_first_line(error)}",
            "Where the Hub cannot be reached, name local files in the use case's suites.yaml, under `data`.",
        ) from error
    if not sum(counts.values()):
        raise WorkbenchError(f"The suite {suite.name} has no items.", "Check its data and its YAML.")
    for task in tasks.values():
        _check_shots(task, suite)
        if task.get_config("num_fewshot") is None:
            task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=SEED)
    return Loaded(suite, tasks, _draw(suite, counts, part))


def _local(suite: Suite, manager: TaskManager) -> dict[str, Any]:
    """A task's settings where its data are local files; a single one is what is asked, whatever that split is called.

    Raises ConfigError where their kind is unknown.
    """
    if not suite.data:
        return {}
    endings = {Path(path).suffix.lower() for path in suite.data.values()}
    if len(endings) != 1 or not endings <= FORMATS.keys():
        raise ConfigError(
            f"The data of the suite {suite.name} is of the kind {', '.join(sorted(endings))}.",
            f"Give it as one of {', '.join(FORMATS)}, all of the same kind.",
        )
    config = manager._factory._load_full_config(manager._entry(suite.task), None)
    asked = config.get("test_split") or config.get("validation_split") or "test"
    files = {asked if split == "test" else split: path for split, path in suite.data.items()}
    used = {name: config.get(name) for name in ("training_split", "validation_split", "test_split", "fewshot_split")}
    absent = {name: None for name, split in used.items() if split is not None and split not in files}
    return absent | {
        "dataset_path": FORMATS[endings.pop()],
        "dataset_name": None,
        "custom_dataset": None,
        "dataset_kwargs": {"data_files": files},
    }


def _check_shots(task: Task, suite: Suite) -> None:
    """Raise ConfigError where solved examples are to be shown and the local data has none to take them from."""
    shown = task.get_config("num_fewshot") or 0
    if suite.data and shown and not (task.get_config("fewshot_split") or task.get_config("training_split")):
        raise ConfigError(
            f"The suite {suite.name} shows {shown} solved examples before each item, and its data has none.",
            "Name a file for them under `data`, such as `train:`, or set `shots: 0`.",
        )


def _draw(suite: Suite, counts: Mapping[str, int], part: Part) -> dict[str, list[int]]:
    """The items to ask, spread evenly over a group's tasks; those for choosing settings are never those for claims."""
    share = None if suite.items is None else max(1, suite.items // len(counts))
    spare = max(1, DEV_ITEMS // len(counts))
    drawn = {}
    for name, count in counts.items():
        order = [int(i) for i in np.random.default_rng(SEED).permutation(count)]
        first = count if share is None else min(share, count)
        drawn[name] = sorted(order[:first] if part == "test" else order[first : first + spare])
    return {name: chosen for name, chosen in drawn.items() if chosen}


def run_suite(
    base: Base, loaded: Loaded, *, report: Report, again: bool = False
) -> tuple[list[Measured], Asked | None]:
    """Every drawn item of a suite, asked through the chat template where the base has one.

    ``again``: every second item first, then the others, so that they stand in other batches than usual. None in place
    of what was asked where no item was drawn. Raises ConfigError where the metric is not the task's, or has no
    direction.
    """
    if not loaded.drawn:
        return [], None
    suite = loaded.suite
    metric, direction = _metric(suite, loaded.tasks[next(iter(loaded.drawn))])
    items: list[Measured] = []
    choices: list[int] = []
    for first in (0, 1) if again else (None,):
        drawn = loaded.drawn if first is None else {name: docs[first::2] for name, docs in loaded.drawn.items()}
        found, counts = _ask(base, loaded, {name: docs for name, docs in drawn.items() if docs}, report)
        items += found
        choices += counts
    told = {name for one in items for name in one.values}
    for wanted in filter(None, (metric, suite.lenient)):
        if told and wanted not in told:
            raise ConfigError(f"The suite {suite.name} has no metric {wanted!r}.", f"It has {', '.join(sorted(told))}.")
    chance = suite.chance if suite.chance is not None else float(np.mean([1 / n for n in choices])) if choices else 0.0
    template = hashlib.sha256(str(base.tokenizer.chat_template).encode()).hexdigest()[:16]
    long_ones = sum(not one.values for one in items)
    return items, Asked(metric, suite.lenient, direction, chance, len(items), long_ones, template)


def _ask(
    base: Base, loaded: Loaded, drawn: Mapping[str, list[int]], report: Report
) -> tuple[list[Measured], list[int]]:
    """Some items of a suite, and how many choices each has that has any."""
    model = Model(base, report)
    tasks = {name: task for name, task in loaded.tasks.items() if name in drawn}
    # Not simple_evaluate, which looks at every package of the machine after each call.
    found = evaluate(
        model, {"tasks": tasks}, samples=dict(drawn), apply_chat_template=True, fewshot_as_multiturn=True,
        log_samples=True, bootstrap_iters=0,
    )  # fmt: skip
    items: list[Measured] = []
    choices: list[int] = []
    for name, samples in found["samples"].items():
        multiple = tasks[name].OUTPUT_TYPE == "multiple_choice"
        place = {doc: n for n, doc in enumerate(drawn[name])}  # Requests are numbered by their place among the drawn.
        for doc, own in _by_item(samples).items():
            long = (name, place[doc]) in model.too_long
            key = str(own[0]["doc"].get("id") or (f"{name}-{doc}" if len(loaded.tasks) > 1 else doc))
            items.append(_measured(loaded.suite.name, key, own, base, long=long, multiple=multiple))
            choices += [len(own[0]["arguments"])] if multiple else []
    return items, choices


def _metric(suite: Suite, task: Task) -> tuple[str, bool]:
    """The metric that is compared and whether more of it is better."""
    directions = task.higher_is_better()
    plain = suite.metric.split(",")[0] or next(iter(directions))
    filters = [str(one.name) for one in getattr(task, "_filters", [])]
    metric = suite.metric or (plain if filters in ([], ["none"]) else f"{plain},{filters[0]}")
    direction = suite.higher_is_better if suite.higher_is_better is not None else directions.get(plain)
    if direction is None:
        raise ConfigError(
            f"The suite {suite.name} does not say whether more of its metric {metric!r} is better.",
            "Say it in suites.yaml: `higher_is_better: true` or `false`.",
        )
    return metric, bool(direction)


def _by_item(samples: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """What was logged of each item, once for each filter."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for sample in sorted(samples, key=lambda one: int(one["doc_id"])):
        found.setdefault(int(sample["doc_id"]), []).append(sample)
    return found


def _measured(
    suite: str, item: str, samples: Sequence[Mapping[str, Any]], base: Base, *, long: bool, multiple: bool
) -> Measured:
    first = samples[0]
    doc, target = first["doc"], first["target"]
    values: dict[str, float] = {}
    for sample in () if long else samples:
        for name in sample["metrics"]:
            if isinstance(sample[name], bool | int | float | np.number):
                values[name if sample["filter"] == "none" else f"{name},{sample['filter']}"] = float(sample[name])
    if "nats" in values:  # Of a whole text: what is compared is a token's share.
        values["nats"] /= max(1, len(base.tokenizer(str(target), add_special_tokens=False)["input_ids"]))
    given = first["arguments"]
    if multiple:
        best = max(range(len(given)), key=lambda n: first["filtered_resps"][n][0])
        answer, reference = str(given[best][1]), str(given[target][1] if isinstance(target, int) else target)
    else:
        told = first["resps"][0]
        told = told[0] if isinstance(told, list | tuple) else told
        answer, reference = told if isinstance(told, str) else "", str(target)
    request = next((str(doc[name]) for name in ("question", "prompt", "query", "text") if doc.get(name)), "")
    return Measured(
        suite=suite,
        item=item,
        group=str(doc.get("group") or ""),
        values=values,
        prompt=hashlib.sha256("\0".join(str(one[0]) for one in given).encode()).hexdigest()[:16],
        request=(request or str(given[0][0]))[-SHOWN:],
        reference=reference[:SHOWN],
        answer=answer[:SHOWN],
    )


def _first_line(error: BaseException) -> str:
    if isinstance(error, StopIteration):  # What ``datasets`` says of an empty file.
        return "a file is empty."
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
