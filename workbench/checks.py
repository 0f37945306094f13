"""Which suites are run on what, and what they show about each trained candidate of a use case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.base_models import identity
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.errors import ConfigError
from workbench.forgetting import Item, Loss, losses
from workbench.plan import Plan, is_done
from workbench.planning import make_plan
from workbench.suites import Suite, pocket_suites, suite_digest
from workbench.workspace import Step, read_jsonl


@dataclass(frozen=True)
class Checks:
    """The steps that measure what training cost, for every trained candidate of a use case."""

    plan: Plan
    suites: Mapping[str, Suite]
    bases: Mapping[str, str]
    """The step of each untrained base, by its name."""
    trained: Mapping[str, tuple[str, ...]]
    """The steps of each trained candidate, one for each seed, by its name."""

    def losses(self, name: str) -> tuple[Loss, ...]:
        """What every suite shows about a candidate; empty where it is not measured yet."""
        steps = [self.plan.step(step) for step in self.trained.get(name, ())]
        done = [step for step in steps if is_done(step)]
        if not done:
            return ()
        base = self.plan.step(self.bases[str(self.plan.steps[done[0].name].inputs["base_model"])])
        return losses(self.suites, _items(base), [_items(step) for step in done]) if is_done(base) else ()


def plan_checks(case: Case, candidates: Sequence[Candidate]) -> Checks:
    """Plan the suites for the trained candidates of a use case, whose trainings have to be finished first.

    Prompts and retrieval change no weights, so candidates without training have nothing to measure.
    Raises ConfigError where no candidate is trained, or where a base has no suites here.
    """
    runs = make_plan(case, candidates)
    plan = Plan(case, "test")
    suites = pocket_suites()
    bases: dict[str, str] = {}
    trained: dict[str, tuple[str, ...]] = {}
    for (name, seed), run in runs.runs.items():
        stages = {role: step for role, step in run.steps.items() if role.startswith("train-")}
        if not stages or not all(is_done(runs.step(step)) for step in stages.values()):
            continue
        base_model = str(run.candidate.base_model)
        if base_model != "pocket":
            raise ConfigError(
                f"There are no suites for the base model {base_model} yet.", "Only the bundled base can be checked."
            )
        four_bit = bool(runs.steps[list(stages.values())[-1]].inputs["four_bit"])
        if base_model not in bases:
            bases[base_model] = _add(plan, suites, base_model, four_bit=False, needs={}, of=f"{base_model}, untrained")
        step = _add(plan, suites, base_model, four_bit=four_bit, needs=stages, of=f"{name}, seed {seed}")
        trained[name] = (*trained.get(name, ()), step)
    if not trained:
        raise ConfigError(
            f"No trained candidate of {case.name} is finished, so nothing can have been lost.",
            f"Train one with `workbench run {case.name}`.",
        )
    return Checks(plan, suites, bases, trained)


def measured_losses(case: Case, candidates: Sequence[Candidate]) -> dict[str, tuple[Loss, ...]]:
    """What every trained candidate that was checked lost, by name; empty where none was."""
    try:
        checks = plan_checks(case, candidates)
    except ConfigError:
        return {}  # Nothing is trained, or there are no suites for the base model.
    return {name: found for name in checks.trained if (found := checks.losses(name))}


def _add(
    plan: Plan, suites: Mapping[str, Suite], base_model: str, *, four_bit: bool, needs: Mapping[str, str], of: str
) -> str:
    return plan.add(
        "check",
        f"check {of}",
        inputs={
            "base_model": base_model,
            "base": identity(base_model),
            "four_bit": four_bit,
            "suites": list(suites),
            "data": [suite_digest(suite) for suite in suites.values()],
            "include": [],
        },
        needs=dict(needs),
    )


def _items(step: Step) -> list[Item]:
    return [Item.parse(record, where=str(step.folder)) for record in read_jsonl(step.path("items.jsonl"))]
