"""Benchmark suites on the bundled base beside lm-eval's own ``hf`` model: the same weights, tasks and code around both.

``python -m tests.benchmarks.suites [--items N] [--batches 1 32 auto]``. Nothing is asserted here. Each side has a
process of its own and all cores, one after the other: ours as every engine has it, the stock model's without our
OMP_WAIT_POLICY, which slows down batches of one.
"""

import argparse
import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml
from lm_eval.api.model import LM
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM
from peft import get_peft_model

from evals.harness import SEED, Loaded, load_suites, run_suite
from evals.loaded import Model
from recipes.bases import Bases
from recipes.model import load
from recipes.training import lora_config
from workbench.environment import SETTINGS
from workbench.stage import Lora
from workbench.suites import Suite, pocket_suites, task_folder
from workbench.workspace import read_jsonl, write_jsonl

CHOICES, SHOTS, SHOWN, ASKED = 4, 5, 40, 300
"""Choices of an item, solved examples before it, how many items are kept to be such examples, and how many asked."""
OURS = ("ours", "candidate")
"""Sides with our own settings of the process."""


def panels(folder: Path) -> dict[str, Sequence[Suite]]:
    """Suites that are asked together, those of the folder among them."""

    def own(task: str) -> list[Suite]:
        return [Suite(name=task, task=task, facet="choices", include=str(folder))]

    return {
        "Offline panel": pocket_suites(),
        "Four choices, five examples drawn for each item": own("choices_drawn"),
        "Four choices, the same five examples": own("choices_fixed"),
        "Four letters, the same five examples": own("choices_letters"),
    }


@dataclass(frozen=True)
class Told:
    """What one model said to a panel, by task, item and filter."""

    seconds: float
    responses: Mapping[tuple[str, int, str], list[Any]]
    values: Mapping[tuple[str, int, str], dict[str, float]]


def write_choices(folder: Path) -> None:
    """Four-choice tasks with five solved examples, made of two suites of short answers: items, and one YAML each.

    ``drawn``: each item has five examples of its own, lm-eval's default. ``fixed``: all items have the same five, as
    in MMLU. ``letters``: the same five, and the choices are part of the question, so that a letter is the answer.
    """
    rng = Random(0)
    pocket = task_folder() / "pocket"
    items = []
    for name in ("facts", "reading"):
        rows = list(read_jsonl(pocket / f"{name}.jsonl"))
        for row in rows:
            others = sorted({one["answer"] for one in rows} - {row["answer"]})
            choices = rng.sample([row["answer"], *rng.sample(others, CHOICES - 1)], CHOICES)
            items.append({"question": row["question"], "choices": choices, "label": choices.index(row["answer"])})
    rng.shuffle(items)
    write_jsonl(folder / "shown.jsonl", items[:SHOWN])
    write_jsonl(folder / "asked.jsonl", items[SHOWN : SHOWN + ASKED])
    common = {
        "dataset_path": "json",
        "dataset_kwargs": {
            "data_files": {"test": str(folder / "asked.jsonl"), "shown": str(folder / "shown.jsonl")},
            "cache_dir": str(folder / "cache"),
        },
        "output_type": "multiple_choice",
        "test_split": "test",
        "fewshot_split": "shown",
        "num_fewshot": SHOTS,
        "doc_to_text": "{{question}}\nAnswer:",
        "doc_to_target": "label",
        "doc_to_choice": "choices",
        "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }
    fixed = {"fewshot_config": {"sampler": "first_n"}}
    letters = {
        "doc_to_text": "{{question}}\n{% for one in choices %}{{'ABCD'[loop.index0]}}. {{one}}\n{% endfor %}Answer:",
        "doc_to_choice": ["A", "B", "C", "D"],
    }
    for name, own in {"drawn": {}, "fixed": fixed, "letters": fixed | letters}.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"task": f"choices_{name}", **common, **own}))


def ask(model: LM, loaded: Sequence[Loaded], *, items: int | None) -> Told:
    """Put suites to a model, by the same call for every model."""
    tasks = {name: task for one in loaded for name, task in one.tasks.items()}
    for task in tasks.values():
        task.set_fewshot_seed(seed=SEED)
    began = time.perf_counter()
    with redirect_stderr(io.StringIO()):  # Progress bars.
        found = evaluate(
            model, {"tasks": tasks}, apply_chat_template=True, fewshot_as_multiturn=True, bootstrap_iters=0,
            samples={name: drawn[:items] for one in loaded for name, drawn in one.drawn.items()},
        )  # fmt: skip
    seconds = time.perf_counter() - began
    assert found is not None
    samples = {
        (task, one["doc_id"], one["filter"]): one for task, several in found["samples"].items() for one in several
    }
    return Told(
        seconds,
        {key: [answer for given in one["resps"] for answer in given] for key, one in samples.items()},
        {key: {name: float(one[name]) for name in one["metrics"]} for key, one in samples.items()},
    )


def ask_all(side: str, folder: Path, items: int | None) -> dict[str, Told]:
    """What one side says to every panel, after two items of each suite for what is done only once."""
    base = load("pocket")
    loaded = {title: load_suites(suites) for title, suites in panels(folder).items()}

    def model() -> LM:
        return Model(base) if side == "ours" else HFLM(base.model, tokenizer=base.tokenizer, batch_size=side)

    for several in loaded.values():
        ask(model(), several, items=2)
    return {title: ask(model(), several, items=items) for title, several in loaded.items()}


def likelihood(response: Any) -> float | None:
    """The log-likelihood that a response holds, if it does."""
    if isinstance(response, tuple):
        return float(response[0])
    return float(response) if isinstance(response, float) else None


def compared(ours: Told, stock: Told) -> str:
    """Where two models' responses differ, in one line."""
    assert ours.responses.keys() == stock.responses.keys()
    differences: list[float] = []
    texts = other = 0
    for key, given in ours.responses.items():
        for one, theirs in zip(given, stock.responses[key], strict=True):
            if (likely := likelihood(one)) is not None:
                differences.append(abs(likely - (likelihood(theirs) or 0.0)))
            else:
                texts += 1
                other += one != theirs
    values = sum(ours.values[key] != theirs for key, theirs in stock.values.items() if "nats" not in theirs)
    parts = [f"log-likelihoods differ by at most {max(differences):.1e}"] if differences else []
    parts += [f"{other} of {texts} answers differ"] if texts else []
    return "; ".join([*parts, f"{values} items have another score"])


def show_panel(title: str, told: Mapping[str, Told]) -> None:
    """Seconds of ours and of the stock model with each batch size, and whether they say the same."""
    ours = told["ours"]
    right = [one["acc"] for one in ours.values.values() if "acc" in one]
    share = f", accuracy {sum(right) / len(right):.3f}" if right else ""
    print(f"\n{title}: {len(ours.values):,} items{share}\n  {'ours':<21} {ours.seconds:7.1f} s")
    for side, stock in told.items():
        if side != "ours":
            print(
                f"  {f'stock, batch of {side}':<21} {stock.seconds:7.1f} s: ours is {stock.seconds / ours.seconds:.1f}"
                f" times as fast; {compared(ours, stock)}"
            )


def candidate_seconds(folder: Path) -> float:
    """Seconds that a check step asks an adapter for, where base and suites are loaded already."""
    get_peft_model(load("pocket").model, lora_config(Lora())).save_pretrained(folder / "adapter")
    bases = Bases()
    bases.get("pocket")
    loaded = load_suites(pocket_suites())
    began = time.perf_counter()
    with bases.trained("pocket", [folder]) as base:
        for one in loaded:
            run_suite(base, one, report=lambda done, of: None)
    return time.perf_counter() - began


def in_own_process(side: str, folder: Path, items: int | None) -> Any:
    """What a side's process found out, and how busy the machine was before."""
    settings = {name: value for name, value in SETTINGS.items() if side in OURS or name != "OMP_WAIT_POLICY"}
    limit = [] if items is None else ["--items", str(items)]
    load = os.getloadavg()[0]
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.suites", "--side", side, "--folder", str(folder), *limit],
        env=settings | dict(os.environ), check=True,
    )  # fmt: skip
    return pickle.loads((folder / f"{side}.pickle").read_bytes()), load


def main() -> None:
    """Print everything; takes about ten minutes on two cores."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, help="ask only the first so many of each task")
    options.add_argument("--batches", nargs="+", default=["1", "32"], help="batch sizes of the stock model")
    options.add_argument("--side", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.side:
        warnings.filterwarnings("ignore", category=FutureWarning)
        alone = given.side == "candidate"
        found = candidate_seconds(given.folder) if alone else ask_all(given.side, given.folder, given.items)
        (given.folder / f"{given.side}.pickle").write_bytes(pickle.dumps(found))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_choices(folder)
        told = {}
        for side in ("ours", *given.batches):
            told[side], load = in_own_process(side, folder, given.items)
            print(f"{side:>5}: {sum(one.seconds for one in told[side].values()):6.1f} s (load before {load:.1f})")
        for title in panels(folder):
            show_panel(title, {side: found[title] for side, found in told.items()})
        seconds, load = in_own_process("candidate", folder, None)
        print(
            f"\nOne more candidate, an adapter on the bundled base: offline panel in {seconds:.1f} s (load {load:.1f})"
        )


if __name__ == "__main__":
    main()
