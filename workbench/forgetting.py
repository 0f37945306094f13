"""What training cost: paired differences to the base on every suite, and what they show, never averaged over suites."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from workbench.model import Noun
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import Difference, paired_t
from workbench.suite_items import Item, Panel, paired_items, settled
from workbench.suites import Suite

State = Literal["degraded", "kept", "not shown"]
"""degraded: shown to have lost; kept: shown to have lost no more than the suite's delta; not shown: neither."""
ERROR_RATE = 0.05


class Loss(Noun):
    """What one suite shows about a model beside what it was before."""

    suite: Suite
    n: int
    too_long: int = 0
    """Items that do not fit into the model's context, and are in no figure."""
    before: float
    """The mean before."""
    after: float
    """The mean after, over the trainings."""
    change: float
    """Mean of the paired differences; below 0 where it became worse, whichever way the metric goes."""
    se: float
    """Standard error of the change, over items."""
    low: float
    high: float
    """Of the change, for all suites of the panel at once."""
    surely_lost: float
    """One-sided bound, for all suites at once: at least this much was lost; below 0 where that is not shown."""
    at_most_lost: float
    """One-sided bound, for this suite alone: no more than this was lost."""
    state: State
    lost: float | None = None
    """Share of items right before and wrong after, averaged over seeds; None for suites that are no shares."""
    won: float | None = None
    """Share of items wrong before and right after."""
    floor: float | None = None
    """Share of items right before and wrong when the same weights were asked again, in other batches."""
    excess: float | None = None
    """``lost`` less ``floor``, with its 95 % interval."""
    excess_low: float | None = None
    excess_high: float | None = None
    lenient_change: float | None = None
    """The change where only the substance counts and not the form: a lost form shows as a change that is not here."""
    headroom: float | None = None
    """The change as a share of what the model was above guessing; None where it was not."""
    enough: int | None = None
    """Items with which a change of 0 would be shown to be no loss; None where that is shown already."""


@dataclass(frozen=True)
class Measured:
    """A model before and after, as the suites asked it: one panel for each training."""

    before: Sequence[Panel]
    """One, the base's, or one for each training, of the weights that it went on from."""
    after: Sequence[Panel]
    again: Panel | None = None
    """The first of those before, asked a second time."""


def losses(suites: Sequence[Suite], measured: Measured) -> tuple[Loss, ...]:
    """Every suite of a panel, the worst first; those of which nothing was asked are left out.

    Intervals hold for all suites at once (Sidak 1967; the suites' items are independent) and for these trainings. A
    loss is shown where the one-sided bound lies below 0, at an error rate of 5 % for the whole panel; that there is
    none larger than delta is claimed suite by suite, without a correction, since all of them have to show it
    (intersection-union test). Raises WorkbenchError where the items of before and after do not pair.
    """
    asked = [one for one in suites if one.name in measured.before[0].asked]
    found = [_loss(suite, measured, of=len(asked)) for suite in asked]
    kept = [one for one in found if one is not None]
    return tuple(sorted(kept, key=lambda one: (one.state != "degraded", one.change / one.suite.delta)))


def differences(suite: Suite, measured: Measured) -> tuple[Floats, Clusters] | None:
    """Changes of a suite's items, averaged over trainings (n,), below 0 where it became worse; None without items."""
    arranged = _arranged(suite, measured)
    if arranged is None:
        return None
    before, after = (_values(items, suite.metric) for items in arranged)
    sign = 1.0 if suite.higher_is_better else -1.0
    changes: Floats = sign * (after - before).mean(axis=0)
    return changes, Clusters.of([one.group or one.item for one in arranged[0][0]])


Arranged = tuple[Sequence[Sequence[Item]], Sequence[Sequence[Item]]]


def _arranged(suite: Suite, measured: Measured) -> Arranged | None:
    found = paired_items(suite.name, [*measured.before, *measured.after])
    if not found[0]:
        return None
    return found[: len(measured.before)], found[len(measured.before) :]


def _values(items: Sequence[Sequence[Item]], metric: str) -> Floats:
    return np.array([[one.values[metric] for one in own] for own in items])


def _loss(plain: Suite, measured: Measured, *, of: int) -> Loss | None:
    asked = measured.before[0].asked[plain.name]
    suite = settled(plain, asked)
    arranged = _arranged(suite, measured)
    changes = differences(suite, measured)
    if arranged is None or changes is None:
        return None
    before, after = (_values(items, suite.metric) for items in arranged)
    found = paired_t(changes[0], clusters=changes[1])
    half = _half(found, 1 - (1 - ERROR_RATE) ** (1 / of))
    surely = -(found.delta + _half(found, 2 * (1 - (1 - ERROR_RATE) ** (1 / of))))
    at_most = -(found.delta - _half(found, 2 * ERROR_RATE))
    degraded, kept = surely > 0, at_most < suite.delta
    shares = suite.is_share
    above = float(before.mean()) - (suite.chance or 0.0)
    return Loss(
        suite=suite,
        n=len(changes[0]),
        too_long=asked.too_long,
        before=float(before.mean()),
        after=float(after.mean()),
        change=found.delta,
        se=found.se,
        low=max(found.delta - half, -1.0) if shares else found.delta - half,
        high=min(found.delta + half, 1.0) if shares else found.delta + half,
        surely_lost=surely,
        at_most_lost=at_most,
        state="degraded" if degraded else "kept" if kept else "not shown",
        **(_flips(suite, measured, before, after, changes[1]) if shares else {}),
        lenient_change=_lenient(suite, arranged) if shares else None,
        headroom=found.delta / above if shares and above > 0 else None,
        enough=None if kept or degraded else _enough(changes[0], suite.delta),
    )


def _flips(
    suite: Suite, measured: Measured, before: Floats, after: Floats, clusters: Clusters
) -> dict[str, float | None]:
    """Shares of items that became wrong and right, and what of the first is beyond what the model does by itself."""
    sign = 1.0 if suite.higher_is_better else -1.0
    moved = sign * (after - before)
    lost, won = (moved < 0).mean(axis=0), (moved > 0).mean(axis=0)
    found: dict[str, float | None] = {"lost": float(lost.mean()), "won": float(won.mean())}
    if measured.again is None:
        return found
    first, second, *_ = paired_items(suite.name, [measured.before[0], measured.again])
    again = sign * (_values([second], suite.metric) - _values([first], suite.metric))[0] < 0
    if len(again) != len(lost):
        return found
    excess = paired_t(lost - again, clusters=clusters)
    return found | {
        "floor": float(again.mean()),
        "excess": excess.delta,
        "excess_low": excess.low,
        "excess_high": excess.high,
    }


def _lenient(suite: Suite, arranged: Arranged) -> float | None:
    if not suite.lenient or suite.lenient not in arranged[0][0][0].values:
        return None
    before, after = (_values(items, suite.lenient) for items in arranged)
    sign = 1.0 if suite.higher_is_better else -1.0
    return sign * float((after - before).mean())


def _half(found: Difference, alpha: float) -> float:
    """Half of a two-sided interval; not bounded by 1, since nats are no shares."""
    return float(-special.stdtrit(found.df, alpha / 2)) * found.se


def _enough(changes: Floats, delta: float) -> int:
    """Items that show a true change of 0 to be within delta in 80 of 100 tests: (1.645 + 0.84)^2 psi / delta^2."""
    psi = float(np.mean(changes**2))
    return int(np.ceil((1.645 + 0.8416) ** 2 * max(psi, 1 / len(changes)) / delta**2))
