"""What is gained and what is lost along a candidate's way: with weaker adapters, and after fewer steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.checks import Way
from workbench.forgetting import Loss
from workbench.gain import Gain
from workbench.model import Noun
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters

LEAST_KEPT = 0.5
"""A weaker adapter that keeps less of the gain than that is not proposed."""
MOST_KEPT = 0.8
"""What counts as most of a gain."""
DRAWS = 1_000
"""Resamplings by which the loss at a matched gain gets its interval."""


class Place(Noun):
    """One place on a candidate's way, measured on items kept for choosing."""

    way: Way
    at: float
    """Share of the adapter that acts, or of the last stage's steps that were done."""
    steps: int | None = None
    gain: Gain
    """In the use case's metric on the development set, against the untrained base."""
    losses: tuple[Loss, ...]
    """Every suite beside the untrained base, on items that no claim rests on."""

    @property
    def worst(self) -> Loss | None:
        """The suite that lost most points."""
        shares = [one for one in self.losses if one.suite.is_share]
        return min(shares, key=lambda one: one.change) if shares else None

    @property
    def keeps_all(self) -> bool:
        """Whether no suite lost more than its delta, as far as these items tell."""
        return all(-one.change <= one.suite.delta for one in self.losses)

    @property
    def words(self) -> str:
        """Where it is."""
        return f"alpha {self.at:g}" if self.way == "alpha" else f"{100 * self.at:.0f} % of the steps"


class Frontier(Noun):
    """A candidate's ways from the untrained base to itself."""

    candidate: str
    places: tuple[Place, ...]
    proposed: float | None
    """The alpha to run as a candidate of its own; None where none is better than the adapter as it was trained."""
    kept: float | None
    """Share of the gain that it keeps on the development set."""

    def along(self, way: Way) -> tuple[Place, ...]:
        """The places of one way in their order, the candidate as it was trained at the end."""
        own = [one for one in self.places if one.way == way]
        end = [one for one in self.places if one.way == "alpha" and one.at == 1]
        return tuple(sorted(own, key=lambda one: one.at)) + (tuple(end) if way == "steps" and own else ())


def frontier(candidate: str, places: Sequence[Place]) -> Frontier:
    """A candidate's places, and the alpha with the highest score among those that lost nothing that matters.

    Chosen on development items alone: what it is worth is measured once it is run as a candidate of its own.
    """
    alphas = sorted((one for one in places if one.way == "alpha"), key=lambda one: one.at)
    whole = next((one for one in alphas if one.at == 1), None)
    weaker = [one for one in alphas if one.at < 1 and one.keeps_all and one.gain.delta > 0]
    best = max(weaker, key=lambda one: (one.gain.delta, -one.at), default=None)
    proposed = kept = None
    if whole is not None and best is not None and not whole.keeps_all and whole.gain.delta > 0:
        share = best.gain.delta / whole.gain.delta
        if share >= LEAST_KEPT:
            proposed, kept = best.at, share
    return Frontier(candidate=candidate, places=tuple(places), proposed=proposed, kept=kept)


def sparing(one: Frontier) -> Place | None:
    """The weaker adapter that loses least in its worst suite while it keeps most of the gain; None where none does.

    For where no alpha keeps everything: what is lost least for little.
    """
    alphas = one.along("alpha")
    whole = next((place for place in alphas if place.at == 1), None)
    if whole is None or whole.worst is None or whole.gain.delta <= 0:
        return None
    lost = whole.worst.change
    better = [
        (place.worst.change, place)
        for place in alphas
        if place.at < 1 and place.worst is not None and place.worst.change > lost
        if place.gain.delta >= MOST_KEPT * whole.gain.delta
    ]
    return max(better, key=lambda pair: pair[0])[1] if better else None


@dataclass(frozen=True)
class Walked:
    """One way of a candidate as arrays: place by place from the untrained base on, 0 there."""

    candidate: str
    way: Way
    gains: Floats
    """Of each example against the untrained base, (places, examples)."""
    clusters: Clusters
    suites: Sequence[tuple[str, Floats, Clusters]]
    """Facet, changes of each item against the untrained base (places, items), and what belongs together."""


class Matched(Noun):
    """What the worst suite loses where a candidate's gain is a certain one."""

    candidate: str
    way: Way
    gain: float
    loss: float
    """Points that the worst suite loses there, as a share, with its 95 % bootstrap interval."""
    low: float
    high: float
    facet: str


def matched(walked: Sequence[Walked], *, rng: np.random.Generator) -> tuple[Matched, ...]:
    """What each way costs at most of the gain that all of them reach: so that little learning is not taken for care.

    Between two places gain and loss are interpolated. Intervals resample examples and items, whole clusters.
    Empty where fewer than two ways gain anything.
    """
    reached = [one for one in walked if one.gains.mean(axis=1).max() > 0]
    if len(reached) < 2:
        return ()
    gain = MOST_KEPT * min(float(one.gains.mean(axis=1).max()) for one in reached)
    found = []
    for one in reached:
        means = np.stack([changes.mean(axis=1) for _, changes, _ in one.suites])
        at = _interpolated(one.gains.mean(axis=1), means, gain)
        worst = int(at.argmin())
        draws = _draws(one, gain, rng)
        low, high = (float(value) for value in np.quantile(draws, (0.025, 0.975)))
        found.append(
            Matched(
                candidate=one.candidate, way=one.way, gain=gain, loss=-float(at[worst]), low=low, high=high,
                facet=one.suites[worst][0],
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.loss))


def _draws(one: Walked, gain: float, rng: np.random.Generator) -> Floats:
    """Losses of the worst suite in resampled examples and items."""
    gains = _resampled(one.gains, one.clusters, rng)
    suites = np.stack([_resampled(changes, clusters, rng) for _, changes, clusters in one.suites])
    return np.array([-_interpolated(gains[n], suites[:, n], gain).min() for n in range(DRAWS)])


def _resampled(values: Floats, clusters: Clusters, rng: np.random.Generator) -> Floats:
    """Means of (places, n) values over resampled clusters: (draws, places)."""
    number = len(clusters.sizes)
    weights = rng.multinomial(number, np.full(number, 1 / number), size=DRAWS).astype(np.float64)
    totals: Floats = weights @ clusters.sums(values.T) / (weights @ clusters.sizes)[:, None]
    return totals


def _interpolated(gains: Floats, changes: Floats, gain: float) -> Floats:
    """The changes of all suites (suites, places) where the way's gain first reaches a certain one, (suites,)."""
    reached: NDArray[np.intp] = np.flatnonzero(gains >= gain)
    place = int(reached[0]) if len(reached) else int(gains.argmax())
    if place == 0 or not len(reached):
        return changes[:, place]
    step = gains[place] - gains[place - 1]
    share = (gain - gains[place - 1]) / step if step > 0 else 1.0
    between: Floats = changes[:, place - 1] + share * (changes[:, place] - changes[:, place - 1])
    return between
