"""Limits first, then evidence: which candidate to use, how firmly, why, or what to measure next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.analysis import Analysis, Needed, Standing
from workbench.candidate import APPROACHES, Approach
from workbench.compare import analyse
from workbench.comparison import Comparison, find, sentence
from workbench.cost import FEWEST_TIMINGS, LimitCheck, check_limits, cost_per_1000, figure, mean_seconds
from workbench.cost import Measured as Measured
from workbench.model import Noun
from workbench.panel import Panel
from workbench.phrases import percent, points
from workbench.score import METRICS
from workbench.usecase import UseCase

Strength = Literal["clear", "lean", "undecided"]
Ground = Literal["winner", "good enough", "only one left", "simpler", "bet", "nothing shown", "limits", "all wrong"]

MOST_REASONS = 8


class Reason(Noun):
    """One reason, and the comparison it rests on."""

    text: str
    comparison: int | None
    """Index into the recommendation's comparisons; None where it rests on a limit."""


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
    error_rate: float
    """Of clear recommendations, at most this share is wrong."""


@dataclass(frozen=True, eq=False)
class _Case:
    """Everything a sentence may need."""

    use_case: UseCase
    analysis: Analysis
    measured: Mapping[str, Measured]
    checks: tuple[LimitCheck, ...]
    order: tuple[str, ...]
    """Candidates that are not ruled out, the simplest first."""
    choice: str | None
    strength: Strength
    ground: Ground

    def standing(self, name: str) -> Standing:
        return next(one for one in self.analysis.standings if one.candidate == name)

    def label(self, name: str) -> str:
        """The candidate's name, with its approach where the name does not say it."""
        approach = self.standing(name).approach
        plain = approach.lower().replace(" + ", "-")
        return approach if name.lower() in (plain, approach.lower()) else f"{name} ({approach})"

    def failed(self, name: str) -> list[LimitCheck]:
        return [check for check in self.checks if check.candidate == name and check.status == "fail"]

    def unsure(self, name: str) -> list[LimitCheck]:
        return [check for check in self.checks if check.candidate == name and check.status == "unsure"]

    @property
    def leader(self) -> str:
        """The highest mean among those left, or among all where none is left."""
        if self.analysis.provisional is not None:
            return self.analysis.provisional
        return max(self.analysis.standings, key=lambda one: one.mean).candidate

    @property
    def margin(self) -> str:
        return points(self.analysis.smallest_difference)


def recommend(
    use_case: UseCase, panel: Panel, measured: Mapping[str, Measured], *, rng: np.random.Generator
) -> Recommendation:
    """Judge the candidates of a use case: within the limits, the simplest that is shown to be good enough.

    Else the winner; else a candidate to lean towards as a bet; else nothing, with what would decide. In at
    most 5 of 100 tests a clear recommendation names a candidate that is worse than the best by more than
    ``use_case.smallest_difference``. ``measured`` by candidate name; who is missing keeps no limit for sure.
    """
    checks = tuple(
        check for one in panel.candidates for check in check_limits(one.name, measured.get(one.name), use_case)
    )
    failed = {check.candidate for check in checks if check.status == "fail"}
    unsure = {check.candidate for check in checks if check.status == "unsure"}
    left = [one for one in panel.candidates if one.name not in failed]
    left.sort(key=lambda one: (*_simplicity(one.approach, measured.get(one.name)), one.name))
    order = tuple(one.name for one in left)
    analysis = analyse(panel, smallest_difference=use_case.smallest_difference, rng=rng, eligible=order)
    choice, strength, ground = _decide(analysis, order, unsure)
    case = _Case(use_case, analysis, measured, checks, order, choice, strength, ground)
    next_step = _next_step(case)
    return Recommendation(
        choice=choice,
        approach=None if choice is None else case.standing(choice).approach,
        strength=strength,
        ground=ground,
        headline=_headline(case),
        sentences=(_what(case), _how_sure(case), _takes(case) if choice is not None else next_step),
        reasons=_reasons(case),
        ruled_out=tuple(
            RuledOut(candidate=check.candidate, limit=check.limit, figure=check.text)
            for check in checks
            if check.status == "fail"
        ),
        limits=checks,
        next_step=next_step,
        comparisons=analysis.comparisons,
        standings=analysis.standings,
        best_set=analysis.best_set,
        provisional=analysis.provisional,
        needed=analysis.needed,
        metric=analysis.metric,
        n=analysis.n,
        clusters=analysis.clusters,
        smallest_difference=analysis.smallest_difference,
        detectable=analysis.detectable,
        error_rate=analysis.alpha,
    )


def _simplicity(approach: Approach, measured: Measured | None) -> tuple[int, float]:
    seconds = mean_seconds(measured)
    return APPROACHES.index(approach), float("inf") if seconds is None else seconds


def _decide(analysis: Analysis, order: Sequence[str], unsure: set[str]) -> tuple[str | None, Strength, Ground]:
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
    if bets:
        return bets[0], "lean", "bet"
    return None, "undecided", "nothing shown"


# --- Sentences ---------------------------------------------------------------------------------------


def _headline(case: _Case) -> str:
    if case.ground == "limits":
        return f"None of the candidates keeps your limits; {case.label(_closest(case))} comes closest."
    if case.ground == "all wrong":
        return "Not decided: no candidate answered anything right."
    if case.choice is None:
        if len(case.analysis.standings) < 2:
            return "Not decided: there is only one candidate."
        if case.analysis.caution:
            return "Not decided: these test examples can't support a claim."
        return f"Not decided yet: {case.label(case.leader)} is ahead, but this test can't tell."
    label = case.label(case.choice)
    if case.strength == "clear":
        tail = {
            "winner": "",
            "good enough": f": shown to be within {case.margin} points of the best",
            "only one left": ": the only candidate within your limits",
        }
        return f"Use {label}{tail.get(case.ground, '')}."
    if case.ground == "simpler":
        return f"Lean towards {label}: it is simpler, and nothing shows it to be worse."
    if case.ground == "bet":
        loss = points(case.standing(case.choice).expected_regret)
        return f"Lean towards {label}: a bet, with an expected loss of {loss} points."
    return f"Lean towards {label}: it is not yet shown to keep your limits."


def _what(case: _Case) -> str:
    analysis = case.analysis
    name = case.choice or case.leader
    one = case.standing(name)
    metric = METRICS[case.use_case.metric].phrase
    score = (
        f"{case.label(name)} scores {percent(one.mean)} on {metric} over {analysis.n} test examples "
        f"(95 % interval {100 * one.low:.1f} to {100 * one.high:.1f})"
    )
    others = [other for other in case.order if other != name]
    if case.choice is None or not others:
        return f"{score}."
    reference = others[0]
    comparison = analysis.comparisons[find(analysis.comparisons, name, reference)]
    delta = comparison.delta if comparison.candidate == name else -comparison.delta
    if delta == 0:
        return f"{score}, the same as {case.label(reference)}."
    side = "more" if delta > 0 else "less"
    return f"{score}, {points(abs(delta))} points {side} than {case.label(reference)}."


def _how_sure(case: _Case) -> str:
    analysis, rate = case.analysis, f"{100 * case.analysis.alpha:g} in 100"
    promise = f"at most {rate} such claims are wrong"
    if case.ground == "limits":
        return "Each is shown to break a limit: at most 5 in 100 such findings are wrong."
    if case.ground == "all wrong":
        return "Where every answer is wrong there is nothing to choose by, at any error rate."
    if case.choice is None:
        detail = analysis.caution or (
            f"No candidate is shown to be the best, or to be within {case.margin} points of it; "
            f"still possible as the best: {', '.join(analysis.best_set)}."
        )
        return f"{detail} A claim would be wrong more often than {rate}."
    one = case.standing(case.choice)
    loss = points(one.expected_regret)
    if case.ground == "simpler":
        shown = ", ".join(analysis.good_enough)
        return (
            f"Either may do: only {shown} is shown to be within {case.margin} points of the best, but "
            f"{case.choice} is simpler and expected to lose {loss} points, which would not change what you "
            f"deploy: a bet, not a claim of which at most {rate} are wrong."
        )
    if case.ground == "bet":
        return (
            f"Choosing {case.choice} is expected to lose {loss} points, no more than a third of the "
            f"{case.margin} that matter to you: a bet, not a claim of which at most {rate} are wrong."
        )
    if case.ground == "winner":
        text = f"It is shown to be better than every other candidate left: {promise}"
    elif case.ground == "only one left":
        text = f"Every other candidate is shown to break a limit: {promise}"
    else:
        bound = points(one.regret_bound)
        most = f"at most {bound} points" if float(bound) else "less than 0.1 points"
        text = (
            f"Choosing it loses {most} against the best, and less than {case.margin} would not change what you "
            f"deploy: {promise}"
        )
        open_ = [name for name in case.order[: case.order.index(case.choice)] if name in analysis.best_set]
        if open_ and not set(open_) & set(analysis.good_enough):
            text += f" (simpler, and perhaps as good, but not shown to be: {', '.join(open_)})"
    doubts = case.unsure(case.choice)
    return f"{text}; but it is not shown to keep the limits ({doubts[0].text})." if doubts else f"{text}."


def _takes(case: _Case) -> str:
    """What the choice takes in seconds, money and training."""
    assert case.choice is not None
    name, price = case.choice, case.use_case.machine_cost_per_hour
    measured = case.measured.get(name)
    seconds = mean_seconds(measured)
    if measured is None or seconds is None:
        return f"What an answer of {name} takes was not measured."
    parts = [f"An answer takes {figure(seconds)} s on average"]
    others = [other for other in case.order if other != name and mean_seconds(case.measured.get(other))]
    if others:
        other_seconds = mean_seconds(case.measured.get(others[0])) or seconds
        parts[0] += f" ({figure(seconds / other_seconds)} times {others[0]}'s)"
    if price is not None:
        cost = cost_per_1000(measured.seconds, price).estimate
        text = f"1,000 answers cost {figure(cost)}"
        if case.use_case.volume_per_month:
            text += f", a month's {figure(cost * case.use_case.volume_per_month / 1000)}"
        parts.append(text)
    elif measured.prompt_tokens is not None and measured.completion_tokens is not None:
        tokens = measured.prompt_tokens + measured.completion_tokens
        parts.append(f"it reads and writes {figure(tokens)} tokens")
    if measured.train_seconds:
        parts.append(f"training took {figure(measured.train_seconds)} s for each seed")
    return "; ".join(parts) + "."


def _next_step(case: _Case) -> str:
    analysis, needed = case.analysis, case.analysis.needed
    if case.ground == "limits":
        check = min(case.failed(_closest(case)), key=_excess)
        unit = " s" if check.limit == "p95 latency" else ""
        enough = figure(check.high or check.estimate or check.allowed)
        return f"Relax the {check.limit} limit to {enough}{unit}, or make {check.candidate} answer faster."
    if case.ground == "all wrong":
        return "Look at some answers beside their targets: metric, instruction or targets may not fit."
    doubts = case.unsure(case.choice) if case.choice is not None else []
    if doubts and case.ground != "bet":
        return _resolve_limit(doubts[0])
    if case.strength == "clear":
        return _after_choice(case)
    if len(analysis.standings) < 2:
        only = analysis.standings[0].approach
        other = "fine-tuning, or RAG where there are documents" if only == "prompting" else "zero-shot prompting"
        return f"Run at least one more candidate: {other}."
    if analysis.caution and needed is None:
        return "Add test examples from more groups."
    if needed is None:
        return "Add test examples, or train with more seeds, to make it a finding."
    text = _more_data(case)
    if analysis.caution and analysis.n >= 30:
        text += " They must come from more groups (documents, customers, templates), none of which dominates."
    return text


def _resolve_limit(check: LimitCheck) -> str:
    if check.estimate is None:
        return f"Measure {check.candidate}: {check.text}."
    return (
        f"Time more single requests of {check.candidate}, at least {FEWEST_TIMINGS} and as many as bring "
        f"both bounds to one side: {check.text}."
    )


def _more_data(case: _Case) -> str:
    analysis, needed = case.analysis, case.analysis.needed
    assert needed is not None
    parts = []
    if needed.seeds is not None:
        many = f"{needed.seeds}" if needed.seeds <= 20 else "more than 20"
        parts.append(f"train each fine-tuned candidate with {many} seeds")
    if needed.planned is not None and needed.examples is not None:
        range_ = f"{_round_up(needed.examples):,} if all of the lead seen is real"
        if needed.at_most is not None:
            range_ += f", {_round_up(needed.at_most):,} if half of it is"
        parts.append(f"plan for {_round_up(needed.planned):,} test examples in all (you have {analysis.n:,}; {range_})")
    if not parts:
        return f"Add test examples to show whether {needed.candidate} is good enough."
    goal = f"to show whether {needed.candidate} is within {case.margin} points of the best"
    text = f"{' and '.join(parts)} {goal}."
    if needed.for_winner is not None and needed.seeds is None:
        text += f" To prove which is best takes about {_round_up(needed.for_winner):,}."
    return text[:1].upper() + text[1:]


def _after_choice(case: _Case) -> str:
    changes = case.use_case.knowledge_changes
    text = "Put it into use, and run this again when the requests, the documents or the base model change."
    approach = case.standing(case.choice).approach if case.choice is not None else "prompting"
    if changes in ("monthly", "weekly", "daily") and approach == "fine-tuning":
        text += f" What the answers depend on changes {changes}: plan to train again as often."
    return text


def _round_up(number: int) -> int:
    """Two significant digits are all that a forecast is worth."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step


def _excess(check: LimitCheck) -> float:
    return (check.estimate or check.allowed) / check.allowed


def _closest(case: _Case) -> str:
    """Of candidates that all break a limit, the one that breaks its worst one by least."""
    names = [one.candidate for one in case.analysis.standings]
    return min(names, key=lambda name: max((_excess(check) for check in case.failed(name)), default=1.0))


# --- Reasons -----------------------------------------------------------------------------------------


def _reasons(case: _Case) -> tuple[Reason, ...]:
    """The choice (or the leader) against the others, the simplest first; then what was ruled out."""
    name = case.choice or case.leader
    others = [other for other in case.order if other != name]
    if len(others) > MOST_REASONS:
        others = _representatives(case, others)
    reasons = [] if case.ground == "limits" else [_reason(case, name, other) for other in others]
    for one in case.analysis.standings:
        failed = case.failed(one.candidate)
        if not failed:
            continue
        text, index = f"{one.candidate} fails: {failed[0].text}.", None
        if one.candidate != name:
            index = find(case.analysis.comparisons, one.candidate, name)
            better = one.mean > case.standing(name).mean
            lead = sentence(case.analysis.comparisons[index], one.candidate)
            text = f"{lead[:-1]}, but fails: {failed[0].text}." if better else text
        reasons.append(Reason(text=text, comparison=index))
    return tuple(reasons)


def _representatives(case: _Case, others: Sequence[str]) -> list[str]:
    """The simplest of all, and the best of each approach."""
    best = [
        max(names, key=lambda name: case.standing(name).mean)
        for approach in APPROACHES
        if (names := [name for name in others if case.standing(name).approach == approach])
    ]
    return [name for name in others if name in (others[0], *best)]


def _reason(case: _Case, name: str, other: str) -> Reason:
    comparisons = case.analysis.comparisons
    index = find(comparisons, name, other)
    comparison = comparisons[index]
    rival, mine = case.standing(other), case.standing(name)
    sign = 1.0 if comparison.candidate == name else -1.0
    text = sentence(comparison, name if sign * comparison.delta >= 0 else other)
    if case.choice is None:
        return Reason(text=text, comparison=index)
    gap = APPROACHES.index(rival.approach) - APPROACHES.index(mine.approach)
    beaten = comparison.shown == ("better" if sign > 0 else "worse")
    if gap < 0 and beaten:
        text = f"Not {other}, though it is simpler: {text}"
    elif gap < 0:
        bound = points(rival.regret_bound)
        text = f"Not {other}, though it is simpler: it may lose up to {bound} points against the best. {text}"
    elif comparison.shown != "not shown" and not beaten:
        text = f"{text[:-1]}; less than {case.margin} points would not change what you deploy."
    elif gap > 0:
        text = f"{other} is not needed: {text}"
    return Reason(text=text, comparison=index)
