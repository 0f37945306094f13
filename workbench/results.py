"""What the finished runs of a use case show, gathered from their folders."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.checked import AllChecked, gather
from workbench.cost import Measured
from workbench.create import audit_case
from workbench.diagnose import Probed
from workbench.errors import WorkbenchError
from workbench.examples import Examples
from workbench.facts import facts_of
from workbench.panel import Panel, Scores
from workbench.people import Deciding, deciding_labels
from workbench.plan import Plan, is_done
from workbench.planning import make_plan
from workbench.probed import gather_probed
from workbench.question import frozen
from workbench.recommend import Recommendation, recommend
from workbench.run import Response, Retrieved, Run
from workbench.score import Score
from workbench.statistics.arrays import Floats
from workbench.usecase import MetricName, UseCase
from workbench.workspace import Step, read_jsonl

TRAINING_ROLES = ("train", "passes", "rows", "pairs", "paraphrases", "reward")
"""How the roles of those steps of a run begin that its training takes."""


@dataclass(frozen=True, eq=False)
class CandidateResults:
    """What the finished runs of one candidate gave."""

    candidate: Candidate
    runs: tuple[Run, ...]
    """One for each seed that is finished, in the order of the seeds."""
    values: Mapping[MetricName, Floats]
    """By metric: shape (runs, examples); NaN where the instrument failed."""
    abstained: NDArray[np.bool_]
    """Where the answer only says that it does not know: shape (runs, examples)."""
    failures: Mapping[str, int]
    """How many answers of all runs were no answer in the asked-for form, by kind."""
    steps: tuple[Mapping[str, Step], ...]
    """The step folders of each run by role."""

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

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

    def measured(self) -> Measured:
        """What its answers and its training took."""
        responses = self.responses(0)
        timed = {one.example: one.seconds for one in responses if one.seconds is not None}
        training = self.training_seconds()
        return Measured(
            seconds=tuple(timed.values()),
            timed=tuple(timed),
            costs=tuple(one.cost for one in responses if one.cost is not None),
            prompt_tokens=_mean(self.fact("answer", "prompt_tokens")),
            completion_tokens=_mean(self.fact("answer", "completion_tokens")),
            train_seconds=_mean(training),
        )

    def training_seconds(self) -> tuple[float, ...]:
        """Seconds that all training stages took, for each run; empty where nothing is trained."""
        if not self.candidate.training:
            return ()
        roles = [role for role in self.steps[0] if role.split("-")[0] in TRAINING_ROLES]
        return tuple(sum(float(steps[role].record.facts["seconds"]) for role in roles) for steps in self.steps)


@dataclass(frozen=True, eq=False)
class Results:
    """All that is known so far about a use case's candidates, on the same examples."""

    case: Case
    use_case: UseCase
    plan: Plan
    examples: Examples
    candidates: tuple[CandidateResults, ...]
    """Those with at least one finished run."""
    waiting: tuple[str, ...]
    """Those without."""
    checked: AllChecked
    """What training cost the candidates, as far as that was measured."""
    leaked: frozenset[str] = frozenset()
    """Test examples whose answers some candidate may have seen in the training set: they are in no comparison."""
    probed: tuple[Probed, ...] = ()
    """What explains who wins, as far as it was measured."""

    def valued(self, metric: MetricName | None = None) -> NDArray[np.bool_]:
        """The examples on which every finished run has a value of a metric. Shape (examples,)."""
        tables = [one.values[metric or self.use_case.metric] for one in self.candidates]
        return np.asarray(~np.isnan(np.concatenate(tables)).any(axis=0), dtype=np.bool_)

    @property
    def excluded(self) -> int:
        """How many examples are left out of the comparison since an instrument failed on them."""
        return int((~self.valued()).sum())

    @property
    def clean(self) -> NDArray[np.bool_]:
        """The examples that do not stand in the training set, too. Shape (examples,)."""
        return np.array([example.id not in self.leaked for example in self.examples], dtype=np.bool_)

    def panel(self, metric: MetricName | None = None) -> Panel:
        """The matrix of scores that comparisons are made of, on the examples that everybody has a value for.

        Raises WorkbenchError where no run is finished, or no example is left.
        """
        if not self.candidates:
            raise WorkbenchError("No run is finished yet.", f"Start them with `workbench run {self.case.name}`.")
        chosen = metric or self.use_case.metric
        kept = np.flatnonzero(self.valued(chosen) & self.clean)
        if not len(kept) and self.leaked:
            raise WorkbenchError(
                f"All {len(self.examples):,} test examples stand in the training set: nothing is left to compare on.",
                f"Leave them out of the training rows: `workbench check {self.case.name} --mend`, then run again.",
            )
        return Panel(
            candidates=tuple(
                Scores(
                    one.name,
                    one.candidate.approach,
                    one.candidate.trained,
                    one.values[chosen][:, kept],
                    one.abstained[:, kept],
                )
                for one in self.candidates
            ),
            items=tuple(self.examples[int(i)].id for i in kept),
            clusters=tuple(self.examples[int(i)].cluster for i in kept),
            tags=tuple(self.examples[int(i)].tags for i in kept),
            metric=chosen,
        )

    def measured(self, one: CandidateResults) -> Measured:
        """What a candidate took and what training cost it."""
        found = self.checked.candidates.get(one.name)
        base = self.checked.bases.get(str(one.candidate.base_model))
        trained = one.candidate.trained
        return one.measured().model_copy(
            update={
                "trained": trained,
                "facts": facts_of(one.candidate),
                "losses": found.losses if found is not None else (),
                "refusals": (found.refusals if found is not None else None) if trained else base,
            }
        )

    def find(self, name: str) -> CandidateResults:
        """The finished runs of one candidate by name."""
        return next(one for one in self.candidates if one.name == name)

    def disagreements(self) -> list[int]:
        """Positions of the examples on which the candidates' mean primary scores differ, most first."""
        means = np.stack([one.values[self.use_case.metric].mean(axis=0) for one in self.candidates])
        spread = np.nan_to_num(means.max(axis=0) - means.min(axis=0))
        return [int(i) for i in np.argsort(-spread, kind="stable") if spread[i] > 0]


def decide(results: Results) -> Recommendation:
    """The recommendation that follows from what is measured so far; the same results give the same one.

    Raises WorkbenchError where no run is finished, or where people decide and nobody has labelled.
    """
    measured = {one.name: results.measured(one) for one in results.candidates}
    panel, by_people = results.panel(), None
    if results.use_case.decided_by == "preference":
        panel, deciding = labelled_panel(results)
        by_people = deciding.analysis
    rng, asked = np.random.default_rng(0), frozen(results.case)
    return recommend(
        results.use_case, panel, measured, rng=rng, by_people=by_people, asked=asked, probed=results.probed
    )


def labelled_panel(results: Results) -> tuple[Panel, Deciding]:
    """The scores of the candidates that people's choices are about, and those choices.

    Raises as ``deciding_labels`` does.
    """
    panel = results.panel()
    steps = {one.name: [run.steps["answer"] for run in one.runs] for one in results.candidates}
    deciding = deciding_labels(results.case, results.use_case, steps)
    return replace(panel, candidates=tuple(one for one in panel.candidates if one.name in deciding.seeds)), deciding


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
    return Results(case, use_case, plan, examples, tuple(found), tuple(waiting), checked, leaked, probed)


def mean_scores(candidates: Sequence[CandidateResults], metric: MetricName) -> dict[str, float]:
    """Each candidate's mean on a metric, over the examples that it has a value for."""
    return {
        one.name: float(np.nanmean(one.values[metric])) for one in candidates if not np.isnan(one.values[metric]).all()
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _gather(plan: Plan, runs: Sequence[Run], examples: Examples, use_case: UseCase) -> CandidateResults:
    position = {example.id: i for i, example in enumerate(examples)}
    metrics = {use_case.metric, *use_case.secondary_metrics}
    values = {metric: np.full((len(runs), len(examples)), np.nan) for metric in metrics}
    abstained = np.zeros((len(runs), len(examples)), dtype=np.bool_)
    failures: Counter[str] = Counter()
    for row, run in enumerate(runs):
        path = plan.step(run.steps["score"]).path("scores.jsonl")
        for record in read_jsonl(path):
            score = Score.parse(record, where=str(path))
            if score.metric in values and score.value is not None:
                values[score.metric][row, position[score.item]] = score.value
            if score.metric == use_case.metric:
                abstained[row, position[score.item]] = score.abstained
                failures.update([score.failure] if score.failure else [])
    steps = tuple({role: plan.step(name) for role, name in run.steps.items()} for run in runs)
    return CandidateResults(runs[0].candidate, tuple(runs), values, abstained, failures, steps)
