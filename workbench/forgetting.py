"""What training cost: paired differences to the base on every suite, and what they show, never averaged over suites."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from workbench.model import Noun
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import Difference, least_variance, paired_t
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
    """Items with which half of the change would be shown to be no loss; None where that is shown already, or where
    no number of items would show it."""


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
    found = _answers(suite, measured)
    return (_changes(suite, found.before, found.after), found.clusters) if found is not None else None


@dataclass(frozen=True)
class Answers:
    """A suite's values before and after: one row for each training, one column for each item."""

    before: Floats
    """(1, n) where the weights before were the same for all trainings."""
    after: Floats
    clusters: Clusters
    again: Floats | None = None
    """The first of those before, asked a second time. Shape (n,)."""
    lenient: tuple[Floats, Floats] | None = None
    """Before and after, where only the substance counts."""


def _answers(suite: Suite, measured: Measured) -> Answers | None:
    every = [*measured.before, *measured.after, *([measured.again] if measured.again is not None else [])]
    items = paired_items(suite.name, every)
    if not items[0]:
        return None
    many = len(measured.before)
    before, after = items[:many], items[many : many + len(measured.after)]
    lenient = None
    if suite.lenient and suite.lenient in before[0][0].values:
        lenient = (_values(before, suite.lenient), _values(after, suite.lenient))
    return Answers(
        before=_values(before, suite.metric),
        after=_values(after, suite.metric),
        clusters=Clusters.of([one.group or one.item for one in before[0]]),
        again=_values(items[-1:], suite.metric)[0] if measured.again is not None else None,
        lenient=lenient,
    )


def _values(items: Sequence[Sequence[Item]], metric: str) -> Floats:
    return np.array([[one.values[metric] for one in own] for own in items])


def _changes(suite: Suite, before: Floats, after: Floats) -> Floats:
    found: Floats = (1.0 if suite.higher_is_better else -1.0) * (after - before).mean(axis=0)
    return found


def _loss(plain: Suite, measured: Measured, *, of: int) -> Loss | None:
    asked = measured.before[0].asked[plain.name]
    suite = settled(plain, asked)
    answers = _answers(suite, measured)
    return judge(suite, answers, of=of, too_long=asked.too_long) if answers is not None else None


def judge(suite: Suite, answers: Answers, *, of: int, too_long: int = 0) -> Loss:
    """What a suite shows, as one of ``of`` that are judged together."""
    changes = _changes(suite, answers.before, answers.after)
    found = paired_t(changes, clusters=answers.clusters)
    one_sided = 1 - (1 - ERROR_RATE) ** (1 / of)
    half = _half(found, one_sided)
    surely = -(found.delta + _half(found, 2 * one_sided))
    at_most = -found.delta + _room(changes, found, share=suite.is_share)
    degraded, kept = surely > 0, at_most < suite.delta
    shares, before = suite.is_share, float(answers.before.mean())
    above = before - (suite.chance or 0.0)
    return Loss(
        suite=suite,
        n=len(changes),
        too_long=too_long,
        before=before,
        after=float(answers.after.mean()),
        change=found.delta,
        se=found.se,
        low=max(found.delta - half, -1.0) if shares else found.delta - half,
        high=min(found.delta + half, 1.0) if shares else found.delta + half,
        surely_lost=surely,
        at_most_lost=at_most,
        state="degraded" if degraded else "kept" if kept else "not shown",
        **(_flips(suite, answers) if shares else {}),
        lenient_change=float(_changes(suite, *answers.lenient).mean()) if answers.lenient is not None else None,
        headroom=found.delta / above if shares and above > 0 else None,
        enough=None if kept or degraded else _enough(changes, suite.delta),
    )


def _flips(suite: Suite, answers: Answers) -> dict[str, float | None]:
    """Shares of items that became wrong and right, and what of the first is beyond what the model does by itself."""
    sign = 1.0 if suite.higher_is_better else -1.0
    moved = sign * (answers.after - answers.before)
    lost, won = (moved < 0).mean(axis=0), (moved > 0).mean(axis=0)
    found: dict[str, float | None] = {"lost": float(lost.mean()), "won": float(won.mean())}
    if answers.again is None:
        return found
    again = sign * (answers.again - answers.before[0]) < 0
    excess = paired_t(lost - again, clusters=answers.clusters)
    return found | {
        "floor": float(again.mean()),
        "excess": excess.delta,
        "excess_low": excess.low,
        "excess_high": excess.high,
    }


def _half(found: Difference, alpha: float) -> float:
    """Half of a two-sided interval; not bounded by 1, since nats are no shares."""
    return float(-special.stdtrit(found.df, alpha / 2)) * found.se


def _room(changes: Floats, found: Difference, *, share: bool) -> float:
    """By how much more than was seen may have been lost, one-sided, at 5 %.

    For shares it solves x = t sqrt(se^2 + k x), k the variance of one more lost item: a larger true loss would come
    with more items that flip, so that a bound from those that were seen is too bold where they are few. Where none
    flipped it is about the rule of three, 3 / n.
    """
    plain = _half(found, 2 * ERROR_RATE)
    if not share:
        return plain
    n, variance = len(changes), float(changes.var())
    # The least error that is believed says nothing of how much one more item would add to it.
    estimated = found.se**2 > 1.001 * least_variance(n)
    one_item = found.se**2 / variance if estimated else 1 / n
    t = plain / found.se
    return (t**2 * one_item + math.sqrt((t**2 * one_item) ** 2 + 4 * plain**2)) / 2


def _enough(changes: Floats, delta: float) -> int | None:
    """Items that show a true loss of half of what was seen to be within delta, in 80 of 100 tests.

    (1.645 + 0.84)^2 psi / (delta less that loss)^2, and more than there are; None where such a loss is no less than
    delta.
    """
    n, psi = len(changes), float(np.mean(changes**2))
    margin = delta + min(0.0, float(changes.mean())) / 2
    if margin <= 0:
        return None
    return max(n + 1, int(np.ceil((1.645 + 0.8416) ** 2 * max(psi, 1 / n) / margin**2)))
