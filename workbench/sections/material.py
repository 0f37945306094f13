"""What the sections of a report are written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from workbench.analysis import Standing
from workbench.audit import Audit
from workbench.checked import AllChecked
from workbench.cost import Measured, mean_seconds
from workbench.entrants import simplicity
from workbench.given import Given
from workbench.phrases import points
from workbench.plan import is_done
from workbench.recommend import Recommendation
from workbench.results import Results
from workbench.rows import Rows, labelled_panel
from workbench.score import deciding
from workbench.sensitivity import Sweep, preference_sweeps, sweeps
from workbench.workspace import StepRecord


@dataclass(frozen=True)
class Material:
    """All that the sections are written from."""

    results: Rows
    """From a workspace or from a report: whoever has the report can compute anew what sections take of them."""
    recommendation: Recommendation
    audit: Audit

    @property
    def gathered(self) -> Results:
        """The same with the folders that they came from, for what is stated and not computed.

        Raises TypeError where they came with a report: a section that asks for this is named in ``sections.STATED``.
        """
        if not isinstance(self.results, Results):
            raise TypeError("a report carries rows and no folders: compute from rows, or name the section in STATED")
        return self.results

    @cached_property
    def given(self) -> tuple[Given, ...]:
        """People's labels on test requests, queue by queue."""
        return self.results.given()

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

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """What would flip the recommendation."""
        use_case = self.results.use_case
        if use_case.decided_by == "preference":
            panel, deciding = labelled_panel(self.results)
            return preference_sweeps(use_case, panel, self.measured, deciding)
        return sweeps(use_case, self.results.panel(), self.measured)

    @property
    def unasked(self) -> list[str]:
        """Candidates of whom nothing is known, since people's choices decide and tell nothing of them as they are."""
        judged = {one.candidate for one in self.standings}
        return [one.name for one in self.results.candidates if one.name not in judged]

    @property
    def ran(self) -> tuple[Standing, ...]:
        """Those that have runs of their own: all but one that routes requests to the others."""
        return tuple(one for one in self.standings if not self.is_router(one.candidate))

    def seconds(self, name: str) -> float | None:
        """Mean seconds of a request, of one that routes as of the others; None where none was timed."""
        segments = self.recommendation.segments
        return (
            segments.seconds if segments is not None and self.is_router(name) else mean_seconds(self.measured.get(name))
        )

    def costs_told(self, name: str) -> bool:
        """Whether what its answers cost came with them."""
        return name in self.measured and bool(self.measured[name].costs)

    def is_router(self, name: str) -> bool:
        """Whether it only routes requests to other candidates."""
        segments = self.recommendation.segments
        return segments is not None and name == segments.router

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
    def answerer(self) -> str:
        """Whose answers the report shows: the subject's or, where that routes, those of who leads over all requests."""
        segments = self.recommendation.segments
        return segments.leader if segments is not None and self.is_router(self.subject) else self.subject

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
        return tuple(
            dict.fromkeys(str(one.candidate.base_model) for one in self.results.candidates if one.candidate.base_model)
        )

    @cached_property
    def steps(self) -> Mapping[str, StepRecord]:
        """Every finished step that a figure rests on, by folder name."""
        found: dict[str, StepRecord] = {}
        for one in self.gathered.candidates:
            for roles in one.steps:
                # A run that was finished before may lack steps that are planned beside its scores by now.
                found |= {step.name: step.record for step in roles.values() if step.name not in found and is_done(step)}
        return found
