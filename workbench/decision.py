"""Limits first, then evidence: which candidate may be chosen, which is, how firmly, and on what ground."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from workbench.analysis import Analysis, Standing
from workbench.candidate import APPROACHES
from workbench.compare import LEAN_SHARE, analyse
from workbench.comparison import find
from workbench.cost import Measured
from workbench.earnings import Earnings, Switch, benefit_panel, crossing, earnings
from workbench.entrants import Entrants, entrants
from workbench.evidence import gather_evidence
from workbench.limits import LimitCheck
from workbench.panel import Panel
from workbench.phrases import points
from workbench.segments import Segments
from workbench.settled_approach import of_one_approach
from workbench.statistics.regret import value_of_more
from workbench.usecase import UseCase

Strength = Literal["clear", "lean", "undecided"]
Ground = Literal[
    "winner",
    "good enough",
    "only one left",
    "simpler",
    "approach",
    "bet",
    "value",
    "nothing shown",
    "limits",
    "all wrong",
]


@dataclass(frozen=True)
class Chosen:
    """Who is chosen, how firmly, and on what ground."""

    choice: str | None
    strength: Strength
    ground: Ground
    rivals: tuple[str, ...] = ()
    """On the ground ``approach``: its candidates that may be the best."""


@dataclass(frozen=True, eq=False)
class Picked:
    """What is chosen where a right answer is worth ``value``; one unit of ``analysis`` is ``unit`` of money."""

    value: float
    unit: float
    analysis: Analysis
    choice: str | None
    strength: Strength
    ground: Ground
    more: int
    """Test examples more that are planned for, to settle it; 0 where it is settled."""
    trainings: int
    """Trainings more that are planned for, of all fine-tuned candidates together."""
    learned: float
    """What both are expected to earn more a request, by a better choice."""
    seconds: float | None = 0.0
    """How long those trainings take; None where one of them was not timed here."""
    order: tuple[str, ...] = ()
    """Who may be chosen at this value, the simplest first: a router only where it is shown to be better."""
    trainings_tell: bool = True
    """Whether training again could tell more."""


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
    earnings: Earnings
    by_money: tuple[Picked, ...] = ()
    """What is chosen by what candidates earn, at the least and the most that a right answer may be worth; empty where
    the use case sets no value, and the choice is by the scores."""
    switch: Switch | None = None
    """From which value of a right answer on the one choice earns more than the other, where they differ."""
    segments: Segments | None = None
    """Where another candidate is better; None where the requests have no tags that enough of them share."""
    rivals: tuple[str, ...] = ()
    """On the ground ``approach``: its candidates that may be the best."""
    trainings_tell: bool = True
    """Whether training again could tell more."""

    @property
    def deciding(self) -> Analysis:
        """What the choice was read off: the scores, or the earnings where they decide."""
        return least_shown(self.by_money).analysis if self.by_money else self.analysis

    def standing(self, name: str) -> Standing:
        """How one candidate stands in the analysis."""
        return next(one for one in self.analysis.standings if one.candidate == name)

    def label(self, name: str) -> str:
        """The candidate's name, with its approach where the name does not say it."""
        approach = self.standing(name).approach
        if self.is_router(name):
            return f"{name} ({self.segments.policy})" if self.segments is not None else name
        plain = approach.lower().replace(" + ", "-")
        return approach if name.lower() in (plain, approach.lower()) else f"{name} ({approach})"

    def is_router(self, name: str | None) -> bool:
        """Whether it is the one that routes by segment."""
        return self.segments is not None and bool(name) and name == self.segments.router

    def failed(self, name: str) -> list[LimitCheck]:
        """The limits that it is shown to break."""
        return [check for check in self.checks if check.candidate == name and check.status == "fail"]

    def unsure(self, name: str) -> list[LimitCheck]:
        """The limits of which neither is shown, that it keeps them or that it breaks them."""
        return [check for check in self.checks if check.candidate == name and check.status == "unsure"]

    @property
    def claimed(self) -> str | None:
        """Who is recommended: a candidate or, where only that much is shown, an approach."""
        return self.standing(self.choice).approach if self.ground == "approach" and self.choice else self.choice

    @property
    def doubts(self) -> list[LimitCheck]:
        """The limits of which it is not shown that all keep them who are recommended, or may be of an approach."""
        ends = [one.choice for one in self.by_money] if self.ground == "value" else [self.choice]
        names = self.rivals or dict.fromkeys(ends)
        return [check for name in names if name is not None for check in self.unsure(name)]

    @property
    def analyses(self) -> tuple[Analysis, ...]:
        """What the choice was read off: the scores, or the earnings at each of the values."""
        return tuple(one.analysis for one in self.by_money) or (self.analysis,)

    @property
    def would_do(self) -> tuple[str, ...]:
        """Those of ``rivals`` of which choosing one is expected to lose no more than what matters."""
        delta = self.analysis.smallest_difference
        return tuple(name for name in self.rivals if worst_regret(self.analyses, name) <= delta)

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
    chances: bool = True,
) -> Decision:
    """Hold every candidate against the limits, analyse those left, and choose among them.

    ``measured`` by candidate name; who is missing keeps no limit for sure. ``by_people``: what decides in place of the
    panel's scores; ``chances``: work out as well who earns most how probably, which takes longest and decides nothing.
    """
    field = entrants(use_case, panel, measured, routed=by_people is None)
    unsure = {check.candidate for check in field.checks if check.status == "unsure"}
    if by_people is not None:
        analysis = by_people(field.order)
        # Whom people were not asked about yet can't be chosen.
        known = {one.candidate for one in analysis.standings}
        order = tuple(name for name in field.order if name in known)
    else:
        analysis, order = _analysed(field, field.panel, use_case, rng)
    same = np.random.default_rng(0)
    earned = earnings(field.panel, field.costs, use_case.money, rng=same, eligible=order, chances=chances)
    chosen = Chosen(None, "undecided", "nothing shown")
    if order or not field.order:
        chosen = _choose(analysis, order, unsure, router=field.router)
    picked: tuple[Picked, ...] = ()
    if by_people is None and use_case.money.values and chosen.ground != "all wrong":
        picked = _by_money(use_case, field, unsure, rng=rng)
        chosen = _together(picked, unsure, router=field.router)
    tell = least_shown(picked).trainings_tell if picked else _trainings_tell(field.panel, chosen)
    switch = None
    if chosen.ground == "value":
        ends = str(picked[0].choice), str(picked[-1].choice)
        switch = crossing(field.panel, field.costs, use_case.money, *ends, rng=np.random.default_rng(0))
    return Decision(
        use_case, analysis, field.measured, field.checks, order, chosen.choice, chosen.strength, chosen.ground, earned,
        picked, switch, field.segments, chosen.rivals, tell,
    )  # fmt: skip


def _analysed(
    field: Entrants, panel: Panel, use_case: UseCase, rng: np.random.Generator
) -> tuple[Analysis, tuple[str, ...]]:
    """What is shown of all, and who may be chosen: a router only where it is shown to beat who leads without it."""

    def judged(order: tuple[str, ...]) -> Analysis:
        # Each starts from the same draws, so that no finding depends on what was looked at before.
        same = deepcopy(rng)
        return analyse(panel, smallest_difference=use_case.smallest_difference, rng=same, eligible=order)

    order, router = field.order, field.router
    analysis = judged(order)
    if router in order and field.segments is not None:
        one = analysis.comparisons[find(analysis.comparisons, router, field.segments.leader)]
        if one.shown != ("better" if one.candidate == router else "worse"):
            order = tuple(name for name in order if name != router)
            analysis = judged(order)
    return analysis, order


def _by_money(use_case: UseCase, field: Entrants, unsure: set[str], *, rng: np.random.Generator) -> tuple[Picked, ...]:
    """What is chosen at each of the use case's values of a right answer.

    What a candidate earns beyond another is a straight line over that value: what holds at both ends holds between.
    """
    found = []
    for value in use_case.money.values:
        paid = benefit_panel(field.panel, field.costs, use_case.money, value)
        analysis, order = _analysed(field, paid, use_case, rng)
        unit = value + use_case.money.price_of_wrong
        chosen = _choose(analysis, order, unsure, router=field.router)
        needed = None if settled(chosen.strength, chosen.ground) else analysis.needed
        more = max(0, (needed.planned or 0) - analysis.n) if needed is not None else 0
        tell = _trainings_tell(paid, chosen)
        wanted = (needed.seeds or 0) if needed is not None and tell else 0
        again = {
            one.name: wanted - len(one.values)
            for one in paid.candidates
            if one.trained and one.name in order and one.name != field.router and len(one.values) < wanted
        }
        taken = _seconds(again, field.measured)
        learned = unit * _learned(paid, analysis, order, more, again, rng) if more or again else 0.0
        trainings = sum(again.values())
        found.append(
            Picked(
                value, unit, analysis, chosen.choice, chosen.strength, chosen.ground, more, trainings, learned, taken,
                tuple(order), tell,
            )
        )  # fmt: skip
    return tuple(found)


def _seconds(trainings: Mapping[str, int], measured: Mapping[str, Measured]) -> float | None:
    total = 0.0
    for name, count in trainings.items():
        each = measured[name].train_seconds if name in measured else None
        if each is None:
            return None
        total += count * each
    return total


def _learned(
    panel: Panel,
    analysis: Analysis,
    order: Sequence[str],
    more: int,
    again: Mapping[str, int],
    rng: np.random.Generator,
) -> float:
    """What so many more examples and trainings are expected to improve the choice by."""
    evidence = gather_evidence(panel, alpha=analysis.alpha, rng=deepcopy(rng))
    kept = [n for n, one in enumerate(evidence.candidates) if one.name in order]
    if not kept:
        return 0.0
    there = evidence.estimate
    estimate = replace(
        there, means=there.means[kept], covariance=there.covariance[np.ix_(kept, kept)], own=there.own[kept],
        own_df=there.own_df[kept],
    )  # fmt: skip
    ones = [evidence.candidates[n] for n in kept]
    seeds = np.array([1 + again.get(one.name, 0) / len(one.values) for one in ones])
    return value_of_more(estimate, more=more, seeds=seeds, rng=deepcopy(rng))


STRENGTHS: tuple[Strength, ...] = ("undecided", "lean", "clear")


GROUNDS: tuple[Ground, ...] = ("simpler", "bet", "approach", "good enough", "only one left", "winner")
"""Of two ends as firm as each other, the one with the earlier ground says less."""


def least_shown(picked: Sequence[Picked]) -> Picked:
    """The end of the range of values at which least is shown: what is said must hold there, too."""
    return min(
        picked,
        key=lambda one: (STRENGTHS.index(one.strength), GROUNDS.index(one.ground) if one.ground in GROUNDS else -1),
    )


def settled(strength: Strength, ground: Ground) -> bool:
    """Whether nothing is left that more data would tell: of an approach that is shown, not which candidate is best."""
    return strength == "clear" and ground != "approach"


def _trainings_tell(panel: Panel, chosen: Chosen) -> bool:
    """Whether more trainings could tell more: not where all of the approach that is settled train nothing."""
    return not chosen.rivals or any(one.trained for one in panel.candidates if one.name in chosen.rivals)


def _together(picked: Sequence[Picked], unsure: set[str], *, router: str) -> Chosen:
    """One choice of those at the two ends: the same, one of an approach, or one for each where they differ."""
    weakest = least_shown(picked)
    if weakest.choice is None:
        return Chosen(None, weakest.strength, weakest.ground)
    by_approach, apart = any(one.ground == "approach" for one in picked), len({one.choice for one in picked}) > 1
    if by_approach:
        order = tuple(dict.fromkeys(name for one in picked for name in one.order))
        analyses = [one.analysis for one in picked]
        alike = of_one_approach(analyses, order, router=router)
        if alike:
            chosen = _of_approach(analyses, alike, unsure)
            # Where nobody of it would do at both ends, it is told who would at which.
            would_do = worst_regret(analyses, str(chosen.choice)) <= weakest.analysis.smallest_difference
            if would_do or not apart:
                return chosen
    if apart:
        # An approach alone that is shown at an end makes no finding of the name that is chosen there.
        return Chosen(picked[-1].choice, "lean" if by_approach else weakest.strength, "value")
    if by_approach:
        loss = worst_regret([one.analysis for one in picked], weakest.choice)
        bet = loss <= LEAN_SHARE * weakest.analysis.smallest_difference
        return Chosen(weakest.choice, "lean", "bet") if bet else Chosen(None, "undecided", "nothing shown")
    return Chosen(weakest.choice, weakest.strength, weakest.ground)


def _of_approach(analyses: Sequence[Analysis], alike: Sequence[str], unsure: set[str]) -> Chosen:
    """One of those of which one is the best: the simplest that is a good bet or, where none is, the best bet.

    The question of the approach is settled, unless one of them may be ruled out yet, or who is chosen is expected to
    lose what matters.
    """
    delta, loss = analyses[0].smallest_difference, {name: worst_regret(analyses, name) for name in alike}
    by_surety = sorted(alike, key=lambda name: name in unsure)
    best = min(by_surety, key=lambda name: (name in unsure, loss[name]))
    pick = next((name for name in by_surety if loss[name] <= LEAN_SHARE * delta), best)
    settles = loss[pick] <= delta and not unsure & set(alike)
    return Chosen(pick, "clear" if settles else "lean", "approach", tuple(alike))


def worst_regret(analyses: Iterable[Analysis], name: str) -> float:
    """What choosing a candidate is expected to lose, as a share, in the analysis where that is most."""
    return max(one.expected_regret for each in analyses for one in each.standings if one.candidate == name)


def _choose(analysis: Analysis, order: Sequence[str], unsure: set[str], *, router: str) -> Chosen:
    """Who is chosen of ``order``, those who may be, the simplest first, a ``router`` after its parts."""
    if not order:
        return Chosen(None, "undecided", "limits")
    if analysis.caution:
        return Chosen(None, "undecided", "nothing shown")
    standings = {one.candidate: one for one in analysis.standings}
    if max(standings[name].mean for name in order) == 0:
        return Chosen(None, "undecided", "all wrong")
    # Whoever is sure to keep the limits goes first.
    by_surety = sorted(order, key=lambda name: name in unsure)
    good = [name for name in by_surety if name in analysis.good_enough]
    shown = good or ([analysis.winner] if analysis.winner is not None else [])
    if shown:
        pick = shown[0]
        ground: Ground = "winner" if pick == analysis.winner else "good enough"
        if len(order) == 1:
            ground = "only one left"
        rank = APPROACHES.index(standings[pick].approach) + (pick == router)
        simpler = [
            name
            for name in order
            if name != router
            and APPROACHES.index(standings[name].approach) < rank
            and name in analysis.best_set
            and standings[name].expected_regret <= analysis.smallest_difference
            and name not in unsure
        ]
        # That only the dearer way is shown to be good enough is no reason to pay for it, while the simpler is
        # not shown to be worse and what it is expected to lose would not change what is deployed.
        if simpler and ground == "good enough":
            return Chosen(simpler[0], "lean", "simpler")
        return Chosen(pick, "lean" if pick in unsure else "clear", ground)
    bets = [name for name in by_surety if name in analysis.lean]
    alike = of_one_approach([analysis], order, router=router)
    if alike:
        return _of_approach([analysis], alike, unsure)
    if bets:
        return Chosen(bets[0], "lean", "bet")
    return Chosen(None, "undecided", "nothing shown")
