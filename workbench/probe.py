"""A probe as it is planned: what is held beside one another, and the steps that make its values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.candidate import Approach
from workbench.plan import Plan, with_needs
from workbench.probe_kinds import ProbeKind
from workbench.usecase import MetricName


@dataclass(frozen=True)
class Cell:
    """One of the things that a probe holds beside one another: the steps that made its values, a seed each."""

    name: str
    steps: tuple[str, ...]
    metric: MetricName
    weights: str = ""
    """Names the trained weights behind it; empty: untrained, so nothing varies from training to training."""
    answers: tuple[str, ...] = ()
    """The steps that gave the answers which those score, a seed each; empty where answers were drawn."""
    passages: str = ""
    """The step that found the passages which they were given; empty where there are none."""


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

    @property
    def steps(self) -> tuple[str, ...]:
        """Every step that makes values, or what they are read with."""
        every = (step for cell in self.cells for step in (*cell.steps, *cell.answers, cell.passages))
        return tuple(dict.fromkeys(step for step in every if step))

    def cell(self, name: str) -> Cell:
        """One of its cells."""
        return next(one for one in self.cells if one.name == name)


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
