"""From how many requests on training pays: what it costs to train against what each answer is cheaper by."""

import math
from collections.abc import Collection, Sequence

from scipy import special

from workbench.analysis import Standing
from workbench.comparison import Comparison, are_compared, find
from workbench.earnings import Earning
from workbench.model import Noun
from workbench.running_cost import RunningCost

CACHE_SAVES = 0.63
"""Of what is read, where 70 % comes from a prompt cache at a tenth of the price: what it saves at most."""
IDLE = 0.3
"""Share of its time that a machine is busy which has few requests."""


class Bar(Noun):
    """One thing that the break-even hangs on: the volumes at its two ends; None: training never pays there."""

    what: str
    from_: str
    """The end at which the volume is ``at_from``, in words."""
    to: str
    at_from: float | None
    at_to: float | None


class BreakEven(Noun):
    """From which volume on a trained candidate is cheaper than one that is not trained."""

    trained: str
    other: str
    training_a_month: float
    """What training it costs, spread over the months that it lasts."""
    saved: float
    """What an answer is cheaper by; below 0 where it is dearer."""
    volume: float | None
    """Requests a month; None: never, since its answers are no cheaper."""
    low: float | None
    high: float | None
    """95 % interval, by the requests that were timed; ``high`` None: there may be no such volume."""
    as_good: bool
    """Whether it is shown to answer no worse than the other, by the smallest difference that matters."""
    behind: float
    """By how much the other answers better, as a share; below 0 where it answers worse."""
    bars: tuple[Bar, ...]
    """What it hangs on, the widest first; empty where training never pays."""


def break_even(
    earned: Sequence[Earning],
    standings: Sequence[Standing],
    comparisons: Sequence[Comparison],
    *,
    smallest_difference: float,
    eligible: Collection[str],
) -> tuple[BreakEven, ...]:
    """The best candidate of each trained approach against the best that is not trained, as far as both have a price.

    ``eligible``: who breaks no limit; the others are left aside.

    volume = training a month / what an answer is cheaper by. It only decides where both answer equally well.
    """
    means = {one.candidate: one.mean for one in standings}
    known = [one for one in earned if one.candidate in eligible and one.candidate in means]
    priced = {one.candidate: one.cost for one in known if one.cost is not None}
    approaches = {one.candidate: one.approach for one in earned}
    others = [name for name in priced if "fine-tuning" not in approaches[name]]
    if not others:
        return ()
    other = max(others, key=lambda name: means[name])
    found = []
    for approach in ("fine-tuning", "RAG + fine-tuning"):
        trained = [name for name, cost in priced.items() if approaches[name] == approach and cost.training_once > 0]
        if trained:
            one = max(trained, key=lambda name: means[name])
            worst = _worst(comparisons, one, other)
            as_good = worst is not None and worst <= smallest_difference
            behind = means[other] - means[one]
            found.append(_between(one, priced[one], other, priced[other], as_good=as_good, behind=behind))
    return tuple(found)


def _between(
    one: str, cost: RunningCost, other: str, beside: RunningCost, *, as_good: bool, behind: float
) -> BreakEven:
    """The volume at which two candidates cost the same."""
    saved = beside.answering - cost.answering
    se = math.sqrt(cost.variance + beside.variance)
    monthly = cost.training_once * cost.trainings_a_year / 12
    z = float(special.ndtri(0.975))
    volume = _volume(monthly, saved)
    return BreakEven(
        trained=one,
        other=other,
        training_a_month=monthly,
        saved=saved,
        volume=volume,
        low=_volume(monthly, saved + z * se),
        high=_volume(monthly, saved - z * se),
        as_good=as_good,
        behind=behind,
        bars=_bars(cost, beside) if volume is not None else (),
    )


def _volume(monthly: float, saved: float) -> float | None:
    return monthly / saved if saved > 0 else None


def _worst(comparisons: Sequence[Comparison], one: str, other: str) -> float | None:
    """The upper bound of how much better the other answers; None where they are not compared."""
    if not are_compared(comparisons, one, other):
        return None
    found = comparisons[find(comparisons, one, other)]
    return found.high if found.candidate == other else -found.low


def _bars(trained: RunningCost, other: RunningCost) -> tuple[Bar, ...]:
    """The volume with one thing changed at a time."""

    def at(*, training: float = 1.0, own: float = 1.0, others: float = 1.0) -> float | None:
        monthly = training * trained.training_once * trained.trainings_a_year / 12
        return _volume(monthly, others * other.answering - own * trained.answering)

    bars = [
        Bar(
            what="how long a training lasts", from_="twice as long", to="half as long", at_from=at(training=0.5),
            at_to=at(training=2),
        ),
        Bar(
            what="what a training that is used costs", from_="half", to="three times as much", at_from=at(training=0.5),
            at_to=at(training=3),
        ),
        Bar(
            what=f"a prompt cache for {other.candidate}", from_="none", to=f"saves {100 * CACHE_SAVES:.0f} % at most",
            at_from=at(), at_to=at(others=1 - CACHE_SAVES),
        ),
    ]  # fmt: skip
    idle = max(trained.busy / IDLE, 1.0)
    now, little = f"busy {100 * trained.busy:.0f} % of the time, as now", f"busy {100 * IDLE:.0f} %"
    if trained.by_machine and idle > 1:
        alone = f"the machine of {trained.candidate} alone"
        bars.append(Bar(what=alone, from_=now, to=little, at_from=at(), at_to=at(own=idle)))
        if other.by_machine:
            both = at(own=idle, others=idle)
            bars.append(Bar(what="both machines", from_=now, to=little, at_from=at(), at_to=both))
    return tuple(sorted(bars, key=_width, reverse=True))


def _width(bar: Bar) -> float:
    """How wide a bar is, as a ratio; one that ends at never is the widest."""
    if bar.at_from is None or bar.at_to is None:
        return math.inf
    low, high = sorted((bar.at_from, bar.at_to))
    return high / low if low > 0 else math.inf
