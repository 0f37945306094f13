"""A judge's verdicts as a control for people's labels: what labelled requests were worth beside all requests.

For each pair of candidates chance draws the requests that people are shown. So the judge's mean over those and over all
requests differ by chance alone, and what it foretells of people's labels can be taken off them: they then speak for
all requests that it judged. Prediction-powered inference (PPI++; Angelopoulos, Duchi and Zrnic 2023), pair by pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.clusters import Clusters
from workbench.statistics.davidson import Davidson, steered
from workbench.statistics.votes import Votes

FEWEST_BOTH = 12
"""With fewer requests that people and the judge both labelled, beyond the first of each pair, it gets no weight."""
PRIOR = 30.0
"""What all pairs together say of the judge's weight counts for each pair as much as so many labelled requests."""
_CONSTANT = 1e-9
"""Variance up to which a judge says the same about every request of a pair."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """M verdicts of a judge on answers by ``low`` and ``high`` < k to one request each, arrays (M,).

    ``value``: 1 where it prefers low's, 0 where high's, a half for a tie; ``item``: the request, or the group of
    requests that count as one, in the numbers of the labels; ``shown``: people were shown this pair, as chance had it,
    whether or not they labelled it. ``of_label`` (m,): the verdict on what each label is about; -1 where there is none.
    """

    low: Integers
    high: Integers
    value: Floats
    item: Integers
    shown: NDArray[np.bool_]
    of_label: Integers


@dataclass(frozen=True, eq=False)
class Correction:
    """What a judge's verdicts add to people's labels, as shares of a win.

    ``by_label`` (m,): to each label, for the answer shown first. The other arrays (M,): ``amount`` for ``low`` against
    ``high`` by ``item``, where no label stands: what comes of all requests' mean, which is known as surely only as so
    many requests allow. ``weight`` of the judge, 0 to 1, over all labels; ``labels`` that have a verdict.
    """

    by_label: Floats
    low: Integers
    high: Integers
    item: Integers
    amount: Floats
    weight: float
    labels: int

    def padded(self, labels: int) -> "Correction":
        """The same where further labels were appended, to which nothing is added."""
        return replace(self, by_label=np.append(self.by_label, np.zeros(labels - len(self.by_label))))

    def among(self, votes: Votes, candidates: Sequence[int]) -> "Correction":
        """What concerns ``votes.among(candidates)``."""
        place = np.full(votes.k, -1)
        place[list(candidates)] = np.arange(len(candidates))
        low, high = place[self.low], place[self.high]
        kept = (low >= 0) & (high >= 0)
        labels = (place[votes.left] >= 0) & (place[votes.right] >= 0)
        return replace(
            self,
            by_label=self.by_label[labels],
            low=low[kept],
            high=high[kept],
            item=self.item[kept],
            amount=self.amount[kept],
        )

    def steer(self, votes: Votes, fitted: Davidson) -> Davidson:
        """The fit to the labels, with what is added to them."""
        return steered(fitted, self.shift(votes))

    def shift(self, votes: Votes) -> Floats:
        """What it adds to each candidate's wins, (k,)."""
        total = np.zeros(votes.k)
        np.add.at(total, votes.left, self.by_label)
        np.subtract.at(total, votes.right, self.by_label)
        np.add.at(total, self.low, self.amount)
        np.subtract.at(total, self.high, self.amount)
        return total


def correction(votes: Votes, verdicts: Verdicts, *, prior: float = PRIOR) -> Correction | None:
    """What verdicts add to the labels; None where too few requests have both, or the judge foretells nothing.

    The weight is the slope of labels on verdicts within pairs; a pair's own slope counts the more the more of its
    requests have both. For each request it is estimated without that request and its group, so that no label chooses
    what is done to it, and kept within 0 and 1.
    """
    k, rows = votes.k, len(verdicts.low)
    pair = verdicts.low * k + verdicts.high
    with_verdict = verdicts.of_label >= 0
    of = verdicts.of_label[with_verdict]
    labels = np.bincount(of, minlength=rows).astype(np.float64)
    both = labels > 0
    if np.count_nonzero(both) - len(np.unique(pair[both])) < FEWEST_BOTH:
        return None
    low_first = votes.left == np.minimum(votes.left, votes.right)
    sign = np.where(low_first, 1.0, -1.0)
    share = (sign * votes.choice + 1) / 2
    people = np.bincount(of, weights=share[with_verdict], minlength=rows) / np.maximum(labels, 1)
    mean, variance, judged = _moments(verdicts.value, pair, k * k)
    centred = verdicts.value - mean[pair]
    weight = _weights(people, centred, variance, pair=pair, item=verdicts.item, both=both, width=k * k, prior=prior)
    if not weight[both].any():
        return None
    shown = verdicts.shown | both
    of_pair = np.bincount(pair, weights=labels, minlength=k * k)
    each = of_pair / np.maximum(np.bincount(pair, weights=shown, minlength=k * k), 1)
    taken = np.where(shown, weight, 0.0) * each[pair]
    to_all = np.bincount(pair, weights=taken, minlength=k * k) / np.maximum(judged, 1)
    on_labels, besides = -taken * centred, to_all[pair] * centred
    by_label = np.zeros(len(votes))
    by_label[with_verdict] = sign[with_verdict] * (on_labels / np.maximum(labels, 1))[of]
    besides += np.where(both, 0.0, on_labels)
    kept = besides != 0
    return Correction(
        by_label=by_label,
        low=verdicts.low[kept],
        high=verdicts.high[kept],
        item=verdicts.item[kept],
        amount=besides[kept],
        weight=float(np.average(weight[both], weights=labels[both])),
        labels=int(with_verdict.sum()),
    )


def _moments(values: Floats, pair: Integers, width: int) -> tuple[Floats, Floats, Floats]:
    """Mean, variance and number of values by pair, each (width,)."""
    number = np.bincount(pair, minlength=width).astype(np.float64)
    mean = np.bincount(pair, weights=values, minlength=width) / np.maximum(number, 1)
    squares = np.bincount(pair, weights=(values - mean[pair]) ** 2, minlength=width)
    return mean, squares / np.maximum(number - 1, 1), number


def _weights(
    people: Floats,
    centred: Floats,
    variance: Floats,
    *,
    pair: Integers,
    item: Integers,
    both: NDArray[np.bool_],
    width: int,
    prior: float,
) -> Floats:
    """The judge's weight for each verdict (M,), estimated without the item that it is about."""
    pairs, code = np.unique(pair, return_inverse=True)
    group = Clusters.numbered(item)
    cell, cells = group.codes * len(pairs) + code, len(group.sizes) * len(pairs)

    def without(values: Floats) -> Floats:
        """Totals by pair over all other items, (items, pairs)."""
        own = np.bincount(cell, weights=np.where(both, values, 0.0), minlength=cells).reshape(-1, len(pairs))
        return np.asarray(own.sum(axis=0) - own, dtype=np.float64)

    n = without(np.ones(len(people)))
    at_least = np.maximum(n, 1)
    shared = without(people * centred) - without(people) * without(centred) / at_least
    free, spread = np.maximum(n - 1, 0.0), variance[pairs]
    varies = spread > _CONSTANT
    pooled = shared[:, varies].sum(axis=1) / np.maximum((free * spread)[:, varies].sum(axis=1), _CONSTANT)
    own = np.where(varies, shared / np.where(varies, spread, 1.0), 0.0)
    slope = np.clip((own + prior * pooled[:, None]) / (free + prior), 0.0, 1.0) * varies
    found: Floats = slope[group.codes, code]
    return found
