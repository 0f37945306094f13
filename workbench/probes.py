"""Probes: runs that decide nothing and explain who wins: what each would tell, and the steps that it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workbench.base_models import hosted_name
from workbench.candidate import Approach, Candidate
from workbench.case import Case
from workbench.courses import plan_score
from workbench.errors import WorkbenchError
from workbench.examples import share_of
from workbench.plan import Plan, with_needs
from workbench.planning import make_plan, plan_draws
from workbench.probe_kinds import ProbeKind
from workbench.score import FORMAL
from workbench.stage import Imitating, RejectionSampling, reads_requests
from workbench.usecase import MetricName

SHARES = (0.25, 0.5)
"""Of the training examples, for the learning curve."""
FEWEST_ROWS = 40
"""Training examples below which a quarter of them teaches nothing."""
NEARLY = 0.2
"""How far such a share may be from what it is called, as a share of itself."""
REACH_TEMPERATURE, KNOWN_TEMPERATURE = 1.0, 0.5
"""How freely answers are drawn: to see what comes up at all, and what is known (Gekhman et al. 2024)."""


@dataclass(frozen=True)
class Cell:
    """One of the things that a probe holds beside one another: the steps that made its values, a seed each."""

    name: str
    steps: tuple[str, ...]
    metric: MetricName
    weights: str = ""
    """Names the trained weights behind it; empty: untrained, so nothing varies from training to training."""


@dataclass(frozen=True)
class Probe:
    """One probe as it is planned."""

    kind: ProbeKind
    about: tuple[str, ...]
    """Candidates, by name: whom it explains, then whom that is held against."""
    approach: Approach
    """Of the first."""
    cells: tuple[Cell, ...]
    split: Literal["train", "test"] = "test"
    found: tuple[str, str] | None = None
    """The steps that found passages and that handed over the right ones, where both are held beside one another."""

    @property
    def steps(self) -> tuple[str, ...]:
        """Every step that makes values."""
        return tuple(dict.fromkeys(step for cell in self.cells for step in cell.steps))


@dataclass(frozen=True)
class Probes:
    """All probes that a use case has something for, and what keeps the others from it."""

    plan: Plan
    probes: tuple[Probe, ...]
    missing: Mapping[ProbeKind, str]
    """Why there is none of a kind."""

    def chosen(self, kinds: Iterable[ProbeKind]) -> Plan:
        """The steps of some kinds of probes alone."""
        wanted = set(kinds)
        names = [step for probe in self.probes if probe.kind in wanted for step in probe.steps]
        kept = dict.fromkeys(need for name in names for need in with_needs(name, self.plan))
        return Plan(self.plan.case, "test", {name: self.plan.steps[name] for name in kept}, {}, self.plan.shares)

    def of(self, kind: ProbeKind) -> tuple[Probe, ...]:
        """The probes of one kind."""
        return tuple(probe for probe in self.probes if probe.kind == kind)


def plan_probes(case: Case, means: Mapping[str, float]) -> Probes:
    """Plan every probe that explains the candidates which have scores; ``means`` by candidate name.

    Of each approach the candidate with the highest mean is explained.
    """
    planner = _Planner(case, means)
    planner.grid()
    planner.gold()
    planner.form()
    planner.reach()
    planner.known()
    planner.curve()
    return Probes(planner.plan, tuple(planner.probes), planner.missing)


class _Planner:
    """The probes of a use case, as far as they are planned."""

    def __init__(self, case: Case, means: Mapping[str, float]) -> None:
        self.case, self.plan = case, Plan(case, "test")
        self.probes: list[Probe] = []
        self.missing: dict[ProbeKind, str] = {}
        self.metric: MetricName = case.use_case.metric
        every = [case.whole(one) for one in case.candidates() if one.name in means]
        here = [one for one in every if one.imported is None and hosted_name(str(one.base_model)) is None]
        self.every = here
        self.all, self.here = _best(every, means), _best(here, means)

    @property
    def trained(self) -> Candidate | None:
        """Whose training is explained: the best that is only trained, else the best that retrieves, too."""
        return self.here.get("fine-tuning") or self.here.get("RAG + fine-tuning")

    def take(self, other: Plan, name: str) -> str:
        """Add a step of another plan, with all that it needs."""
        for each in with_needs(name, other):
            self.plan.steps.setdefault(each, other.steps[each])
        self.plan.shares |= other.shares
        return name

    def cell(self, name: str, candidate: Candidate, *, metric: MetricName | None = None) -> Cell:
        """A candidate's scores on the test set; by another metric than the use case's, its answers scored anew."""
        runs = make_plan(self.case, [candidate])
        steps = []
        for (_, seed), run in runs.runs.items():
            if metric is None:
                steps.append(self.take(runs, run.steps["score"]))
                continue
            answers = self.take(runs, run.steps["answer"])
            title = f"score {candidate.name}, seed {seed}, by {metric}"
            steps.append(plan_score(self.plan, "test", title, answers, metrics=[metric]))
        trained = [step for run in runs.runs.values() for role, step in run.steps.items() if role.startswith("train-")]
        weights = " ".join(trained) if candidate.imported is None else candidate.name if candidate.trained else ""
        return Cell(name, tuple(steps), metric or self.metric, weights)

    def add(self, kind: ProbeKind, about: Sequence[Candidate], cells: Sequence[Cell], **more: str) -> None:
        """Note a planned probe."""
        names = tuple(one.name for one in about)
        self.probes.append(Probe(kind, names, about[0].approach, tuple(cells), **more))  # type: ignore[arg-type]

    # --- The kinds ------------------------------------------------------------------------------------

    def grid(self) -> None:
        """The 2 x 2 of training and retrieval."""
        trained, found, both = self.corners()
        if trained is None or found is None:
            self.missing["grid"] = "it needs a trained candidate and one that retrieves"
            return
        if (trained.base_model, trained.prompt) != (found.base_model, found.prompt):
            self.missing["grid"] = f"{trained.name} and {found.name} have other base models or other prompts"
            return
        alone: dict[str, object] = {"retrieval": None}
        cells = {
            "neither": _changed(trained, "untrained", **_untrained(), **alone),
            "training": _changed(trained, "alone", **alone) if trained.retrieval else trained,
            "retrieval": _changed(found, "untrained", **_untrained()) if found.training else found,
            "both": both or _changed(trained, f"with-{found.name}", retrieval=found.retrieval),
        }
        self.tried("grid", [trained, found, both or cells["both"]], cells)

    def corners(self) -> tuple[Candidate | None, Candidate | None, Candidate | None]:
        """Whose training, whose retrieval, and who has both; the parts of who has both are others' where these are."""
        both = self.here.get("RAG + fine-tuning")
        if both is None:
            return self.here.get("fine-tuning"), self.here.get("RAG"), None
        same = [one for one in self.every if (one.base_model, one.prompt) == (both.base_model, both.prompt)]
        same = [one for one in same if _whole(one) == _whole(both)]
        alike = [one for one in same if not one.retrieval and _methods(one) == _methods(both)]
        alone = [one for one in same if not one.training and one.retrieval == both.retrieval]
        return alike[0] if alike else both, alone[0] if alone else both, both

    def tried(self, kind: ProbeKind, about: Sequence[Candidate], cells: Mapping[str, Candidate]) -> None:
        """Note a probe of candidates that are made for it, unless one of them cannot be run here."""
        try:
            self.add(kind, about, [self.cell(name, one) for name, one in cells.items()])
        except WorkbenchError as error:
            self.missing[kind] = error.message

    def gold(self) -> None:
        """Answers with the passages that hold the evidence, beside those with the passages found, and with none."""
        named = any(one.evidence for one in self.case.examples("test"))
        about = [one for approach in ("RAG", "RAG + fine-tuning") if (one := self.here.get(approach)) is not None]
        if not named or not about:
            what = "test examples that name their evidence" if about else "a candidate that retrieves"
            self.missing["gold"] = f"it needs {what}"
            return
        for one in about:
            assert one.retrieval is not None
            handed = one.retrieval.model_copy(update={"gold": True})
            # A candidate that was trained with passages has no closed book of its own.
            closed = _changed(one, "closed-book", retrieval=None)
            cells = {} if one.training else {"closed book": closed}
            cells |= {"found": one, "handed over": _changed(one, "gold", retrieval=handed)}
            self.tried("gold", [one], cells)
            self.note_passages(one, cells["handed over"])

    def note_passages(self, one: Candidate, handed: Candidate) -> None:
        """Keep with the last probe which steps found the passages of a candidate, and which handed over the right."""
        if self.probes and self.probes[-1].kind == "gold" and self.probes[-1].about == (one.name,):
            found, right = (make_plan(self.case, [each]) for each in (one, handed))
            steps = tuple(next(iter(plan.runs.values())).steps["retrieve-test"] for plan in (found, right))
            self.probes[-1] = replace(self.probes[-1], found=(steps[0], steps[1]))

    def form(self) -> None:
        """The same answers, read leniently."""
        if self.metric not in FORMAL:
            self.missing["form"] = "the metric asks for no form"
            return
        pairs: tuple[tuple[Approach, Approach], ...] = (("fine-tuning", "prompting"), ("RAG + fine-tuning", "RAG"))
        for approach, beside in pairs:
            one, other = self.all.get(approach), self.all.get(beside) or self.all.get("prompting")
            scored = [each for each in (one, other) if each is not None and each.imported and each.imported.scored]
            if one is None or other is None or scored:
                continue
            cells = [
                self.cell("trained", one),
                self.cell("beside", other),
                self.cell("trained, lenient", one, metric="substance"),
                self.cell("beside, lenient", other, metric="substance"),
            ]
            self.add("form", [one, other], cells)
        if not self.of("form"):
            self.missing["form"] = "it needs the answers of a trained and of an untrained candidate"

    def of(self, kind: ProbeKind) -> list[Probe]:
        """The probes of a kind that are planned."""
        return [probe for probe in self.probes if probe.kind == kind]

    def reach(self) -> None:
        """What the untrained model says at all, if it is asked often enough."""
        one = self.trained
        if one is None:
            self.missing["reach"] = "it needs a trained candidate"
            return
        bare = _changed(one, "untrained", **_untrained())
        drawn = plan_draws(self.plan, bare, split="test", metric=self.metric, temperature=REACH_TEMPERATURE)
        self.add("reach", [one], [Cell("drawn", (drawn,), self.metric), self.cell("trained", one)])

    def known(self) -> None:
        """What the untrained model knows of the answers that it is taught."""
        one = self.trained
        stages = one.training if one is not None else ()
        if one is None or not any(isinstance(s, Imitating) and not isinstance(s, RejectionSampling) for s in stages):
            self.missing["known"] = "it needs a candidate that is trained on the solved examples"
            return
        # Solved examples in the prompt would hold answers that are asked for.
        prompt = one.prompt.model_copy(update={"examples": 0})
        bare = _changed(one, "untrained", **_untrained(), retrieval=None, prompt=prompt)
        metric: MetricName = "substance" if self.metric in FORMAL else self.metric
        drawn = plan_draws(self.plan, bare, split="train", metric=metric, temperature=KNOWN_TEMPERATURE)
        self.add("known", [one], [Cell("drawn", (drawn,), metric)], split="train")

    def curve(self) -> None:
        """The same training on a quarter and on half of the examples."""
        one, examples = self.trained, self.case.examples("train")
        if one is None or not any(map(reads_requests, one.training)):
            self.missing["curve"] = "it needs a candidate that is trained on the solved examples"
        elif one.train_share < 1 or one.after_steps is not None:
            self.missing["curve"] = f"{one.name} is not trained to its end on all of them"
        elif len(examples) < FEWEST_ROWS:
            self.missing["curve"] = f"{len(examples)} training examples are too few to take a quarter of them"
        elif any(abs(len(share_of(examples, share)) / len(examples) / share - 1) > NEARLY for share in SHARES):
            self.missing["curve"] = "they come in groups too large to take a quarter and a half of them"
        else:
            less = {f"{share:g}": _changed(one, f"{100 * share:g}", train_share=share) for share in SHARES}
            self.tried("curve", [one], less | {"1": one})


def _best(candidates: Sequence[Candidate], means: Mapping[str, float]) -> dict[Approach, Candidate]:
    """Of each approach the candidate with the highest mean."""
    found: dict[Approach, Candidate] = {}
    for one in candidates:
        if one.approach not in found or means[one.name] > means[found[one.approach].name]:
            found[one.approach] = one
    return found


def _methods(candidate: Candidate) -> list[tuple[str, str]]:
    """How a candidate is trained, settings aside: whoever has retrieval, too, may be trained for fewer epochs."""
    return [(stage.method, stage.adapter.kind) for stage in candidate.training]


def _whole(candidate: Candidate) -> tuple[float, int | None, float]:
    """How much of its training acts; of one that is not trained, as if all did."""
    return candidate.adapter_scale, candidate.after_steps, candidate.train_share


def _untrained() -> dict[str, object]:
    """What of a candidate is gone without its training."""
    return {"training": (), "adapter_scale": 1.0, "after_steps": None, "train_share": 1.0}


def _changed(candidate: Candidate, what: str, **changes: object) -> Candidate:
    """A candidate that is made for a probe: named after the one that it was made of, with some parts changed."""
    stem = candidate.name[: max(1, 63 - len(what))].rstrip(".-_")
    return candidate.model_copy(update={"name": f"{stem}-{what}"[:64], "description": ""} | changes)
