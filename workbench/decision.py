"""Limits first, then evidence: which candidate may be chosen, which is, how firmly, and on what ground."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.analysis import Analysis, Standing
from workbench.candidate import APPROACHES, Approach
from workbench.compare import analyse
from workbench.cost import Measured, mean_seconds
from workbench.limits import LimitCheck, check_limits
from workbench.panel import Panel
from workbench.phrases import points
from workbench.usecase import UseCase

Strength = Literal["clear", "lean", "undecided"]
Ground = Literal[
    "winner", "good enough", "only one left", "simpler", "approach", "bet", "nothing shown", "limits", "all wrong"
]


@dataclass(frozen=True, eq=False)
class Decision:
    """A choice, or none, with everything that it rests on."""

    use_case: UseCase
    analysis: Analysis
    measured: Mapping[str, Measured]
    checks: tuple[LimitCheck, ...]
    order: tuple[str, ...]
    """Candidates that are not ruled out, the simplest first."""
    choice: str | None
    strength: Strength
    ground: Ground
    """What the choice rests on, or why there is none."""

    def standing(self, name: str) -> Standing:
        """How one candidate stands in the analysis."""
        return next(one for one in self.analysis.standings if one.candidate == name)

    def label(self, name: str) -> str:
        """The candidate's name, with its approach where the name does not say it."""
        approach = self.standing(name).approach
        plain = approach.lower().replace(" + ", "-")
        return approach if name.lower() in (plain, approach.lower()) else f"{name} ({approach})"

    def failed(self, name: str) -> list[LimitCheck]:
        """The limits that it is shown to break."""
        return [check for check in self.checks if check.candidate == name and check.status == "fail"]

    def unsure(self, name: str) -> list[LimitCheck]:
        """The limits of which neither is shown, that it keeps them or that it breaks them."""
        return [check for check in self.checks if check.candidate == name and check.status == "unsure"]

    @property
    def leader(self) -> str:
        """The highest mean among those left, or among all where none is left."""
        if self.analysis.provisional is not None:
            return self.analysis.provisional
        return max(self.analysis.standings, key=lambda one: one.mean).candidate

    @property
    def margin(self) -> str:
        """The smallest difference that matters, in points."""
        return points(self.analysis.smallest_difference)


Analyse = Callable[[Sequence[str]], Analysis]
"""From the names of those who may be chosen, the simplest first, to what is shown of all."""


def decide(
    use_case: UseCase,
    panel: Panel,
    measured: Mapping[str, Measured],
    *,
    rng: np.random.Generator,
    by_people: Analyse | None = None,
) -> Decision:
    """Hold every candidate against the limits, analyse those left, and choose among them.

    ``measured`` by candidate name; who is missing keeps no limit for sure. ``by_people``: what decides in place of the
    panel's scores.
    """
    checks = tuple(
        check for one in panel.candidates for check in check_limits(one.name, measured.get(one.name), use_case)
    )
    failed = {check.candidate for check in checks if check.status == "fail"}
    unsure = {check.candidate for check in checks if check.status == "unsure"}
    left = [one for one in panel.candidates if one.name not in failed]
    left.sort(key=lambda one: simplicity(one.name, one.approach, measured.get(one.name)))
    order = tuple(one.name for one in left)
    if by_people is not None:
        analysis = by_people(order)
    else:
        analysis = analyse(panel, smallest_difference=use_case.smallest_difference, rng=rng, eligible=order)
    choice, strength, ground = _choose(analysis, order, unsure)
    return Decision(use_case, analysis, measured, checks, order, choice, strength, ground)


def simplicity(name: str, approach: Approach, measured: Measured | None) -> tuple[int, float, str]:
    """What candidates are sorted by, the simplest first: the approach, then the seconds of an answer."""
    seconds = mean_seconds(measured)
    return APPROACHES.index(approach), float("inf") if seconds is None else seconds, name


def _choose(analysis: Analysis, order: Sequence[str], unsure: set[str]) -> tuple[str | None, Strength, Ground]:
    """Choice, strength and ground; ``order`` is who may be chosen, the simplest first."""
    if not order:
        return None, "undecided", "limits"
    if analysis.caution:
        return None, "undecided", "nothing shown"
    standings = {one.candidate: one for one in analysis.standings}
    if max(standings[name].mean for name in order) == 0:
        return None, "undecided", "all wrong"
    # Whoever is sure to keep the limits goes first.
    by_surety = sorted(order, key=lambda name: name in unsure)
    good = [name for name in by_surety if name in analysis.good_enough]
    shown = good or ([analysis.winner] if analysis.winner is not None else [])
    if shown:
        pick = shown[0]
        ground: Ground = "winner" if pick == analysis.winner else "good enough"
        if len(order) == 1:
            ground = "only one left"
        rank = APPROACHES.index(standings[pick].approach)
        simpler = [
            name
            for name in order
            if APPROACHES.index(standings[name].approach) < rank
            and name in analysis.best_set
            and standings[name].expected_regret <= analysis.smallest_difference
            and name not in unsure
        ]
        # That only the dearer way is shown to be good enough is no reason to pay for it, while the simpler is
        # not shown to be worse and what it is expected to lose would not change what is deployed.
        if simpler and ground == "good enough":
            return simpler[0], "lean", "simpler"
        return pick, "lean" if pick in unsure else "clear", ground
    bets = [name for name in by_surety if name in analysis.lean]
    possible = {standings[name].approach for name in analysis.best_set}
    if len(possible) == 1 and possible < {standings[name].approach for name in order}:
        # The best is one of these, of whatever other approach the rest are: the question of the approach is settled.
        alike = [name for name in bets if name in analysis.best_set]
        return alike[0] if alike else analysis.provisional, "lean", "approach"
    if bets:
        return bets[0], "lean", "bet"
    return None, "undecided", "nothing shown"
