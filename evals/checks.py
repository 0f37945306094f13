"""``python -m evals.checks STEP_DIR [STEP_DIR ...]``: benchmark suites on bases and on what was trained of them."""

import json
import sys

from workbench.environment import prepare

prepare()

from dataclasses import asdict
from functools import lru_cache, partial

from evals.harness import Loaded, load_suites, run_suite
from evals.refusal_judge import REPLY_TOKENS, judged
from recipes.asking import asker
from recipes.bases import Bases
from workbench.engine import main
from workbench.suites import Part, Suite
from workbench.workspace import Step, read_jsonl, write_atomically, write_jsonl

PACKAGES = ("torch", "transformers", "peft", "lm_eval", "datasets")


def check(step: Step, *, bases: Bases) -> None:
    """Do a ``check`` step: every suite on a base with the weights that its stages left; resumes by suite.

    Leaves ``items.jsonl`` with one line for each item of each suite, and ``suites.json`` with what was asked of each.
    """
    inputs = step.record.inputs
    step.progress("reading the suites")
    loaded = read(json.dumps(inputs["suites"]), inputs["part"])
    items, told = step.path("items.part.jsonl"), step.path("suites.part.json")
    rows = list(read_jsonl(items))
    asked = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    step.progress("loading the base model")
    with bases.of(step, merged=True) as base:
        for n, one in enumerate(loaded, 1):
            name = one.suite.name
            if name in asked:
                continue

            def report(done: int, of: int, name: str = name) -> None:
                step.progress(f"asking {name}", step=done, total=of)

            found, about = run_suite(base, one, report=report, again=bool(inputs.get("again")))
            if one.suite.judge is not None:
                step.progress(f"judging {name}")
                found = judged(one.suite, found, asker(one.suite.judge, tokens=REPLY_TOKENS))
            rows = [row for row in rows if row["suite"] != name] + [asdict(item) for item in found]
            asked[name] = None if about is None else asdict(about)
            write_jsonl(items, rows)
            write_atomically(told, json.dumps(asked))
            step.progress("measured", step=n, total=len(loaded))
    write_jsonl(step.path("items.jsonl"), rows)
    write_atomically(step.path("suites.json"), json.dumps(asked, indent=1))
    items.unlink(missing_ok=True)
    told.unlink(missing_ok=True)
    step.note(items=len(rows), suites=len(loaded))


@lru_cache(maxsize=4)
def read(suites: str, part: Part) -> tuple[Loaded, ...]:
    """The suites of a step, read once for all steps of this process that ask the same ones."""
    return tuple(load_suites([Suite.parse(record, where="step.json") for record in json.loads(suites)], part))


if __name__ == "__main__":
    sys.exit(main({"check": partial(check, bases=Bases())}, program="evals.checks", packages=PACKAGES))
