"""What training cost: paired differences to the base on every suite, and what they show, never averaged over suites."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field
from scipy import special

from workbench.charts import signed
from workbench.model import Noun
from workbench.phrases import percent, points
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import Difference, paired_t
from workbench.suites import Suite

State = Literal["degraded", "kept", "not shown"]
"""degraded: shown to have lost; kept: shown to have lost no more than the suite's delta; not shown: neither."""
ERROR_RATE = 0.05


class Item(Noun):
    """One item of a suite, as a model answered it."""

    suite: str
    item: str
    group: str = ""
    values: dict[str, float]
    request: str = ""
    reference: str = ""
    answer: str = ""


class Loss(Noun):
    """What one suite shows about a candidate beside its base."""

    suite: Suite
    n: int
    before: float
    """The base's mean."""
    after: float
    """The candidate's mean over its seeds."""
    change: float
    """Mean of the paired differences; below 0 where it became worse, whichever way the metric goes."""
    low: float
    high: float
    """Of the change, for all suites of the panel at once."""
    state: State
    lost: float | None = None
    """Share of items right before and wrong after, averaged over seeds; None for suites that are no shares."""
    won: float | None = None
    """Share of items wrong before and right after."""
    lenient_change: float | None = None
    """The change where only the substance counts and not the form: a lost form shows as a change that is not here."""
    enough: int | None = Field(default=None)
    """Items with which a change of 0 would be shown to be no loss; None where that is shown already."""


def losses(suites: Mapping[str, Suite], base: Sequence[Item], seeds: Sequence[Sequence[Item]]) -> tuple[Loss, ...]:
    """Every suite of a panel, the worst first.

    ``base``: the items of the untrained base; ``seeds``: those of each training of a candidate. Intervals hold for all
    suites at once (Sidak 1967; the suites' items are independent) and for these trainings. A loss is shown where the
    one-sided bound lies below 0, at an error rate of 5 % for the whole panel; that there is none larger than delta is
    claimed suite by suite, without a correction, since all of them have to show it (intersection-union test).
    Raises ValueError where the items of base and candidate are not the same.
    """
    found = [_loss(suite, base, seeds, of=len(suites)) for suite in suites.values()]
    return tuple(sorted(found, key=lambda one: one.high if one.state == "degraded" else 1 + one.low))


def _loss(suite: Suite, base: Sequence[Item], seeds: Sequence[Sequence[Item]], *, of: int) -> Loss:
    own = [item for item in base if item.suite == suite.name]
    names = [item.item for item in own]
    before = np.array([item.values[suite.metric] for item in own])
    after = np.stack([_aligned(suite, names, items, suite.metric) for items in seeds])
    sign = 1.0 if suite.higher_is_better else -1.0
    differences: Floats = sign * (after.mean(axis=0) - before)
    clusters = Clusters.of([item.group or item.item for item in own])
    together = 1 - (1 - ERROR_RATE) ** (1 / of)
    found = paired_t(differences, clusters=clusters)
    half = _half(found, together)
    degraded = found.delta + _half(found, 2 * together) < 0
    kept = found.delta - _half(found, 2 * ERROR_RATE) > -suite.delta
    shares = suite.unit == "points"
    lenient = None
    if shares and "lenient" in own[0].values:
        was = np.array([item.values["lenient"] for item in own])
        lenient = float((np.stack([_aligned(suite, names, items, "lenient") for items in seeds]).mean(0) - was).mean())
    return Loss(
        suite=suite,
        n=len(own),
        before=float(before.mean()),
        after=float(after.mean()),
        change=found.delta,
        low=max(found.delta - half, -1.0) if shares else found.delta - half,
        high=min(found.delta + half, 1.0) if shares else found.delta + half,
        state="degraded" if degraded else "kept" if kept else "not shown",
        lost=float(((before == 1) & (after < 1)).mean()) if shares else None,
        won=float(((before < 1) & (after == 1)).mean()) if shares else None,
        lenient_change=lenient,
        enough=None if kept or degraded else _enough(differences, suite.delta),
    )


def _half(found: Difference, alpha: float) -> float:
    """Half of a two-sided interval; not bounded by 1, since nats are no shares."""
    return float(-special.stdtrit(found.df, alpha / 2)) * found.se


def _aligned(suite: Suite, names: Sequence[str], items: Sequence[Item], metric: str) -> Floats:
    known = {item.item: item.values[metric] for item in items if item.suite == suite.name}
    if set(known) != set(names):
        raise ValueError(f"{suite.name}: base and candidate were asked different items, so they do not pair.")
    return np.array([known[name] for name in names])


def _enough(differences: Floats, delta: float) -> int:
    """Items that show a true change of 0 to be within delta in 80 of 100 tests: (1.645 + 0.84)^2 psi / delta^2."""
    psi = float(np.mean(differences**2))
    return int(np.ceil((1.645 + 0.8416) ** 2 * max(psi, 1 / len(differences)) / delta**2))


def loss_cells(one: Loss) -> tuple[str, ...]:
    """A suite's figures in words: base, trained, change, interval, lost, won, and what that shows."""
    if one.suite.unit == "points":
        figures = (percent(one.before), percent(one.after), signed(one.change))
        interval = f"{signed(one.low)} to {signed(one.high)}"
    else:
        figures = (f"{one.before:.3f}", f"{one.after:.3f}", _nats(one.change))
        interval = f"{_nats(one.low)} to {_nats(one.high)}"
    flips = tuple("" if share is None else percent(share) for share in (one.lost, one.won))
    return (*figures, interval, *flips, _shows(one))


def _nats(change: float) -> str:
    """A change in nats per token with its sign, a true minus."""
    return f"{change:+.3f}".replace("-", "\u2212")


def _shows(one: Loss) -> str:
    limit = points(one.suite.delta) if one.suite.unit == "points" else f"{one.suite.delta:g}"
    if one.state == "degraded":
        return "degraded"
    if one.state == "kept":
        return f"shown to lose no more than {limit}"
    return f"not shown; about {one.enough:,} items would"
