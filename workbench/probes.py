"""Probes: runs that decide nothing and explain who wins: what each would tell, and the steps that it takes."""

from collections.abc import Mapping

from workbench.candidate import Approach, Candidate
from workbench.case import Case
from workbench.disturbed_probes import plan_disturbed
from workbench.examples import share_of
from workbench.planning import plan_draws
from workbench.probe import Cell, Probes
from workbench.probe_planner import Planner, changed, untrained
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
    plan_disturbed(planner)
    return Probes(planner.plan, tuple(planner.probes), planner.missing)


class _Planner(Planner):
    """The probes that look at what a candidate is made of."""

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
            "neither": changed(trained, "untrained", **untrained(), **alone),
            "training": changed(trained, "alone", **alone) if trained.retrieval else trained,
            "retrieval": changed(found, "untrained", **untrained()) if found.training else found,
            "both": both or changed(trained, f"with-{found.name}", retrieval=found.retrieval),
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

    def gold(self) -> None:
        """Answers with the passages that hold the evidence, beside those with the passages found, and with none."""
        if not self.retrieving or not self.evidence_is_named:
            what = "test examples that name their evidence" if self.retrieving else "a candidate that retrieves"
            self.missing["gold"] = f"it needs {what}"
            return
        for one, retrieval in self.retrieving:
            handed = retrieval.model_copy(update={"gold": True})
            # A candidate that was trained with passages has no closed book of its own.
            closed = changed(one, "closed-book", retrieval=None)
            cells = {} if one.training else {"closed book": closed}
            cells |= {"found": one, "handed over": changed(one, "gold", retrieval=handed)}
            self.tried("gold", [one], cells)

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

    def reach(self) -> None:
        """What the untrained model says at all, if it is asked often enough."""
        one = self.trained
        if one is None:
            self.missing["reach"] = "it needs a trained candidate"
            return
        bare = changed(one, "untrained", **untrained())
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
        bare = changed(one, "untrained", **untrained(), retrieval=None, prompt=prompt)
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
            less = {f"{share:g}": changed(one, f"{100 * share:g}", train_share=share) for share in SHARES}
            self.tried("curve", [one], less | {"1": one})


def _methods(candidate: Candidate) -> list[tuple[str, str]]:
    """How a candidate is trained, settings aside: whoever has retrieval, too, may be trained for fewer epochs."""
    return [(stage.method, stage.adapter.kind) for stage in candidate.training]


def _whole(candidate: Candidate) -> tuple[float, int | None, float]:
    """How much of its training acts; of one that is not trained, as if all did."""
    return candidate.adapter_scale, candidate.after_steps, candidate.train_share
