"""The probes of a use case, as far as they are planned: what all kinds of them are planned with."""

from collections.abc import Mapping, Sequence
from typing import Literal

from workbench.base_models import hosted_name
from workbench.candidate import Approach, Candidate, Retrieval
from workbench.case import Case
from workbench.courses import plan_score
from workbench.errors import WorkbenchError
from workbench.plan import Plan, with_needs
from workbench.planning import make_plan
from workbench.probe import Cell, Probe
from workbench.probe_kinds import ProbeKind
from workbench.usecase import MetricName


class Planner:
    """The probes of a use case, as far as they are planned."""

    def __init__(self, case: Case, means: Mapping[str, float]) -> None:
        self.case, self.plan = case, Plan(case, "test")
        self.probes: list[Probe] = []
        self.missing: dict[ProbeKind, str] = {}
        self.planned: list[tuple[Candidate, Plan]] = []
        self.metric: MetricName = case.use_case.metric
        every = [case.whole(one) for one in case.candidates() if one.name in means]
        here = [one for one in every if one.imported is None and hosted_name(str(one.base_model)) is None]
        self.every = here
        self.all, self.here = _best(every, means), _best(here, means)

    @property
    def trained(self) -> Candidate | None:
        """Whose training is explained: the best that is only trained, else the best that retrieves, too."""
        return self.here.get("fine-tuning") or self.here.get("RAG + fine-tuning")

    @property
    def retrieving(self) -> list[tuple[Candidate, Retrieval]]:
        """Whose retrieval is explained, with how each finds passages: the best that is not trained and that is."""
        approaches: tuple[Approach, ...] = ("RAG", "RAG + fine-tuning")
        best = [one for approach in approaches if (one := self.here.get(approach)) is not None]
        return [(one, one.retrieval) for one in best if one.retrieval is not None]

    @property
    def evidence_is_named(self) -> bool:
        """Whether test examples name the documents that support their answers."""
        return any(one.evidence for one in self.case.examples("test"))

    def take(self, other: Plan, name: str) -> str:
        """Add a step of another plan, with all that it needs."""
        for each in with_needs(name, other):
            self.plan.steps.setdefault(each, other.steps[each])
        self.plan.shares |= other.shares
        return name

    def cell(self, name: str, candidate: Candidate, *, metric: MetricName | None = None) -> Cell:
        """A candidate's scores on the test set; by another metric than the use case's, its answers scored anew."""
        runs = self.runs(candidate)
        steps, answers, passages = [], [], ""
        for (_, seed), run in runs.runs.items():
            answers.append(self.take(runs, run.steps["answer"]))
            passages = run.steps.get("retrieve-test", "")
            if metric is None:
                steps.append(self.take(runs, run.steps["score"]))
                continue
            title = f"score {candidate.name}, seed {seed}, by {metric}"
            steps.append(plan_score(self.plan, "test", title, answers[-1], metrics=[metric]))
        trained = [step for run in runs.runs.values() for role, step in run.steps.items() if role.startswith("train-")]
        weights = " ".join(trained) if candidate.imported is None else candidate.name if candidate.trained else ""
        return Cell(name, tuple(steps), metric or self.metric, weights, tuple(answers), passages)

    def runs(self, candidate: Candidate) -> Plan:
        """The runs of a candidate, planned once, since several probes look at the same."""
        known = next((plan for one, plan in self.planned if one == candidate), None)
        if known is None:
            known = make_plan(self.case, [candidate])
            self.planned.append((candidate, known))
        return known

    def add(
        self, kind: ProbeKind, about: Sequence[Candidate], cells: Sequence[Cell], *,
        split: Literal["train", "test"] = "test",
    ) -> None:  # fmt: skip
        """Note a planned probe."""
        self.probes.append(Probe(kind, tuple(one.name for one in about), about[0].approach, tuple(cells), split))

    def tried(self, kind: ProbeKind, about: Sequence[Candidate], cells: Mapping[str, Candidate]) -> None:
        """Note a probe of candidates that are made for it, unless one of them cannot be run here."""
        try:
            self.add(kind, about, [self.cell(name, one) for name, one in cells.items()])
        except WorkbenchError as error:
            self.missing[kind] = error.message

    def of(self, kind: ProbeKind) -> list[Probe]:
        """The probes of a kind that are planned."""
        return [probe for probe in self.probes if probe.kind == kind]


def changed(candidate: Candidate, what: str, **changes: object) -> Candidate:
    """A candidate that is made for a probe: named after the one that it was made of, with some parts changed."""
    stem = candidate.name[: max(1, 63 - len(what))].rstrip(".-_")
    return candidate.model_copy(update={"name": f"{stem}-{what}"[:64], "description": ""} | changes)


def untrained() -> dict[str, object]:
    """What of a candidate is gone without its training."""
    return {"training": (), "adapter_scale": 1.0, "after_steps": None, "train_share": 1.0}


def _best(candidates: Sequence[Candidate], means: Mapping[str, float]) -> dict[Approach, Candidate]:
    """Of each approach the candidate with the highest mean."""
    found: dict[Approach, Candidate] = {}
    for one in candidates:
        if one.approach not in found or means[one.name] > means[found[one.approach].name]:
            found[one.approach] = one
    return found
