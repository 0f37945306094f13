"""How far annotators agree with one another and with themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from workbench.model import Noun
from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.intervals import wilson
from workbench.statistics.votes import Votes

DRAWS = 2_000
CHUNK = 100
"""Resamples at a time: it bounds memory."""
KINDS = 3
"""What a label can say of two candidates: the first by number, neither, the second."""


class Habit(Noun):
    """How one annotator labels."""

    annotator: str
    labels: int
    seconds: float | None
    """Median time for a label; None where it was not measured."""
    first_share: float | None
    """Share of the labels that prefer one answer in which it is the one shown first; None: there are none."""
    first_p: float | None
    """Probability of a share at least as far from a half by chance (exact binomial)."""
    repeats: int
    """Labels of a pair of answers that the annotator had labelled before."""
    alike: float | None
    """Share of the repeats that say what the first label said, whichever answer was on the left."""
    alike_low: float | None
    alike_high: float | None
    shared: int
    """Pairs of answers that somebody else labelled, too."""
    with_others: float | None
    """Share of others' labels of the same answers that say the same, averaged over those pairs."""


class Agreement(Noun):
    """How far annotators agree about which candidate's answer is better, beyond chance."""

    alpha: float | None
    """Krippendorff's alpha: 1 is perfect, 0 is chance; None where chance alone would agree on everything."""
    low: float | None
    high: float | None
    """95 % interval over resampled items; None where too little varies."""
    raw: float | None
    """How often two labels of the same answers say the same, averaged over those answers."""
    ac1: float | None
    """Gwet's AC1: beyond chance, too, but stable where nearly all labels say the same."""
    units: int
    """Pairs of answers that two annotators or more labelled."""
    labels: int
    """Labels of those."""
    annotators: tuple[Habit, ...]


@dataclass(frozen=True, eq=False)
class _Units:
    """Labels by what they are about: ``counts`` (u, 3) of each two candidates' answers to one item.

    ``pair`` and ``item`` (u,); labels ``unit`` (m,), ``kind`` (m,) in candidates and not in sides; ``first`` (m,):
    the annotator's first label of that unit, the only one that counts between annotators.
    """

    counts: Floats
    pair: Integers
    item: Integers
    unit: Integers
    kind: Integers
    first: NDArray[np.bool_]


def agreement(
    votes: Votes, annotators: Sequence[str], *, rng: np.random.Generator, seconds: Floats | None = None
) -> Agreement:
    """How far the labels agree, and how each of ``annotators``, by code, labels.

    Two labels agree if they prefer the same candidate's answer or neither; sides don't matter. ``seconds`` (m,)
    that each label took. Equal candidates give an alpha near 0 however careful people are: who is careful shows
    in repeats.
    """
    units = _units(votes)
    several = units.counts.sum(axis=1) >= 2
    counts, pair = units.counts[several], units.pair[several]
    n = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1)) if len(n) else np.zeros(0)
    raw = float(same.mean()) if len(n) else None
    interval = _interval(counts, pair, units.item[several], rng=rng)
    return Agreement(
        alpha=krippendorff(counts, pair),
        low=None if interval is None else interval[0],
        high=None if interval is None else interval[1],
        raw=raw,
        ac1=gwet(counts, pair),
        units=len(counts),
        labels=int(n.sum()),
        annotators=tuple(_habit(votes, units, code, name, seconds=seconds) for code, name in enumerate(annotators)),
    )


def krippendorff(counts: Floats, strata: Integers | None = None) -> float | None:
    """Krippendorff's nominal alpha (2004) from counts (u, q) of labels by unit and what they say.

    Units with one label say nothing. With ``strata`` (u,), chance is what labels of the same stratum say, so
    that the numbering of candidates does not matter; with few units in each it comes out a little low. None where
    there is nothing that could disagree.
    """
    paired = counts[counts.sum(axis=1) >= 2]
    groups = np.zeros(len(counts), dtype=np.int64) if strata is None else strata
    sums = _sums(paired, groups[counts.sum(axis=1) >= 2])
    found = _alphas(*(one[None] for one in sums))[0] if len(paired) else np.nan
    return None if np.isnan(found) else float(found)


def gwet(counts: Floats, strata: Integers | None = None) -> float | None:
    """Gwet's AC1 (2008) from counts (u, q) as in ``krippendorff``; None without a unit of two labels."""
    n = counts.sum(axis=1)
    several = n >= 2
    if not several.any():
        return None
    paired, n = counts[several], n[several]
    same = float(((paired * (paired - 1)).sum(axis=1) / (n * (n - 1))).mean())
    groups = np.zeros(len(counts), dtype=np.int64) if strata is None else strata
    codes, sizes = np.unique(groups[several], return_inverse=True, return_counts=True)[1:]
    share = np.zeros((len(sizes), counts.shape[1]))
    np.add.at(share, codes, paired / n[:, None])
    share /= sizes[:, None]
    by_chance = (share * (1 - share)).sum(axis=1) / (counts.shape[1] - 1)
    expected = float(by_chance @ sizes / sizes.sum())
    return (same - expected) / (1 - expected)


def _units(votes: Votes) -> _Units:
    low, high = np.minimum(votes.left, votes.right), np.maximum(votes.left, votes.right)
    kind = 1 - np.where(votes.left == low, votes.choice, -votes.choice)
    label_pair = low * votes.k + high
    keys = votes.item * votes.k**2 + label_pair
    codes, at, unit = np.unique(keys, return_index=True, return_inverse=True)
    width = int(votes.annotator.max(initial=0)) + 1
    first = np.zeros(len(votes), dtype=bool)
    first[np.unique(unit * width + votes.annotator, return_index=True)[1]] = True
    counts = np.zeros((len(codes), KINDS))
    np.add.at(counts, (unit[first], kind[first]), 1.0)
    return _Units(counts, label_pair[at], votes.item[at], unit, kind, first)


def _sums(counts: Floats, strata: Integers) -> tuple[Floats, Floats]:
    """Disagreeing pairs of labels (s,) within units, and labels by what they say (s, q), by stratum."""
    codes = np.unique(strata, return_inverse=True)[1]
    groups = int(codes.max(initial=-1)) + 1
    within, said = np.zeros(groups), np.zeros((groups, counts.shape[1]))
    np.add.at(within, codes, _disagreeing(counts))
    np.add.at(said, codes, counts)
    return within, said


def _disagreeing(counts: Floats) -> Floats:
    """Ordered pairs of labels of one unit that differ, each unit weighted 1 / (labels - 1): (u,)."""
    n = counts.sum(axis=1)
    pairs: Floats = (n**2 - (counts**2).sum(axis=1)) / np.maximum(n - 1, 1)
    return pairs


def _alphas(within: Floats, said: Floats) -> Floats:
    """Alphas (B,) from disagreements (B, s) and labels (B, s, q); not a number where none is expected."""
    n = said.sum(axis=2)
    expected = ((n**2 - (said**2).sum(axis=2)) / np.maximum(n - 1, 1)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - within.sum(axis=1) / expected, np.nan)


def _interval(
    counts: Floats, strata: Integers, item: Integers, *, rng: np.random.Generator
) -> tuple[float, float] | None:
    """The 95 % percentile interval of alpha over resampled items, all units of an item together."""
    items = np.unique(item, return_inverse=True)[1]
    number = int(items.max(initial=-1)) + 1
    if number < 2:
        return None
    codes = np.unique(strata, return_inverse=True)[1]
    groups = int(codes.max()) + 1
    within, said = np.zeros((number, groups)), np.zeros((number, groups, counts.shape[1]))
    np.add.at(within, (items, codes), _disagreeing(counts))
    np.add.at(said, (items, codes), counts)
    flat, found = said.reshape(number, -1), []
    for start in range(0, DRAWS, CHUNK):
        size = min(CHUNK, DRAWS - start)
        weights = rng.multinomial(number, np.full(number, 1 / number), size=size).astype(np.float64)
        found.append(_alphas(weights @ within, (weights @ flat).reshape(size, groups, -1)))
    alphas = np.concatenate(found)
    alphas = alphas[~np.isnan(alphas)]
    if len(alphas) < DRAWS / 2:
        return None
    low, high = np.quantile(alphas, (0.025, 0.975))
    return float(low), float(high)


def _habit(votes: Votes, units: _Units, code: int, name: str, *, seconds: Floats | None) -> Habit:
    own = votes.annotator == code
    decided = votes.choice[own & (votes.choice != 0)]
    preferred, ahead = len(decided), int((decided == 1).sum())
    repeats, alike = _repeats(units, own)
    interval = wilson(alike / repeats, repeats) if repeats else None
    shared, with_others = _with_others(units, own & units.first)
    return Habit(
        annotator=name,
        labels=int(own.sum()),
        seconds=_median(seconds[own]) if seconds is not None else None,
        first_share=ahead / preferred if preferred else None,
        first_p=float(stats.binomtest(ahead, preferred, 0.5).pvalue) if preferred else None,
        repeats=repeats,
        alike=alike / repeats if repeats else None,
        alike_low=None if interval is None else interval.low,
        alike_high=None if interval is None else interval.high,
        shared=shared,
        with_others=with_others,
    )


def _repeats(units: _Units, own: NDArray[np.bool_]) -> tuple[int, int]:
    """Labels of answers labelled before by the same annotator, and those of them that say the same as the first."""
    again, first = np.flatnonzero(own & ~units.first), np.flatnonzero(own & units.first)
    said = np.full(len(units.counts), -1)
    said[units.unit[first]] = units.kind[first]
    return len(again), int((units.kind[again] == said[units.unit[again]]).sum())


def _with_others(units: _Units, own: NDArray[np.bool_]) -> tuple[int, float | None]:
    """Units shared with others, and the mean share of the others' labels that say the same."""
    counts = units.counts[units.unit[own]]
    others = counts.sum(axis=1) - 1
    shared = others > 0
    if not shared.any():
        return 0, None
    same = counts[np.arange(len(counts)), units.kind[own]] - 1
    return int(shared.sum()), float((same[shared] / others[shared]).mean())


def _median(seconds: Floats) -> float | None:
    """The median of those that were measured; None where none was."""
    known = seconds[~np.isnan(seconds)]
    return float(np.median(known)) if len(known) else None
