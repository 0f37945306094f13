"""Engines for searches over settings, without a model: what is right hangs on the settings alone, and time is told.

python -m tests.toy_tuning FOLDER     writes the toy workspace with a search done, to look at the page or a report
"""

import contextlib
import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from evals.steps import score_answers
from tests.toys import full_workspace, toy_case
from workbench.case import Case, open_case
from workbench.demos import build
from workbench.engine import do_step
from workbench.errors import WorkbenchError
from workbench.examples import read_examples
from workbench.plan import Plan
from workbench.run import Response
from workbench.tune import Watch, keep, tune
from workbench.tuning_start import Wanted
from workbench.workspace import Step, write_jsonl

Skill = Callable[[Step], float]
SECONDS = {"index": 2.0, "retrieve": 1.0, "train": 30.0, "answer": 0.1, "score": 0.0}
"""What a step takes on the toy clock; answering for each request."""


def few_and_hybrid(step: Step) -> float:
    """How often a step's answers are right: few passages that are found by words and by vectors are best."""
    if "retrieve" not in step.record.needs:
        return 0.2
    found = step.needed("retrieve").record.inputs
    return 0.4 + 0.3 * (found.get("search") == "hybrid") + 0.24 * (found["passages"] <= 2)


def few(step: Step) -> float:
    """How often a step's answers are right: only few passages are best, however they are found."""
    return 0.94 if step.needed("retrieve").record.inputs["passages"] <= 2 else 0.4


class ToyEngines:
    """Does steps in this process, by the order of the plan; stands in for ``launch._run_engines``."""

    def __init__(self, skill: Skill = few_and_hybrid) -> None:
        self.skill = skill
        self.now = 0.0
        self.done: list[str] = []
        self.interrupt_after: int | None = None
        self.refuse: Callable[[Step], str] = lambda step: ""

    def clock(self) -> float:
        """Seconds that all steps took so far."""
        return self.now

    def __call__(
        self, engine: str, together: Sequence[Sequence[str]], plan: Plan, on_tick: Callable[[Plan], None]
    ) -> None:
        for name in (name for names in together for name in names):
            on_tick(plan)
            if self.interrupt_after is not None and len(self.done) >= self.interrupt_after:
                raise KeyboardInterrupt
            with contextlib.suppress(WorkbenchError):
                do_step(plan.step(name), dict.fromkeys(SECONDS, self.do), packages=())

    def do(self, step: Step) -> None:
        """Do one step as its engine would."""
        if reason := self.refuse(step):
            raise WorkbenchError(reason, "Choose another.")
        kind = step.record.kind
        self.done.append(step.name)
        self.now += SECONDS[kind]
        if kind == "answer":
            self.answer(step)
        elif kind == "score":
            score_answers(step)

    def answer(self, step: Step) -> None:
        """Right where the example is easy enough for the step's settings: the same ones for the same settings."""
        examples, share = read_examples(step.file("examples")), self.skill(step)
        retrieved = step.needed("retrieve").record.inputs["passages"] if "retrieve" in step.record.needs else 0
        rows = []
        for one in examples:
            ease = int(hashlib.sha256(f"ease of {one.id}".encode()).hexdigest()[:8], 16) / 16**8
            text = one.target if ease < share else "no idea"
            rows.append(Response(example=one.id, text=text, prompt_tokens=40 + 50 * retrieved, completion_tokens=3))
        write_jsonl(step.path("responses.jsonl"), [row.model_dump(mode="json") for row in rows])
        self.now += SECONDS["answer"] * len(examples)
        cost = {"cost": 0.01 * len(examples)} if str(step.record.inputs["base_model"]).startswith("openai:") else {}
        step.note(answered=len(rows), prompt_tokens=40 + 50 * retrieved, completion_tokens=3, **cost)


def case_to_tune(workspace: Path, *, dev: int = 60) -> Case:
    """``shop-facts`` with so many development examples, and nothing run."""
    case = toy_case(workspace, "product-facts", "shop-facts")
    case.freeze("dev", build("product-facts", 0).dev[:dev])
    return case


def tuned_workspace(folder: Path, engines: ToyEngines) -> Path:
    """The toy workspace, with a search over the settings of ``rag`` done and kept."""
    full_workspace(folder)
    case = open_case(folder, "shop-facts")
    case.freeze("dev", build("product-facts", 0).dev)
    candidate = next(one for one in case.candidates() if one.name == "rag")
    wanted = Wanted(budget=1200.0, trials=16)
    keep(case, tune(case, candidate, wanted, watch=Watch(), clock=engines.clock))
    return folder


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        engines = ToyEngines(few)
        patch.setattr("workbench.launch._run_engines", engines)
        print(tuned_workspace(Path(sys.argv[1]), engines))
