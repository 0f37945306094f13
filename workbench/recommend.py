"""The recommendation for a use case: a decision in words, with its reasons and its figures."""

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.analysis import Needed, Standing
from workbench.candidate import Approach
from workbench.comparison import Comparison
from workbench.cost import Measured
from workbench.decision import Analyse, Ground, Strength, decide, settled
from workbench.diagnose import findings
from workbench.earnings import Earnings
from workbench.limits import LimitCheck
from workbench.model import Noun
from workbench.panel import Panel
from workbench.probe_rows import Finding, Probed
from workbench.question import Question, moved
from workbench.reasons import Reason, reasons
from workbench.segments import Segments
from workbench.usecase import UseCase
from workbench.wording import headline, how_sure, next_step, takes, what


class RuledOut(Noun):
    """A candidate that is shown to break a limit, with the figure."""

    candidate: str
    limit: str
    figure: str


class Recommendation(Noun):
    """What to do, how firmly, why, what was ruled out; or what to measure next."""

    choice: str | None
    approach: Approach | None
    strength: Strength
    ground: Ground
    """What the choice rests on, or why there is none."""
    headline: str
    sentences: tuple[str, str, str]
    """What; how sure, with the error rate; what it takes, or what to do next."""
    reasons: tuple[Reason, ...]
    ruled_out: tuple[RuledOut, ...]
    limits: tuple[LimitCheck, ...]
    """Every candidate against every limit."""
    next_step: str
    comparisons: tuple[Comparison, ...]
    standings: tuple[Standing, ...]
    best_set: tuple[str, ...]
    """Candidates within the limits that no other is shown to beat."""
    provisional: str | None
    """The one with the highest score among those, whether that means anything or not."""
    needed: Needed | None
    """How much more would show that it, or the one leant towards, is good enough; None where that is settled."""
    metric: str
    n: int
    clusters: int
    smallest_difference: float
    detectable: float | None
    """The typical pair's smallest true difference that this test would show in 80 of 100 repetitions."""
    earnings: Earnings
    """What candidates earn, by what a right answer is worth."""
    segments: Segments | None
    """What the tags of the requests tell; None where there are none."""
    findings: tuple[Finding, ...]
    """Why one wins, as far as that was measured."""
    exploratory: tuple[str, ...]
    """What was moved after the first scores could be seen; empty where the question is as it was asked."""
    error_rate: float
    """Of clear recommendations, at most this share is wrong."""

    def may_be_best(self, name: str) -> str:
        """Whether a candidate may be the best, for a table's cell: one that routes only where it is shown to be."""
        if name in {one.candidate for one in self.ruled_out}:
            return "ruled out"
        if name in self.best_set:
            return "yes"
        routes = self.segments is not None and name == self.segments.router
        open_ = any(one.in_best_set for one in self.standings if one.candidate == name)
        return "not shown" if routes and open_ else "no"

    @property
    def claim(self) -> tuple[str | None, Strength]:
        """Who is recommended, a candidate or where only that much is shown an approach, and how firmly."""
        return self.approach if self.ground == "approach" else self.choice, self.strength


def recommend(
    use_case: UseCase,
    panel: Panel,
    measured: Mapping[str, Measured],
    *,
    rng: np.random.Generator,
    by_people: Analyse | None = None,
    asked: Question | None = None,
    probed: Sequence[Probed] = (),
) -> Recommendation:
    """Judge the candidates of a use case: within the limits, the simplest that is shown to be good enough.

    Else the winner; else a candidate to lean towards as a bet; else nothing, with what would decide. In at
    most 5 of 100 tests a clear recommendation names a candidate that is worse than the best by more than
    ``use_case.smallest_difference`` or, on the ground ``approach``, an approach that the best is not of. ``measured``
    by candidate name; who is missing keeps no limit for sure. ``by_people``: what decides in place of the panel's
    scores; ``asked``: the question before any score was seen; ``probed``: what explains the choice, and changes
    nothing about it.
    """
    decision = decide(use_case, panel, measured, rng=rng, by_people=by_people)
    analysis, choice, then = decision.analysis, decision.choice, next_step(decision)
    why = findings(probed, margin=use_case.smallest_difference)
    return Recommendation(
        choice=choice,
        approach=None if choice is None else decision.standing(choice).approach,
        strength=decision.strength,
        ground=decision.ground,
        headline=headline(decision),
        sentences=(what(decision), how_sure(decision), then if choice is None else takes(decision)),
        reasons=(*reasons(decision), *(Reason(text=one.sentence, comparison=None) for one in why if one.telling)),
        ruled_out=tuple(
            RuledOut(candidate=check.candidate, limit=check.limit, figure=check.text)
            for check in decision.checks
            if check.status == "fail"
        ),
        limits=decision.checks,
        next_step=then,
        comparisons=analysis.comparisons,
        standings=analysis.standings,
        best_set=analysis.best_set,
        provisional=analysis.provisional,
        needed=None if settled(decision.strength, decision.ground) else decision.deciding.needed,
        metric=analysis.metric,
        n=analysis.n,
        clusters=analysis.clusters,
        smallest_difference=analysis.smallest_difference,
        detectable=analysis.detectable,
        earnings=decision.earnings,
        segments=decision.segments,
        findings=why,
        exploratory=moved(asked, use_case) if asked is not None else (),
        error_rate=analysis.alpha,
    )
