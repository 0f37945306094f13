"""What answers take in seconds and money, and whether that keeps the limits."""

from collections.abc import Sequence
from typing import Literal

from workbench.model import Noun
from workbench.statistics.bounds import Bounds, mean_bounds, percentile_bounds
from workbench.usecase import UseCase

FEWEST_TIMINGS = 59
"""With fewer timed requests nothing bounds a 95th percentile from above: 0.95^59 < 0.05. From below, only
their fastest is trusted to bound it."""

Status = Literal["pass", "fail", "unsure"]


class Measured(Noun):
    """What one candidate took; what was not measured is None or empty."""

    seconds: tuple[float, ...] = ()
    """Time of single requests, one after another: a batch's time shared out says nothing about latency."""
    prompt_tokens: float | None = None
    """Mean a request."""
    completion_tokens: float | None = None
    """Mean a request."""
    train_seconds: float | None = None
    """Training time of one seed; None where nothing is trained or it was not measured."""


class LimitCheck(Noun):
    """One candidate against one limit, judged by one-sided 95 % bounds and not by the estimate."""

    candidate: str
    limit: str
    """In words: "p95 latency" or "cost per 1,000"."""
    status: Status
    allowed: float
    estimate: float | None
    """None: not measured."""
    low: float | None
    """None: so few measurements bound nothing."""
    high: float | None
    text: str
    """The figure beside the limit, in words."""


def cost_per_1000(seconds: Sequence[float], machine_cost_per_hour: float) -> Bounds:
    """Cost of 1,000 answers given one after another on a machine of that price; ``seconds`` not empty."""
    each = machine_cost_per_hour / 3600 * 1000
    bounds = mean_bounds(seconds)
    low = None if bounds.low is None else max(0.0, bounds.low * each)
    return Bounds(bounds.estimate * each, low, None if bounds.high is None else bounds.high * each)


def mean_seconds(measured: Measured | None) -> float | None:
    """Mean seconds a request, or None where none was timed."""
    if measured is None or not measured.seconds:
        return None
    return sum(measured.seconds) / len(measured.seconds)


def latency_bounds(seconds: Sequence[float]) -> Bounds:
    """The 95th percentile of single requests with one-sided bounds; ``seconds`` not empty."""
    bounds = percentile_bounds(seconds)
    if len(seconds) >= FEWEST_TIMINGS:
        return bounds
    return Bounds(bounds.estimate, min(seconds), None)


def check_limits(candidate: str, measured: Measured | None, use_case: UseCase) -> tuple[LimitCheck, ...]:
    """The candidate against every limit that the use case sets: pass, fail, or unsure."""
    limits, price = use_case.limits, use_case.machine_cost_per_hour
    seconds = measured.seconds if measured is not None else ()
    checks = []
    if limits.max_p95_seconds is not None:
        bounds = latency_bounds(seconds) if seconds else None
        text = "no request was timed"
        checks.append(_check(candidate, "p95 latency", bounds, limits.max_p95_seconds, n=len(seconds), missing=text))
    if limits.max_cost_per_1000 is not None:
        known = bool(seconds) and price is not None
        bounds = cost_per_1000(seconds, price) if known and price is not None else None
        text = "no request was timed" if price is not None else "the use case has no machine_cost_per_hour"
        checks.append(
            _check(candidate, "cost per 1,000", bounds, limits.max_cost_per_1000, n=len(seconds), missing=text)
        )
    return tuple(checks)


def _check(candidate: str, limit: str, bounds: Bounds | None, allowed: float, *, n: int, missing: str) -> LimitCheck:
    unit = " s" if limit == "p95 latency" else ""
    if bounds is None:
        text = f"{limit} not measured: {missing}; the limit is {allowed:g}{unit}"
        return LimitCheck(
            candidate=candidate, limit=limit, status="unsure", allowed=allowed,
            estimate=None, low=None, high=None, text=text,
        )  # fmt: skip
    status: Status = "unsure"
    if bounds.low is not None and bounds.low > allowed:
        status = "fail"
    elif bounds.high is not None and bounds.high <= allowed:
        status = "pass"
    gap = bounds.estimate - allowed
    side = "over" if gap > 0 else "under"
    text = (
        f"{limit} {figure(bounds.estimate)}{unit} ({_range(bounds, unit)}, {n} requests timed), "
        f"{figure(abs(gap))}{unit} {side} the limit of {allowed:g}{unit}"
    )
    return LimitCheck(
        candidate=candidate, limit=limit, status=status, allowed=allowed,
        estimate=bounds.estimate, low=bounds.low, high=bounds.high, text=text,
    )  # fmt: skip


def figure(value: float) -> str:
    """A positive figure with two significant digits and no exponent: 2.6, 0.042, 130."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    rounded = float(f"{value:.2g}")
    decimals = max(0, 1 - int(f"{rounded:e}".split("e")[1]))
    return f"{rounded:.{decimals}f}"


def _range(bounds: Bounds, unit: str) -> str:
    """The bounds in words; a missing one is said to be missing."""
    if bounds.low is None and bounds.high is None:
        return "no bounds from so few"
    if bounds.low is None:
        return f"surely at most {figure(bounds.high or 0)}{unit}, no lower bound from so few"
    if bounds.high is None:
        return f"surely at least {figure(bounds.low)}{unit}, no upper bound from so few"
    return f"95 % bounds {figure(bounds.low)} to {figure(bounds.high)}{unit}"
