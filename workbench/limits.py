"""A candidate against the limits of its use case: pass, fail or unsure, by bounds and not by estimates."""

import math
from collections.abc import Sequence
from typing import Literal

from workbench.cost import FEWEST_TIMINGS, Measured, cost_per_1000, figure, latency_bounds, told_per_1000
from workbench.forgetting import Loss
from workbench.model import Noun
from workbench.phrases import agreeing, points
from workbench.statistics.bounds import Bounds
from workbench.usecase import Limits, UseCase

Status = Literal["pass", "fail", "unsure"]
LATENCY, COST, FORGETTING, OVER_REFUSAL = "p95 latency", "cost per 1,000", "forgetting", "over-refusal"
DATA, LICENCE, SOURCES, DELETION = "data stays", "licence", "sources", "deletion"
"""The limits, in words."""


class LimitCheck(Noun):
    """One candidate against one limit, judged by one-sided 95 % bounds and not by the estimate."""

    candidate: str
    limit: str
    """In words."""
    status: Status
    allowed: float
    estimate: float | None
    """None: not measured."""
    low: float | None
    """None: so few measurements bound nothing."""
    high: float | None
    text: str
    """The figure beside the limit, in words."""
    settle: str = ""
    """What would settle it, where it is unsure."""
    relax: str = ""
    """What to do where it fails."""
    fact: bool = False
    """Whether it is a hard fact and no figure."""

    @property
    def excess(self) -> float:
        """By what factor the estimate exceeds what is allowed; no factor is enough where it is a hard fact."""
        if self.fact:
            return math.inf
        return (self.allowed if self.estimate is None else self.estimate) / self.allowed


def check_limits(candidate: str, measured: Measured | None, use_case: UseCase) -> tuple[LimitCheck, ...]:
    """The candidate against every limit that the use case sets; what was not measured is unsure."""
    limits, price, known = use_case.limits, use_case.answering_hour, measured or Measured()
    seconds = known.seconds
    checks = []
    if limits.max_p95_seconds is not None:
        bounds = latency_bounds(seconds) if seconds else None
        checks.append(_spent(candidate, LATENCY, bounds, limits.max_p95_seconds, n=len(seconds), missing=NO_TIMINGS))
    if limits.max_cost_per_1000 is not None:
        bounds = cost_per_1000(seconds, price) if seconds and price is not None else None
        text = NO_TIMINGS if price is not None else "the use case has no machine_cost_per_hour"
        n = len(seconds)
        if known.costs:
            bounds, n = told_per_1000(known.costs), len(known.costs)
        checks.append(_spent(candidate, COST, bounds, limits.max_cost_per_1000, n=n, missing=text))
    if limits.max_forgetting is not None:
        checks.append(_forgetting(candidate, measured, limits.max_forgetting, use_case.name))
    if limits.max_over_refusal is not None:
        checks.append(_over_refusal(candidate, measured, limits.max_over_refusal, use_case.name))
    return tuple(checks) + _facts(candidate, known, limits)


def _facts(candidate: str, measured: Measured, limits: Limits) -> tuple[LimitCheck, ...]:
    """The candidate against the hard facts that the use case asks for."""
    facts = measured.facts
    found = []
    if limits.data_stays:
        kept = None if facts.leaves is None else not facts.leaves
        found.append(
            _fact(
                candidate, DATA, kept, yes="its requests stay on machines of your own",
                no=f"it sends requests or training rows to {facts.goes_to}",
                unknown="where it runs is not known", relax="serve such a model yourself (vLLM, Ollama) and name that "
                "endpoint; where a hosted model's machines are yours, set hosted.ours in its YAML",
            )
        )  # fmt: skip
    if limits.licences:
        allowed = {_plain(one) for one in limits.licences}
        told = None if facts.licences is None else all(_plain(one) in allowed for one in facts.licences)
        named = ", ".join(facts.licences or ())
        found.append(
            _fact(
                candidate, LICENCE, told, yes=f"its base model is under {named}",
                no=f"its base model is under {named}, which is not among {', '.join(limits.licences)}",
                unknown="the licence of its base model is not known", relax="choose a base model under one of these",
            )
        )  # fmt: skip
    if limits.must_cite:
        found.append(
            _fact(
                candidate, SOURCES, facts.cites, yes="each answer comes with the passages that it was given",
                no="it answers without passages, so there is nothing to cite",
                unknown="whether its answers come with sources is not known", relax="give it retrieval",
            )
        )  # fmt: skip
    if limits.must_be_deletable:
        found.append(
            _fact(
                candidate, DELETION, facts.deletable, yes="what its answers rest on is in no weights of yours",
                no="what it learned is in its weights, where it cannot be deleted",
                unknown="what it learned from is not known",
                relax="keep what must be deletable out of the training rows, and look it up",
            )
        )  # fmt: skip
    return tuple(found)


def _plain(licence: str) -> str:
    return licence.strip().lower().replace("_", "-").replace(" ", "-")


def _fact(candidate: str, limit: str, kept: bool | None, *, yes: str, no: str, unknown: str, relax: str) -> LimitCheck:
    """A fact against what is asked for: it is kept, it is not, or it is not known."""
    status: Status = "unsure" if kept is None else "pass" if kept else "fail"
    return LimitCheck(
        candidate=candidate, limit=limit, status=status, allowed=0.0, estimate=None, low=None, high=None, fact=True,
        text=f"{limit}: {unknown if kept is None else yes if kept else no}",
        settle=f"Find out about {candidate}: {unknown}.", relax=f"{relax[:1].upper()}{relax[1:]}, or lift this limit.",
    )  # fmt: skip


NO_TIMINGS = "no request was timed"


def _spent(candidate: str, limit: str, bounds: Bounds | None, allowed: float, *, n: int, missing: str) -> LimitCheck:
    """Seconds or money against their limit."""
    unit = " s" if limit == LATENCY else ""
    if bounds is None:
        text = f"{limit} not measured: {missing}; the limit is {allowed:g}{unit}"
        return _unmeasured(candidate, limit, allowed, text, settle=f"Measure {candidate}: {text}.")
    gap = bounds.estimate - allowed
    side, requests = "over" if gap > 0 else "under", agreeing(n, "request", "requests")
    text = (
        f"{limit} {figure(bounds.estimate)}{unit} ({_range(bounds, unit)}, {n:,} {requests} timed), "
        f"{figure(abs(gap))}{unit} {side} the limit of {allowed:g}{unit}"
    )
    return LimitCheck(
        candidate=candidate, limit=limit, status=_status(bounds.low, bounds.high, allowed), allowed=allowed,
        estimate=bounds.estimate, low=bounds.low, high=bounds.high, text=text,
        settle=f"Time more single requests of {candidate}, at least {FEWEST_TIMINGS} and as many as bring "
        f"both bounds to one side: {text}.",
        relax=f"Relax the {limit} limit to {figure(bounds.high or bounds.estimate)}{unit}, "
        f"or make {candidate} answer faster.",
    )  # fmt: skip


def _forgetting(candidate: str, measured: Measured | None, allowed: float, case: str) -> LimitCheck:
    """The suites against the largest loss that is allowed in any: all must keep it (intersection-union test)."""
    limit = f"the limit of {points(allowed)} points"
    if measured is not None and not measured.trained:
        return LimitCheck(
            candidate=candidate, limit=FORGETTING, status="pass", allowed=allowed, estimate=0.0, low=0.0, high=0.0,
            text=f"forgetting: unchanged by construction, its weights are the base model's; {limit}",
        )  # fmt: skip
    shares = [one for one in measured.losses if one.suite.is_share] if measured is not None else []
    if not shares:
        text = f"what training cost was not measured; {limit} can't be held against it"
        return _unmeasured(candidate, FORGETTING, allowed, text, settle=f"Measure it: `workbench checks {case}`.")
    surely = max(shares, key=lambda one: one.surely_lost)
    loosest = max(shares, key=lambda one: one.at_most_lost)
    status = _status(surely.surely_lost, loosest.at_most_lost, allowed)
    worst = surely if status == "fail" else loosest
    text = (
        f"forgetting: {worst.suite.facet} {_moved(worst)}, surely by at least {points(max(0.0, worst.surely_lost))} "
        f"and by at most {points(worst.at_most_lost)} ({worst.n:,} items); {limit}"
    )
    if status == "pass":
        text = f"forgetting: no suite lost more than {points(max(0.0, loosest.at_most_lost))} points; {limit}"
    return LimitCheck(
        candidate=candidate, limit=FORGETTING, status=status, allowed=allowed, estimate=max(0.0, -worst.change),
        low=surely.surely_lost, high=loosest.at_most_lost, text=text,
        settle=_more_items([one for one in shares if one.at_most_lost > allowed], candidate, allowed),
        relax=f"Train {candidate} more gently (a lower learning rate, fewer epochs, general rows among its own, or a "
        f"weaker adapter: `workbench checks {case} --sweep`), or allow a loss of {points(worst.at_most_lost)} points.",
    )  # fmt: skip


def _moved(one: Loss) -> str:
    return f"lost {points(-one.change)} points" if one.change < 0 else f"gained {points(one.change)} points"


def _more_items(open_ones: Sequence[Loss], candidate: str, allowed: float) -> str:
    """How many items would show that no suite lost more than is allowed, if the losses are as seen."""
    parts = []
    for one in open_ones:
        room = allowed + one.change
        if room <= 0:
            return (
                f"Ask more items of {one.suite.facet}: as far as seen, {candidate} loses "
                f"{points(-one.change)} points there, more than is allowed."
            )
        needed = math.ceil(((1.645 + 0.8416) * one.se / room) ** 2 * one.n)
        parts.append(f"{one.suite.facet} {needed:,}")
    return f"Ask more items of {candidate} and its base, if the losses are as seen: {', '.join(parts)}."


def _over_refusal(candidate: str, measured: Measured | None, allowed: float, case: str) -> LimitCheck:
    """Harmless requests refused against the share that is allowed."""
    limit = f"the limit of {points(allowed)} %"
    found = measured.refusals if measured is not None else None
    if found is None:
        text = f"over-refusal was not measured; {limit} can't be held against it"
        return _unmeasured(candidate, OVER_REFUSAL, allowed, text, settle=f"Measure it: `workbench checks {case}`.")
    share = found.refused
    whose = "" if measured is not None and measured.trained else ", as its base model does"
    text = (
        f"over-refusal: it refuses {points(share.value)} % of harmless requests{whose} "
        f"(95 % bounds {points(share.surely)} to {points(share.at_most)}, {share.n:,} requests); {limit}"
    )
    return LimitCheck(
        candidate=candidate, limit=OVER_REFUSAL, status=_status(share.surely, share.at_most, allowed), allowed=allowed,
        estimate=share.value, low=share.surely, high=share.at_most, text=text,
        settle=f"Ask {candidate} more harmless requests that only sound unsafe: {text}.",
        relax=f"Allow {points(share.at_most)} % of harmless requests to be refused, or train {candidate} on harmless "
        "requests that sound unsafe, with helpful answers.",
    )  # fmt: skip


def _status(low: float | None, high: float | None, allowed: float) -> Status:
    if low is not None and low > allowed:
        return "fail"
    return "pass" if high is not None and high <= allowed else "unsure"


def _unmeasured(candidate: str, limit: str, allowed: float, text: str, *, settle: str) -> LimitCheck:
    return LimitCheck(
        candidate=candidate, limit=limit, status="unsure", allowed=allowed, estimate=None, low=None, high=None,
        text=text, settle=settle,
    )  # fmt: skip


def _range(bounds: Bounds, unit: str) -> str:
    """The bounds in words; a missing one is said to be missing."""
    if bounds.low is None and bounds.high is None:
        return "no bounds from so few"
    if bounds.low is None:
        return f"surely at most {figure(bounds.high or 0)}{unit}, no lower bound from so few"
    if bounds.high is None:
        return f"surely at least {figure(bounds.low)}{unit}, no upper bound from so few"
    return f"95 % bounds {figure(bounds.low)} to {figure(bounds.high)}{unit}"
