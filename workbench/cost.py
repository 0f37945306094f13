"""What answers take in seconds and money, and what training cost the model."""

from collections.abc import Sequence

from workbench.facts import Facts
from workbench.forgetting import Loss
from workbench.model import Noun
from workbench.refusals import Refusals
from workbench.statistics.bounds import Bounds, mean_bounds, percentile_bounds

FEWEST_TIMINGS = 59
"""With fewer timed requests nothing bounds a 95th percentile from above: 0.95^59 < 0.05. From below, only
their fastest is trusted to bound it."""


class Measured(Noun):
    """What one candidate took; what was not measured is None or empty."""

    seconds: tuple[float, ...] = ()
    """Time of single requests, one after another: a batch's time shared out says nothing about latency."""
    timed: tuple[str, ...] = ()
    """The examples of those requests, in the same order."""
    costs: tuple[float, ...] = ()
    """Cost of single requests, where that came with the answers: it counts in place of the machine's time."""
    prompt_tokens: float | None = None
    """Mean a request."""
    completion_tokens: float | None = None
    """Mean a request."""
    train_seconds: float | None = None
    """Training time of one seed; None where nothing is trained or it was not measured."""
    answering_mb: float | None = None
    """The most memory that answering held; None where no step noted it."""
    training_mb: float | None = None
    """The most memory that any stage of training held; None where nothing is trained or no step noted it."""
    trained: bool = False
    """Whether its weights are not the base model's any more."""
    losses: tuple[Loss, ...] = ()
    """What every benchmark suite shows beside the untrained base; empty where nothing was measured."""
    facts: Facts = Facts()
    """What is so, whatever was measured."""
    refusals: Refusals | None = None
    """What it refuses: of its own weights where it is trained, else of its base model's."""


def cost_per_1000(seconds: Sequence[float], machine_cost_per_hour: float) -> Bounds:
    """Cost of 1,000 answers given one after another on a machine of that price; ``seconds`` not empty."""
    each = machine_cost_per_hour / 3600 * 1000
    bounds = mean_bounds(seconds)
    low = None if bounds.low is None else max(0.0, bounds.low * each)
    return Bounds(bounds.estimate * each, low, None if bounds.high is None else bounds.high * each)


def told_per_1000(costs: Sequence[float]) -> Bounds:
    """Cost of 1,000 answers from what single ones are told to have cost; ``costs`` not empty."""
    bounds = mean_bounds(costs)
    low = None if bounds.low is None else max(0.0, 1000 * bounds.low)
    return Bounds(1000 * bounds.estimate, low, None if bounds.high is None else 1000 * bounds.high)


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


def figure(value: float) -> str:
    """A positive figure with two significant digits and no exponent: 2.6, 0.042, 130."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    rounded = float(f"{value:.2g}")
    decimals = max(0, 1 - int(f"{rounded:e}".split("e")[1]))
    return f"{rounded:.{decimals}f}"
