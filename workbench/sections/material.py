"""What the sections of a report are written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from workbench.analysis import Standing
from workbench.audit import Audit
from workbench.checked import AllChecked
from workbench.cost import Measured
from workbench.decision import simplicity
from workbench.phrases import points
from workbench.recommend import Recommendation
from workbench.results import Results
from workbench.score import deciding
from workbench.workspace import StepRecord


@dataclass(frozen=True)
class Material:
    """All that the sections are written from."""

    results: Results
    recommendation: Recommendation
    audit: Audit

    @cached_property
    def measured(self) -> Mapping[str, Measured]:
        """What each candidate took, by name."""
        return {one.name: self.results.measured(one) for one in self.results.candidates}

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """From the simplest to the most demanding; within an approach the quickest first."""
        return tuple(
            sorted(
                self.recommendation.standings,
                key=lambda one: simplicity(one.candidate, one.approach, self.measured.get(one.candidate)),
            )
        )

    @property
    def checked(self) -> AllChecked:
        """What training cost the candidates."""
        return self.results.checked

    @property
    def subject(self) -> str:
        """The candidate that the report is about: the chosen one or, where there is none, who is ahead."""
        ahead = self.recommendation.choice or self.recommendation.provisional
        return ahead or max(self.standings, key=lambda one: one.mean).candidate

    @property
    def metric(self) -> str:
        """The primary metric in words."""
        return deciding(self.results.use_case)[1]

    @property
    def margin(self) -> str:
        """The smallest difference that matters, in points."""
        return points(self.results.use_case.smallest_difference)

    @property
    def base_models(self) -> tuple[str, ...]:
        """Base models of all candidates."""
        return tuple(dict.fromkeys(str(one.candidate.base_model) for one in self.results.candidates))

    @cached_property
    def steps(self) -> Mapping[str, StepRecord]:
        """Every finished step that a figure rests on, by folder name."""
        found: dict[str, StepRecord] = {}
        for one in self.results.candidates:
            for roles in one.steps:
                found |= {step.name: step.record for step in roles.values() if step.name not in found}
        return found
