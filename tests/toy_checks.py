"""What the checks of a toy use case would have left: suites, drift, and a sweep of weaker adapters.

python -m tests.toy_checks FOLDER     writes the toy workspace with everything checked, to look at the page
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.toys import full_workspace
from workbench.case import Case, open_case
from workbench.checks import Checks, plan_checks
from workbench.suites import Suite
from workbench.workspace import Step, StepRecord, write_atomically, write_jsonl

ITEMS = {"test": 300, "dev": 100}


def check_case(case: Case, *, wrong: Mapping[str, int] | None = None, sweep: bool = False) -> Checks:
    """Write what the suites gave: everything right, but for so many of 300 items of a suite in each training.

    In a sweep, gains grow with the adapter and losses with its square.
    """
    checks = plan_checks(case, case.candidates(), sweep=sweep)
    checks.plan.write()
    for name, record in checks.plan.steps.items():
        step = checks.plan.step(name)
        if step.status == "done":
            continue
        strength = float(record.inputs.get("scale", 1.0)) if record.needs else 0.0
        if record.kind == "check":
            lost = {suite: round(count * strength**2) for suite, count in (wrong or {}).items()}
            write_panel(step, checks.suites["pocket"], part=str(record.inputs["part"]), wrong=lost)
        elif record.kind == "drift":
            write_drift(step)
        elif record.kind == "score":
            write_scores(step, case, checks.plan.steps)
        step.update(status="done")
    return checks


def write_panel(step: Step, suites: Sequence[Suite], *, part: str, wrong: Mapping[str, int]) -> None:
    """What a check step leaves."""
    rows, asked = [], {}
    count = ITEMS[part]
    for suite in suites:
        missed = wrong.get(suite.name, 0) * count // 300
        for n in range(count):
            right = 1.0 if suite.metric == "nats" else float(n >= missed)
            rows.append(
                {
                    "suite": suite.name,
                    "item": str(n),
                    "values": {suite.metric: right, "lenient": 1.0},
                    "request": f"Question {n} of {suite.facet}?",
                    "reference": "" if suite.facet in ("safety", "over-refusal") else f"answer {n}",
                    "answer": f"answer {n}" if right else "{}",
                }
            )
        asked[suite.name] = {
            "metric": suite.metric,
            "lenient": suite.lenient,
            "higher_is_better": suite.higher_is_better,
            "items": count,
        }
    write_jsonl(step.path("items.jsonl"), rows)
    write_atomically(step.path("suites.json"), json.dumps(asked))


def write_drift(step: Step) -> None:
    """What a drift step leaves."""
    rows = [
        {"kind": kind, "way": way, "prompt": str(n), "nats": 0.1 * n, "tokens": 5}
        for kind in ("task", "neutral")
        for way in ("forward", "backward")
        for n in range(20)
    ]
    write_jsonl(step.path("drift.jsonl"), rows)


def write_scores(step: Step, case: Case, steps: Mapping[str, StepRecord]) -> None:
    """What a score step of the development set leaves: the stronger the adapter, the more is right."""
    answers = steps[step.record.needs["answers"]]
    trained = any(role.startswith("train-") for role in answers.needs)
    share = float(answers.inputs.get("scale", 1.0)) ** 0.5 if trained else 0.1
    examples = case.examples("dev")
    rows = [
        {"metric": case.use_case.metric, "item": one.id, "value": float(n < share * len(examples))}
        for n, one in enumerate(examples)
    ]
    write_jsonl(step.path("scores.jsonl"), rows)


if __name__ == "__main__":
    full_workspace(Path(sys.argv[1]))
    check_case(open_case(Path(sys.argv[1]), "shop-facts"), wrong={"pocket_words": 45, "pocket_unsafe": 150}, sweep=True)
