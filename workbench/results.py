"""What the finished runs of a use case show, gathered from their folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.audit import Audit
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.chances import Chance, chance_of
from workbench.checked import gather
from workbench.claim_labels import CheckedClaim
from workbench.create import audit_case
from workbench.examples import Examples
from workbench.facts import Facts, facts_of
from workbench.given import Given
from workbench.measures import MeasureName, Measures
from workbench.people import given_labels
from workbench.plan import Plan, is_done
from workbench.planning import make_plan
from workbench.probed import gather_probed
from workbench.question import Question, frozen
from workbench.retrieval_notes import Prepared
from workbench.rows import CandidateRows, Places, Planned, Rows, Took
from workbench.rows import decide as decide
from workbench.rows import labelled_panel as labelled_panel
from workbench.run import Response, Retrieved, Run
from workbench.score import LENIENT, Score
from workbench.score_tables import score_table
from workbench.searched import gather_searched
from workbench.sought import Sought, seek
from workbench.statistics.arrays import Floats
from workbench.usecase import MetricName, Split, UseCase
from workbench.workspace import Step, read_jsonl

MEASURING = ("measure", "support")
"""The roles of the steps that measure what was found and what answers rest on."""
QUERIED = ("queries-test", "queries-dev")
"""The roles of the step that makes queries of the requests that are answered."""
TUNED = ("pairs", "without_a_passage", "dev_questions", "dev_recall_before", "dev_recall", "kept_step")
"""What the tuning of an embedder notes that a reader should know."""
CHOSEN = ("rows_with_gold", "rows_with_distractors_alone", "rows_without_evidence")
"""What a training notes of rows that got passages on purpose."""
TRAINING_ROLES = ("train", "passes", "rows", "pairs", "paraphrases", "reward", "embedder")
"""How the roles of those steps of a run begin that its training takes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CandidateResults(CandidateRows):
    """What the finished runs of one candidate gave, in the folders of their steps."""

    runs: tuple[Run, ...]
    """One for each seed that is finished, in the order of the seeds."""
    steps: tuple[Mapping[str, Step], ...]
    """The finished step folders of each run by role."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are finished, in order."""
        return tuple(run.seed for run in self.runs)

    @property
    def answered(self) -> tuple[str, ...]:
        """The step in which each run answered: other answers are another step."""
        return tuple(run.steps["answer"] for run in self.runs)

    @property
    def facts(self) -> Facts:
        """What is so, whatever was measured."""
        return facts_of(self.candidate)

    def responses(self, seed_position: int = 0) -> tuple[Response, ...]:
        """The answers of one run, in the order of the examples."""
        path = self.steps[seed_position]["answer"].path("responses.jsonl")
        return tuple(Response.parse(record, where=str(path)) for record in read_jsonl(path))

    def retrieved(self, split: str = "test") -> Mapping[str, Retrieved]:
        """What retrieval found, by example; empty where the candidate retrieves nothing."""
        step = self.steps[0].get(f"retrieve-{split}")
        if step is None:
            return {}
        path = step.path("retrieved.jsonl")
        return {record["example"]: Retrieved.parse(record, where=str(path)) for record in read_jsonl(path)}

    def fact(self, role: str, name: str) -> tuple[float, ...]:
        """One figure that a step of every run noted about itself, where it did."""
        found = [steps[role].record.facts.get(name) for steps in self.steps if role in steps]
        return tuple(float(value) for value in found if value is not None)

    def took(self) -> Took:
        """What its answers and its training took."""
        responses = self.responses(0)
        timed = {one.example: one.seconds for one in responses if one.seconds is not None}
        return Took(
            seconds=tuple(timed.values()),
            timed=tuple(timed),
            costs=tuple(one.cost for one in responses if one.cost is not None),
            prompt_tokens=self.fact("answer", "prompt_tokens"),
            completion_tokens=self.fact("answer", "completion_tokens"),
            training=self.training_seconds(),
            answering_mb=self.fact("answer", "peak_memory_mb"),
            training_mb=self.training_mb(),
            prepared=self._prepared(),
        )

    def _prepared(self) -> Prepared:
        """What the steps of the first run noted of queries, of the embedder's tuning and of rows with distractors."""
        steps = self.steps[0]
        queries = next((step.record.facts for role, step in steps.items() if role in QUERIED), {})
        tuned = steps["embedder"].record.facts if "embedder" in steps else {}
        rows = [step.record.facts for role, step in steps.items() if role.startswith("train-")]
        return Prepared(
            requests=queries.get("examples", 0),
            as_they_are=queries.get("fell_back", {}),
            embedder={name: value for name, value in tuned.items() if name in TUNED},
            rows=next(({name: one[name] for name in CHOSEN} for one in rows if CHOSEN[0] in one), {}),
        )

    def training_seconds(self) -> tuple[float, ...]:
        """Seconds that all training took, the embedder's included, for each run; empty where nothing is trained."""
        if not self.trains:
            return ()
        roles = self._training_roles()
        return tuple(sum(float(steps[role].record.facts["seconds"]) for role in roles) for steps in self.steps)

    def training_mb(self) -> tuple[float, ...]:
        """The most memory that any step of the training held, for each run where one noted it."""
        if not self.trains:
            return ()
        roles = self._training_roles()
        noted = ([steps[role].record.facts.get("peak_memory_mb") for role in roles] for steps in self.steps)
        known = ([float(one) for one in run if one is not None] for run in noted)
        return tuple(max(run) for run in known if run)

    def _training_roles(self) -> list[str]:
        return [role for role in self.steps[0] if role.split("-")[0] in TRAINING_ROLES]


@dataclass(frozen=True, eq=False, kw_only=True)
class Results(Rows):
    """All that is known so far about a use case's candidates, with the folders that it was read from."""

    case: Case
    plan: Plan
    candidates: tuple[CandidateResults, ...]
    """Those with at least one finished run."""

    @property
    def asked(self) -> Question | None:
        """The question as it stood before any score was seen; None where nobody froze it."""
        return frozen(self.case)

    @property
    def split(self) -> Split:
        """The split that the examples are of."""
        return self.plan.split

    @property
    def planned(self) -> tuple[Planned, ...]:
        """Every run that there is to be, in order."""
        return tuple(
            Planned(candidate=name, approach=run.candidate.approach, seed=seed)
            for (name, seed), run in self.plan.runs.items()
        )

    @cached_property
    def _development(self) -> Examples:
        return self.case.examples("dev")

    @property
    def development(self) -> tuple[str, ...]:
        """What each example of the development set is counted under, in order."""
        return tuple(one.cluster for one in self._development)

    def audit(self) -> Audit:
        """What is wrong with the examples."""
        return audit_case(self.case)

    def given(self) -> tuple[Given, ...]:
        """People's labels on test requests, queue by queue, the newest first; read anew, since people go on."""
        return given_labels(self.case)

    def sees_training_answers(self, name: str) -> bool:
        """Whether a candidate learns, quotes or retrieves training answers, so that leaked examples flatter it."""
        return self.case.sees_training_answers(self.find(name).candidate)

    def stopped(self, name: str) -> str:
        """What stopped a candidate's run, in words; empty where nothing did."""
        for (owner, _), run in self.plan.runs.items():
            for step in map(self.plan.step, run.steps.values() if owner == name else ()):
                record = step.record if (step.folder / "step.json").exists() else None
                if record is not None and record.status == "failed":
                    return f"{record.message} {record.hint}"
        return ""

    def after_stage(self, name: str, number: int) -> Floats | None:
        """A candidate's values on the development set as one stage left it; None where some run was not measured."""
        every = self.find(name).steps
        steps = [step for roles in every if (step := roles.get(f"dev-score-{number}")) is not None]
        return score_table(steps, self._development, self.use_case.metric) if len(steps) == len(every) else None

    def sought(self, name: str) -> Sought | None:
        """What became of the passages that would answer each example; None where a candidate retrieves nothing."""
        one = self.find(name)
        index = one.steps[0].get("index")
        if index is None:
            return None
        lenient = score_table(
            [steps["score-lenient"] for steps in one.steps if "score-lenient" in steps], self.examples, LENIENT
        )
        return seek(
            self.examples,
            one.retrieved(self.split),
            index.folder,
            confirmed=self.case.confirmed(self.split),
            lenient=lenient,
        )

    def chances(self) -> tuple[tuple[str, Chance], ...]:
        """What each candidate that is reinforced could do before, by the first of its seeds that was tried."""
        found: dict[tuple[str, str], Chance] = {}
        for (name, _), run in self.plan.runs.items():
            for role, folder in run.steps.items():
                step = self.plan.step(folder)
                chance = chance_of(step.record.facts) if role.startswith("passes-") and is_done(step) else None
                if chance is not None:
                    found.setdefault((name, role), chance)
        return tuple((name, chance) for (name, _), chance in found.items())

    def find(self, name: str) -> CandidateResults:
        """The finished runs of one candidate by name."""
        return next(one for one in self.candidates if one.name == name)


def load_results(case: Case, candidates: Sequence[Candidate] | None = None) -> Results:
    """Gather the finished runs of the chosen candidates."""
    plan = make_plan(case, candidates if candidates is not None else case.candidates())
    examples = case.examples(plan.split)
    use_case = case.use_case
    found, waiting = [], []
    for name in dict.fromkeys(name for name, _ in plan.runs):
        runs = [run for (owner, _), run in plan.runs.items() if owner == name]
        finished = [run for run in runs if is_done(plan.step(run.steps["score"]))]
        if finished:
            found.append(_gather(plan, finished, examples, use_case))
        else:
            waiting.append(name)
    checked = gather(case, [one.candidate for one in found])
    seen = any(case.sees_training_answers(one.candidate) for one in found)
    leaked = frozenset(audit_case(case).leaked_ids) if seen and plan.split == "test" else frozenset()
    probed = gather_probed(case, mean_scores(found, use_case.metric), leaked=leaked) if plan.split == "test" else ()
    return Results(
        case=case, use_case=use_case, plan=plan, examples=examples, candidates=tuple(found), waiting=tuple(waiting),
        checked=checked, leaked=leaked, probed=probed, searched=gather_searched(case) if plan.split == "test" else (),
        labelled=_labelled(plan),
    )  # fmt: skip


def mean_scores(candidates: Sequence[CandidateResults], metric: MetricName) -> dict[str, float]:
    """Each candidate's mean on a metric, over the examples that it has a value for."""
    return {
        one.name: float(np.nanmean(one.values[metric])) for one in candidates if not np.isnan(one.values[metric]).all()
    }


def _gather(plan: Plan, runs: Sequence[Run], examples: Examples, use_case: UseCase) -> CandidateResults:
    position = {example.id: i for i, example in enumerate(examples)}
    metrics = dict.fromkeys((use_case.metric, *use_case.secondary_metrics))
    values = {metric: np.full((len(runs), len(examples)), np.nan) for metric in metrics}
    abstained = np.zeros((len(runs), len(examples)), dtype=np.bool_)
    failed, unscored = _Places(len(runs)), _Places(len(runs))
    for row, run in enumerate(runs):
        path = plan.step(run.steps["score"]).path("scores.jsonl")
        for record in read_jsonl(path):
            score, place = Score.parse(record, where=str(path)), position[record["item"]]
            if score.metric in values and score.value is not None:
                values[score.metric][row, place] = score.value
            if score.metric == use_case.metric:
                abstained[row, place] = score.abstained
                failed.add(score.failure, row, place)
                unscored.add("" if score.value is not None else score.reason or "no reason given", row, place)
    measures, unmeasured = _measured(plan, runs, examples)
    return CandidateResults(
        candidate=runs[0].candidate, values=values, abstained=abstained, failed=failed.by_kind(),
        unscored=unscored.by_kind(), measures=measures, unmeasured=unmeasured, runs=tuple(runs),
        steps=tuple(
            {role: plan.step(name) for role, name in run.steps.items() if is_done(plan.step(name))} for run in runs
        ),
    )  # fmt: skip


def _measured(
    plan: Plan, runs: Sequence[Run], examples: Examples
) -> tuple[dict[MeasureName, Floats], dict[MeasureName, dict[str, Places]]]:
    """What the measuring steps of the runs left, as far as they are done: values, and the reasons where there is none.

    A measure of which no run has a value has none here.
    """
    position = {example.id: i for i, example in enumerate(examples)}
    found: dict[MeasureName, Floats] = {}
    missing: dict[MeasureName, _Places] = {}
    for row, run in enumerate(runs):
        for step in (plan.step(run.steps[role]) for role in MEASURING if role in run.steps):
            if not is_done(step):
                continue
            path = step.path("measures.jsonl")
            for record in read_jsonl(path):
                one = Measures.parse(record, where=str(path))
                for name, value in one.values.items():
                    empty = np.full((len(runs), len(examples)), np.nan)
                    found.setdefault(name, empty)[row, position[one.example]] = value
                for name, reason in one.reasons.items():
                    missing.setdefault(name, _Places(len(runs))).add(reason, row, position[one.example])
    return found, {name: places.by_kind() for name, places in missing.items() if name in found}


def _labelled(plan: Plan) -> tuple[CheckedClaim, ...]:
    """Claims that people labelled, once they were checked."""
    names = {run.steps["labelled"] for run in plan.runs.values() if "labelled" in run.steps}
    paths = [plan.step(name).path("labelled.jsonl") for name in names if is_done(plan.step(name))]
    return tuple(CheckedClaim.parse(record, where=str(path)) for path in paths for record in read_jsonl(path))


class _Places:
    """Positions of examples by what is said of their answers, run by run."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.found: dict[str, list[list[int]]] = {}

    def add(self, kind: str, run: int, place: int) -> None:
        """One more, if anything is said of it."""
        if kind:
            self.found.setdefault(kind, [[] for _ in range(self.runs)])[run].append(place)

    def by_kind(self) -> dict[str, Places]:
        """All of them."""
        return {kind: tuple(map(tuple, rows)) for kind, rows in self.found.items()}
