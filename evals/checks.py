"""``python -m evals.checks STEP_DIR [STEP_DIR ...]``: benchmark suites on bases and on what was trained of them."""

import sys

from workbench.environment import prepare

prepare()

from dataclasses import asdict
from functools import partial
from pathlib import Path

from evals.harness import run_suites
from recipes.bases import Bases, earlier_stages
from workbench.engine import main
from workbench.workspace import Step, read_jsonl, write_jsonl

PACKAGES = ("torch", "transformers", "peft", "lm_eval", "datasets")


def check(step: Step, *, bases: Bases) -> None:
    """Do a ``check`` step: every suite on a base with the weights that its stages left; resumes by suite.

    Leaves ``items.jsonl`` with one line for each item of each suite.
    """
    inputs = step.record.inputs
    path = step.path("items.part.jsonl")
    rows = list(read_jsonl(path))
    done = {row["suite"] for row in rows}
    step.progress("loading the base model")
    four_bit = bool(inputs["four_bit"])
    with bases.trained(str(inputs["base_model"]), earlier_stages(step), four_bit=four_bit) as base:
        for n, name in enumerate(inputs["suites"], 1):
            if name in done:
                continue

            def report(asked: int, of: int, name: str = name) -> None:
                step.progress(f"asking {name}", step=asked, total=of)

            found = run_suites(base, [name], include=[Path(one) for one in inputs["include"]], report=report)
            rows += [asdict(one) for one in found]
            write_jsonl(path, rows)
            step.progress("measured", step=n, total=len(inputs["suites"]))
    write_jsonl(step.path("items.jsonl"), rows)
    path.unlink(missing_ok=True)
    step.note(items=len(rows), suites=len(inputs["suites"]))


if __name__ == "__main__":
    sys.exit(main({"check": partial(check, bases=Bases())}, program="evals.checks", packages=PACKAGES))
