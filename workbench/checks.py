"""Which suites are run on what, to see what training cost each trained candidate of a use case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.base_models import hosted_name, identity
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.forgetting import Loss, Measured, losses
from workbench.plan import Plan, is_done, with_needs
from workbench.planning import make_plan, weakened
from workbench.run import Run
from workbench.stage import Full, Preferences, Reinforced, Reward
from workbench.suite_items import Panel, read_panel
from workbench.suite_list import chosen_suites
from workbench.suites import Part, Suite, suite_digest
from workbench.usecase import Split
from workbench.workspace import LOOKS, Step

ALPHAS = (0.25, 0.5, 0.75, 1.0)
"""How strongly adapters act in a sweep."""

Way = Literal["alpha", "steps"]
"""What a sweep goes along: how strongly the adapters act, or the steps of the last stage."""


@dataclass(frozen=True)
class Point:
    """A trained candidate at one place of a sweep, on the development items: by the names of its steps."""

    way: Way
    at: float
    """The share of the adapter that acts, or the share of the last stage's steps that were done."""
    steps: int | None
    """Steps of the optimiser, where it goes along these."""
    panels: tuple[str, ...]
    """Suites, one for each training."""
    scores: tuple[str, ...]
    """The use case's own development set, one for each training."""


@dataclass
class Course:
    """All that is measured of one trained candidate: by the names of its steps."""

    candidate: Candidate
    base: str
    """The untrained base."""
    again: str
    """The same, asked a second time."""
    four_bit: bool
    seeds: list[int] = field(default_factory=list)
    panels: list[str] = field(default_factory=list)
    """One for each training."""
    drifts: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """The weights before the first preference or RL stage, one for each training; empty where there is none."""
    scores: list[str] = field(default_factory=list)
    """The candidate's own answers to the test set, scored."""
    scores_before: list[str] = field(default_factory=list)
    """Those of the weights before that stage."""
    base_panel: str = ""
    """The untrained base on the development items; empty without a sweep."""
    base_score: str = ""
    """The untrained base on the use case's development set."""
    points: list[Point] = field(default_factory=list)


@dataclass(frozen=True)
class Checks:
    """The steps that measure what training cost, for every trained candidate of a use case."""

    plan: Plan
    case: Case
    suites: Mapping[str, tuple[Suite, ...]]
    """By base model."""
    bases: Mapping[str, str]
    """The step of each untrained base, by its name."""
    courses: Mapping[str, Course]
    """By candidate."""

    def suites_of(self, name: str) -> tuple[Suite, ...]:
        """The suites that a candidate is checked by."""
        return self.suites[str(self.courses[name].candidate.base_model)]

    def panel(self, step: str) -> Panel | None:
        """What a step's suites gave, or None where it is not done."""
        found = self.plan.step(step)
        return read_panel(found) if is_done(found) else None

    def measured(self, name: str) -> Measured | None:
        """A candidate beside its untrained base; None where it is not measured yet."""
        course = self.courses[name]
        after = [panel for panel in map(self.panel, course.panels) if panel is not None]
        base = self.panel(course.base)
        return Measured([base], after, self.panel(course.again)) if base is not None and after else None

    def losses(self, name: str) -> tuple[Loss, ...]:
        """What every suite shows about a candidate; empty where it is not measured yet.

        Raises WorkbenchError where base and candidate do not pair.
        """
        measured = self.measured(name) if name in self.courses else None
        return losses(self.suites_of(name), measured) if measured is not None else ()


def plan_checks(case: Case, candidates: Sequence[Candidate], *, sweep: bool = False) -> Checks:
    """Plan the suites for the bases of some candidates and for the trained ones, as far as their trainings are done.

    Prompts and retrieval change no weights, so candidates without training have nothing to measure but their base.
    ``sweep``: also with weaker adapters and on the way, on items kept for choosing. Raises ConfigError as
    ``chosen_suites`` and ``make_plan`` do.
    """
    runs = make_plan(case, candidates)
    planner = _Planner(case, sweep=sweep)
    for run in runs.runs.values():
        here = run.candidate.imported is None and hosted_name(str(run.candidate.base_model)) is None
        if not run.candidate.training and here:
            planner.base(str(run.candidate.base_model))
    for run in runs.runs.values():
        stages = {role: step for role, step in run.steps.items() if role.startswith("train-")}
        if stages and all(is_done(runs.step(step)) for step in stages.values()):
            planner.trained(run, stages, runs)
    return Checks(planner.plan, case, planner.suites, planner.bases, planner.courses)


class _Planner:
    """The checks of a use case, as far as they are planned."""

    def __init__(self, case: Case, *, sweep: bool) -> None:
        self.case, self.sweep = case, sweep
        self.plan = Plan(case, "test")
        self.suites: dict[str, tuple[Suite, ...]] = {}
        self.bases: dict[str, str] = {}
        self.courses: dict[str, Course] = {}

    def base(self, base_model: str) -> str:
        """The step in which a base is asked as it came."""
        if base_model not in self.bases:
            self.suites[base_model] = chosen_suites(self.case, base_model)
            self.bases[base_model] = self.check(base_model, f"check {base_model}, untrained")
        return self.bases[base_model]

    def check(
        self,
        base_model: str,
        title: str,
        *,
        needs: Mapping[str, str] | None = None,
        four_bit: bool = False,
        part: Part = "test",
        how: Mapping[str, float | bool] | None = None,
    ) -> str:
        """The step that asks all suites of some weights."""
        suites = self.suites[base_model]
        return self.plan.add(
            "check",
            title,
            inputs={
                "base_model": base_model,
                "base": identity(base_model),
                "four_bit": four_bit,
                "part": part,
                "suites": [suite.model_dump(mode="json", exclude_defaults=True) for suite in suites],
                "data": [suite_digest(suite) for suite in suites],
                **(how or {}),
            },
            needs=dict(needs or {}),
        )

    def trained(self, run: Run, stages: Mapping[str, str], runs: Plan) -> None:
        """All that is measured of one training of a candidate."""
        candidate, base_model = run.candidate, str(run.candidate.base_model)
        base = self.base(base_model)
        four_bit = bool(runs.steps[list(stages.values())[-1]].inputs["four_bit"])
        course = self.courses.get(candidate.name)
        if course is None:
            again = self.check(base_model, f"check {base_model}, untrained, again", how={"again": True})
            course = self.courses[candidate.name] = Course(candidate, base, again, four_bit)
        of = f"{candidate.name}, seed {run.seed}"
        how = weakened(candidate)
        course.seeds.append(run.seed)
        course.panels.append(self.check(base_model, f"check {of}", needs=stages, four_bit=four_bit, how=how))
        course.drifts.append(self.drift(run, stages, runs, base))
        course.scores.append(run.steps["score"])
        self.before(course, run, stages, runs)
        if self.sweep and not any(isinstance(stage.adapter, Full) for stage in candidate.training):
            self.along(course, run, stages, runs)

    def drift(self, run: Run, stages: Mapping[str, str], runs: Plan, base: str) -> str:
        """The step that measures how far a training has moved the model's predictions."""
        split: Split = "dev" if self.case.split_path("dev").stat().st_size else "test"
        answers = self.answers(run.candidate, run.seed, split).steps["answer"]
        asked = self.plan.steps[answers]
        inputs = {name: value for name, value in asked.inputs.items() if name not in ("decoding", "timed")}
        return self.plan.add(
            "drift",
            f"compare the predictions of {run.candidate.name}, seed {run.seed}, with its base's",
            inputs=inputs | {"answer_tokens": run.candidate.decoding.max_new_tokens},
            needs={**asked.needs, "neutral": base},
            files=dict(asked.files),
        )

    def before(self, course: Course, run: Run, stages: Mapping[str, str], runs: Plan) -> None:
        """The weights that the candidate's first preference or RL stage went on from."""
        first = first_aligned(run.candidate)
        if first is None:
            return
        answering = [stage for stage in run.candidate.training[:first] if not isinstance(stage, Reward)]
        kept = dict(list(stages.items())[: len(answering)])
        base_model = str(run.candidate.base_model)
        four_bit = bool(kept) and bool(runs.steps[list(kept.values())[-1]].inputs["four_bit"])
        title = f"check {run.candidate.name}, seed {run.seed}, before stage {first + 1}"
        step = self.check(base_model, title, needs=kept, four_bit=four_bit) if kept else self.base(base_model)
        course.before.append(step)
        shorter = _as_trained(run.candidate, training=tuple(answering))
        course.scores_before.append(self.answers(shorter, run.seed if kept else 0, "test").steps["score"])

    def along(self, course: Course, run: Run, stages: Mapping[str, str], runs: Plan) -> None:
        """The candidate with weaker adapters and on the way, on the development items."""
        if not self.case.split_path("dev").stat().st_size:
            return
        candidate, base_model = run.candidate, str(run.candidate.base_model)
        if not course.base_panel:
            course.base_panel = self.check(base_model, f"check {base_model} on development items", part="dev")
            bare = _as_trained(candidate, training=())
            course.base_score = self.answers(bare, 0, "dev").steps["score"]
        last = runs.step(list(stages.values())[-1])
        places: list[tuple[Way, float, int | None]] = [("alpha", alpha, None) for alpha in ALPHAS]
        total = int(last.record.facts.get("optimiser_steps", 0))
        places += [("steps", at / total, at) for at in kept_steps(last) if at < total]
        for way, at, steps in places:
            there = _as_trained(candidate, adapter_scale=at if way == "alpha" else 1.0, after_steps=steps)
            how, where = weakened(there), f"{at:g} of its adapter" if way == "alpha" else f"after {steps} steps"
            title = f"check {candidate.name}, seed {run.seed}, {where}"
            panel = self.check(base_model, title, needs=stages, four_bit=course.four_bit, part="dev", how=how)
            score = self.answers(there, run.seed, "dev").steps["score"]
            self.add_point(course, Point(way, at, steps, (panel,), (score,)))

    def add_point(self, course: Course, point: Point) -> None:
        """Put a training's place beside the same place of the others."""
        for n, known in enumerate(course.points):
            if (known.way, known.steps) == (point.way, point.steps) and abs(known.at - point.at) < 1e-9:
                panels, scores = known.panels + point.panels, known.scores + point.scores
                course.points[n] = Point(known.way, known.at, known.steps, panels, scores)
                return
        course.points.append(point)

    def answers(self, candidate: Candidate, seed: int, split: Split) -> Run:
        """A run in which a candidate, or what it is made of, answers a split; its steps are planned here."""
        other = make_plan(self.case, [candidate], split=split)
        run = other.runs[candidate.name, seed]
        for name in with_needs(run.steps["score"], other):
            self.plan.steps.setdefault(name, other.steps[name])
        return run


def _as_trained(candidate: Candidate, **changes: object) -> Candidate:
    """A candidate with other weights and nothing else changed."""
    same: dict[str, object] = {"adapter_scale": 1.0, "after_steps": None}
    return candidate.model_copy(update=same | changes)


def first_aligned(candidate: Candidate) -> int | None:
    """The place of a candidate's first preference or RL stage."""
    for n, stage in enumerate(candidate.training):
        if isinstance(stage, Preferences | Reinforced) and not isinstance(stage, Reward):
            return n
    return None


def kept_steps(training: Step) -> list[int]:
    """The steps of a training after which its adapter was kept."""
    folders: list[Path] = list((training.folder / LOOKS).glob("step-*"))
    return sorted(int(folder.name.removeprefix("step-")) for folder in folders)
