"""Scores of several candidates on the same examples become Comparisons and a verdict about the metric."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench import statistics
from workbench.candidate import APPROACHES, Approach
from workbench.errors import DataError
from workbench.model import Noun
from workbench.statistics import Clusters, Contrasts, Estimate, Family, Floats, SeedSpread

FEWEST_ITEMS = 30
"""With fewer test examples nothing is claimed."""
FEWEST_CLUSTERS = 8
"""With fewer (equally large) groups of test examples nothing is claimed."""
LEAN_SHARE = 1 / 3
"""A bet may be expected to lose at most this share of the smallest difference."""

Shown = Literal["better", "worse", "not shown"]
Verdict = Literal["winner", "good_enough", "lean", "need_more_data"]


@dataclass(frozen=True, eq=False)
class Scores:
    """One candidate on the primary metric: ``values`` (S runs of different seeds, n items), each in [0, 1]."""

    name: str
    approach: Approach
    trained: bool
    values: Floats


@dataclass(frozen=True, eq=False)
class Panel:
    """All candidates on the same n items, in the same order; ``clusters`` says which items belong together.

    Raises DataError where the parts don't fit, a score is missing or outside [0, 1], or a name comes twice.
    """

    candidates: tuple[Scores, ...]
    items: tuple[str, ...]
    clusters: tuple[str, ...]
    metric: str

    def __post_init__(self) -> None:
        n = len(self.items)
        if not self.candidates:
            raise DataError("There are no candidates to compare.", "Run at least one candidate.")
        if n == 0:
            raise DataError("There are no scored test examples.", "Run the candidates on some test examples.")
        if len(self.clusters) != n:
            raise DataError(f"{len(self.clusters)} groups for {n} items.", "Give one group for each item.")
        for what, names in (("item", self.items), ("candidate", [c.name for c in self.candidates])):
            name, times = Counter(names).most_common(1)[0]
            if times > 1:
                raise DataError(f"The {what} {name!r} comes {times} times.", f"Name each {what} once.")
        for one in self.candidates:
            _check_values(one, n)


def _check_values(one: Scores, n: int) -> None:
    if one.values.ndim != 2 or one.values.shape[0] == 0 or one.values.shape[1] != n:
        raise DataError(
            f"The scores of {one.name} have the shape {one.values.shape}, not (runs, {n}).",
            "Every candidate needs at least one run, and one score for each of the same items.",
        )
    bad = np.argwhere(~((one.values >= 0) & (one.values <= 1)))
    if len(bad):
        run, item = (int(index) for index in bad[0])
        raise DataError(
            f"{one.name}, run {run + 1}, item {item + 1} has the score {one.values[run, item]}; "
            f"{len(bad)} such scores in all.",
            "Scores are shares from 0 to 1; leave items that could not be scored out for every candidate.",
        )


class Comparison(Noun):
    """The paired difference between a candidate and a reference on one metric, with its interval and n."""

    metric: str
    candidate: str
    reference: str
    """The simpler of the two."""
    n: int
    clusters: int
    delta: float
    """Mean of the candidate minus mean of the reference, as a share: 0.31 is 31 points."""
    low: float
    high: float
    """The interval holds for all comparisons of the analysis at once."""
    confidence: float
    p: float
    """Adjusted for all comparisons of the analysis."""
    shown: Shown
    """Whether the candidate is shown to be better or worse than the reference."""
    method: str
    """How the interval was made."""


class Standing(Noun):
    """Where one candidate stands on the metric."""

    candidate: str
    approach: Approach
    seeds: int
    """Training seeds; 1 where nothing is trained."""
    seed_sd: float | None
    """How much the mean varies from seed to seed; None: fewer than two seeds, so not measured."""
    mean: float
    low: float
    high: float
    """The interval of this mean alone: for display, never to be compared with another's."""
    in_best_set: bool
    """No eligible candidate is shown to be better."""
    regret_bound: float
    """Choosing it loses at most this against the best eligible one, with the analysis' confidence."""
    expected_regret: float
    """Choosing it is expected to lose this."""


class Needed(Noun):
    """What would show in 80 of 100 tests that a candidate is good enough; None: more of that alone would not."""

    candidate: str
    examples: int | None
    """Test examples in all, if the lead seen so far is the true one; it is usually smaller."""
    planned: int | None
    """Half as many again: the number to plan for."""
    at_most: int | None
    """Test examples in all, if only half of the lead is true."""
    seeds: int | None
    """Training seeds in all for each trained candidate."""
    for_winner: int | None
    """Test examples in all to prove which one is best, not only that it is good enough."""


class Analysis(Noun):
    """What the scores show, all with one error rate ``alpha`` for each kind of claim."""

    metric: str
    n: int
    clusters: int
    alpha: float
    smallest_difference: float
    detectable: float | None
    """The typical pair's smallest true difference that this test would show in 80 of 100 repetitions."""
    standings: tuple[Standing, ...]
    """From the simplest approach to the most demanding."""
    comparisons: tuple[Comparison, ...]
    """Every pair once."""
    best_set: tuple[str, ...]
    """Eligible candidates that no eligible other is shown to beat; it holds the best in 95 of 100 tests."""
    winner: str | None
    """Shown to be better than every other eligible one."""
    good_enough: tuple[str, ...]
    """Shown to lose less than the smallest difference against the best eligible one."""
    lean: tuple[str, ...]
    """Expected to lose a third of the smallest difference, or less."""
    provisional: str | None
    """The eligible one with the highest mean; the simplest of equals."""
    verdict: Verdict
    choice: str | None
    """Whom the verdict is about; None where more data are needed."""
    needed: Needed | None
    caution: str
    """Why nothing can be claimed at all; empty where claims are allowed."""


# --- Words -------------------------------------------------------------------------------------------


def points(share: float) -> str:
    """A difference in points: 0.31 is "31.0", with a true minus sign."""
    text = f"{abs(100 * share):.1f}"
    return f"\u2212{text}" if share < 0 and text != "0.0" else text


def percent(share: float) -> str:
    """A share in percent: 0.843 is "84.3 %"."""
    return f"{100 * share:.1f} %"


def find(comparisons: Sequence[Comparison], one: str, other: str) -> int:
    """Index of the comparison of two candidates, whichever is the reference."""
    for index, comparison in enumerate(comparisons):
        if {comparison.candidate, comparison.reference} == {one, other}:
            return index
    raise KeyError(f"{one} and {other} were not compared")


def sentence(comparison: Comparison, subject: str = "") -> str:
    """The comparison in one sentence about ``subject``, by default the candidate."""
    flipped = subject == comparison.reference
    delta, low, high = comparison.delta, comparison.low, comparison.high
    other = comparison.candidate if flipped else comparison.reference
    if flipped:
        delta, low, high = -delta, -high, -low
    subject = subject or comparison.candidate
    if delta < 0:
        low, high = -high, -low
    level = f"{100 * comparison.confidence:.0f} %"
    interval = f"{level} interval {points(low)} to {points(high)}, n = {comparison.n}"
    if delta == 0:
        return f"{subject} and {other} answer equally well ({interval})."
    word, tail = "better" if delta > 0 else "worse", ""
    if comparison.shown == "not shown":
        tail = "; too few examples or training seeds to claim it" if low > 0 else ", which may be chance"
    return f"{subject} answers {points(abs(delta))} points ({interval}) {word} than {other}{tail}."


# --- Evidence ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Evidence:
    """The panel as arrays in a canonical order, and all that is simultaneously known about it."""

    candidates: tuple[Scores, ...]
    averages: Floats
    clusters: Clusters
    grouped: bool
    spread: SeedSpread
    estimate: Estimate
    claims: Family | None
    pseudo: NDArray[np.bool_]
    errors: Floats


def _ordered(panel: Panel) -> tuple[tuple[Scores, ...], Floats, Clusters]:
    """Candidates, (n, k) averages over runs and clusters in an order that the input's order can't change.

    The candidates are ordered by what they scored, so that names don't matter either.
    """
    rows = sorted(range(len(panel.items)), key=lambda i: (panel.clusters[i], panel.items[i]))
    candidates = [Scores(c.name, c.approach, c.trained, c.values[:, rows]) for c in panel.candidates]
    averages = np.stack([c.values.mean(axis=0) for c in candidates], axis=1)
    relative = (averages - averages.mean(axis=1, keepdims=True)).round(9) + 0.0

    def content(j: int) -> tuple[float, bool, bytes]:
        column = relative[:, j]
        return round(float(column.mean()), 9), candidates[j].trained, column.tobytes()

    order = sorted(range(len(candidates)), key=content)
    clusters = Clusters.of([panel.clusters[i] for i in rows])
    return tuple(candidates[j] for j in order), averages[:, order], clusters


def _evidence(panel: Panel, *, alpha: float, rng: np.random.Generator) -> _Evidence:
    candidates, averages, clusters = _ordered(panel)
    n, k = averages.shape
    # What all candidates find hard says nothing about their differences.
    relative = averages - averages.mean(axis=1, keepdims=True)
    spread = statistics.seed_spread([c.values for c in candidates], [c.trained for c in candidates])
    estimate = Estimate(
        averages.mean(axis=0), clusters.covariance(relative), clusters.df, spread.variance, spread.df, n
    )
    errors = statistics.mean_draws(estimate, rng=rng)
    single = np.array([one.trained for one in candidates]) & (spread.seeds == 1)
    claims, pseudo = None, np.zeros(0, dtype=bool)
    if k > 1:
        pairs = statistics.contrasts(estimate)
        binary: NDArray[np.bool_] = np.asarray(np.isin(averages, (0.0, 1.0)).all(axis=0))
        both = binary[pairs.left] & binary[pairs.right]
        enough = np.where(both, statistics.FEW_DISAGREEMENTS, statistics.FEW_DEPARTURES)
        pseudo = (statistics.departures(averages, pairs) < enough) | (both & (n < statistics.FEW_ITEMS))
        pairs = statistics.with_pseudo_items(pairs, relative, clusters, where=pseudo)
        nulls = [statistics.t_draws(estimate, pairs, errors, rng=rng)]
        if len(clusters.sizes) < statistics.FEW_CLUSTERS:
            nulls.append(statistics.bootstrap_draws(relative, clusters, pairs, rng=rng))
        claims = statistics.family(pairs, nulls, alpha=alpha)
        claims = _guarded(claims, averages, pseudo & both)
    grouped = len(clusters.sizes) < n
    unseen = np.where(single, np.sqrt(np.maximum(statistics.ONE_SEED_SD**2 - spread.variance, 0)), 0.0)
    errors = errors + rng.standard_normal(errors.shape) * unseen
    return _Evidence(candidates, averages, clusters, grouped, spread, estimate, claims, pseudo, errors)


def _guarded(claims: Family, averages: Floats, sparse: NDArray[np.bool_]) -> Family:
    """Where single answers (pairs in ``sparse``) seldom differ, no p-value below the mid-p McNemar test's."""
    p = claims.p.copy()
    for r in np.flatnonzero(sparse):
        difference = averages[:, claims.pairs.left[r]] - averages[:, claims.pairs.right[r]]
        exact = statistics.mcnemar(int((difference > 0).sum()), int((difference < 0).sum()))
        p[r] = max(p[r], exact)
    return replace(claims, p=p)


@dataclass(frozen=True, eq=False)
class _Claims:
    """Which claims hold: ``shown`` (k, k): row is shown to beat column; the others (k,)."""

    shown: NDArray[np.bool_]
    best: NDArray[np.bool_]
    bound: Floats
    rivals: NDArray[np.bool_]
    constants: Floats
    good: NDArray[np.bool_]
    regret: Floats


def _claims(evidence: _Evidence, eligible: NDArray[np.bool_], smallest_difference: float, *, allowed: bool) -> _Claims:
    k = len(evidence.candidates)
    claims = evidence.claims
    # Where nobody is eligible, everybody is compared with everybody.
    eligible = eligible if eligible.any() else np.ones(k, dtype=bool)
    regret = statistics.expected_regrets(evidence.estimate.means, evidence.errors, among=eligible)
    if claims is None:
        nobody = np.zeros(1, dtype=bool)
        return _Claims(nobody[:, None], ~nobody, np.zeros(1), nobody, np.zeros((1, 1)), nobody, regret)
    pairs = claims.pairs
    shown, gate = np.zeros((k, k), dtype=bool), np.zeros((k, k))
    one_seed = np.array([c.trained for c in evidence.candidates]) & (evidence.spread.seeds == 1)
    own = np.where(one_seed, statistics.ONE_SEED_SD**2, evidence.estimate.own)
    hurdle = statistics.ONE_SEED_ERRORS * np.sqrt(pairs.shared + own[pairs.left] + own[pairs.right])
    hurdle = np.where(one_seed[pairs.left] | one_seed[pairs.right], hurdle, 0.0)
    gate[pairs.left, pairs.right] = gate[pairs.right, pairs.left] = hurdle
    clear = allowed & (claims.p <= claims.alpha) & (np.abs(pairs.delta) > hurdle)
    shown[pairs.left, pairs.right] = clear & (pairs.centre - claims.margin > 0)
    shown[pairs.right, pairs.left] = clear & (pairs.centre + claims.margin < 0)
    regrets = statistics.regret_bounds(claims, smallest_difference, among=eligible, hurdle=gate)
    best = statistics.best_set(claims, among=eligible, hurdle=gate)
    good = regrets.bound <= smallest_difference
    return _Claims(shown, best, regrets.bound, regrets.rivals, regrets.constants, good, regret)


def _caution(evidence: _Evidence) -> str:
    n, groups = len(evidence.averages), len(evidence.clusters.sizes)
    if len(evidence.candidates) < 2:
        return "There is only one candidate, so there is nothing to compare it with."
    if n < FEWEST_ITEMS:
        return f"There are only {n} test examples; with fewer than {FEWEST_ITEMS} nothing is claimed."
    if groups < FEWEST_CLUSTERS:
        return (
            f"The {n} test examples come from only {groups} groups; "
            f"with fewer than {FEWEST_CLUSTERS} nothing is claimed."
        )
    if evidence.clusters.effective < FEWEST_CLUSTERS:
        return (
            f"A few groups hold most of the {n} test examples: they say as much as "
            f"{evidence.clusters.effective:.1f} groups of equal size, and with fewer than "
            f"{FEWEST_CLUSTERS} nothing is claimed."
        )
    return ""


# --- From evidence to nouns --------------------------------------------------------------------------


Rank = Callable[[Scores], tuple[int, int, str]]
"""How simple a candidate is, the simplest least."""


def _ranking(eligible: Sequence[str] | None) -> Rank:
    """By approach, then as ``eligible`` has them, then by name."""
    place = {name: position for position, name in enumerate(eligible or ())}
    return lambda one: (APPROACHES.index(one.approach), place.get(one.name, len(place)), one.name)


def _method(evidence: _Evidence, r: int) -> str:
    assert evidence.claims is not None
    pairs, seeds = evidence.claims.pairs, evidence.spread.seeds
    words = ["paired, Bonett-Price (few answers differ)" if evidence.pseudo[r] else "paired t"]
    if evidence.grouped:
        words.append(f"cluster-robust over {len(evidence.clusters.sizes)} groups")
    trained = [int(j) for j in (pairs.left[r], pairs.right[r]) if evidence.candidates[j].trained]
    if any(seeds[j] == 1 for j in trained):
        words.append(f"spread over training seeds assumed ({points(statistics.IMPUTED_SEED_SD)} points)")
    elif trained:
        words.append(f"{min(int(seeds[j]) for j in trained)} training seeds nested")
    if len(pairs.left) > 1:
        words.append(f"simultaneous over {len(pairs.left)} comparisons")
    return ", ".join(words)


def _comparisons(evidence: _Evidence, claims: _Claims, *, metric: str, rank: Rank) -> tuple[Comparison, ...]:
    known = evidence.claims
    if known is None:
        return ()
    rows = []
    for r, (i, j) in enumerate(zip(known.pairs.left, known.pairs.right, strict=True)):
        # The reference is the simpler one.
        flip = rank(evidence.candidates[i]) < rank(evidence.candidates[j])
        sign, (subject, other) = (-1.0, (j, i)) if flip else (1.0, (i, j))
        centre, margin = sign * float(known.pairs.centre[r]), float(known.margin[r])
        shown: Shown = "not shown"
        if claims.shown[subject, other] or claims.shown[other, subject]:
            shown = "better" if claims.shown[subject, other] else "worse"
        delta = sign * float(known.pairs.delta[r]) + 0.0
        comparison = Comparison(
            metric=metric,
            candidate=evidence.candidates[subject].name,
            reference=evidence.candidates[other].name,
            n=len(evidence.averages),
            clusters=len(evidence.clusters.sizes),
            delta=delta,
            low=max(-1.0, min(centre - margin, delta)),
            high=min(1.0, max(centre + margin, delta)),
            confidence=1 - known.alpha,
            p=float(known.p[r]),
            shown=shown,
            method=_method(evidence, r),
        )
        key = (rank(evidence.candidates[other]), rank(evidence.candidates[subject]))
        rows.append((key, comparison))
    return tuple(comparison for _, comparison in sorted(rows, key=lambda row: row[0]))


def _standings(evidence: _Evidence, claims: _Claims, *, alpha: float, rank: Rank) -> tuple[Standing, ...]:
    n = len(evidence.averages)
    rows = []
    for j, one in enumerate(evidence.candidates):
        column = evidence.averages[:, j]
        mean, own = float(column.mean()), float(evidence.estimate.own[j])
        seeds = int(evidence.spread.seeds[j])
        if not evidence.grouped and own == 0 and np.isin(column, (0.0, 1.0)).all():
            interval = statistics.wilson(mean, n, alpha=alpha)
        else:
            variance = float(evidence.clusters.covariance(column[:, None])[0, 0]) + own
            effective = evidence.clusters.effective
            df = evidence.clusters.df if evidence.grouped else np.inf
            interval = statistics.mean_interval(mean, variance, n=effective, df=df, alpha=alpha)
        standing = Standing(
            candidate=one.name,
            approach=one.approach,
            seeds=seeds,
            seed_sd=float(np.sqrt(statistics.seed_variance(one.values))) if seeds > 1 else None,
            mean=mean,
            low=interval.low,
            high=interval.high,
            in_best_set=bool(claims.best[j]),
            regret_bound=min(1.0, float(claims.bound[j])),
            expected_regret=float(claims.regret[j]),
        )
        rows.append((rank(one), standing))
    return tuple(standing for _, standing in sorted(rows, key=lambda row: row[0]))


def _needed(
    evidence: _Evidence, claims: _Claims, pick: int, *, eligible: NDArray[np.bool_], smallest_difference: float
) -> Needed | None:
    """How much more it takes to show that ``pick`` is good enough (or, harder, the winner)."""
    delta, n = smallest_difference, len(evidence.averages)
    others = np.array([j for j in np.flatnonzero(eligible) if j != pick], dtype=np.int64)
    if evidence.claims is None or not len(others):
        return None
    pairs = evidence.claims.pairs

    def ask(rivals: NDArray[np.int64], margins: Floats, constants: Floats) -> statistics.Enough:
        row = [_row(pairs, pick, int(j)) for j in rivals]
        shared = np.maximum(pairs.shared[row], pairs.least)
        return statistics.enough(margins, shared=shared, own=pairs.own[row], constants=constants, n=n)

    means = evidence.estimate.means
    lead = means[pick] - means
    two_sided = evidence.claims.constants[[_row(pairs, pick, int(j)) for j in others]]
    winner = ask(others, np.maximum(lead[others], delta), two_sided)
    rivals = np.array([j for j in others if claims.rivals[j]], dtype=np.int64)
    seeds = [int(evidence.spread.seeds[j]) for j in (*others, pick) if evidence.candidates[j].trained]
    need = _Need(evidence.candidates[pick].name, n, max(seeds, default=0), winner.items)
    if not len(rivals):
        return need.of(None, None, 3 if 1 in seeds else None)
    constants = claims.constants[pick, rivals]
    as_seen = ask(rivals, delta + lead[rivals], constants)
    halved = ask(rivals, delta + lead[rivals] / 2, constants)
    if np.isfinite(as_seen.items) and not as_seen.mostly_seeds:
        # One seed says nothing of its own spread, whatever the number of items.
        return need.of(as_seen.items, halved.items, 3 if 1 in seeds else None)
    if np.isfinite(as_seen.seed_factor):
        return need.of(None, None, ceil(need.seeds * as_seen.seed_factor))
    return need.of(as_seen.both_items, halved.both_items, ceil(need.seeds * as_seen.both_seed_factor))


@dataclass(frozen=True)
class _Need:
    """Whom it is about, what there is now, and the items that would prove a winner."""

    candidate: str
    items: int
    seeds: int
    winner: float

    def of(self, examples: float | None, halved: float | None, seeds: int | None) -> Needed:
        total = None if examples is None else max(self.items + 1, ceil(examples))
        planned = None if total is None else ceil(1.5 * total)
        at_most = None
        if planned is not None and halved is not None and np.isfinite(halved):
            at_most = max(planned, ceil(halved))
        return Needed(
            candidate=self.candidate,
            examples=total,
            planned=planned,
            at_most=at_most,
            seeds=None if seeds is None else max(seeds, self.seeds + 1, 3),
            for_winner=max(self.items + 1, ceil(self.winner)) if np.isfinite(self.winner) else None,
        )


def _row(pairs: Contrasts, one: int, other: int) -> int:
    """Index of the pair of two candidates."""
    found = (pairs.left == min(one, other)) & (pairs.right == max(one, other))
    return int(np.flatnonzero(found)[0])


def _detectable(evidence: _Evidence) -> float | None:
    known = evidence.claims
    if known is None:
        return None
    each = [
        statistics.detectable_difference(1, discordance=float(se) ** 2, constant=float(constant))
        for se, constant in zip(known.pairs.se, known.constants, strict=True)
    ]
    return min(1.0, float(np.median(each)))


def analyse(
    panel: Panel,
    *,
    smallest_difference: float,
    rng: np.random.Generator,
    alpha: float = 0.05,
    eligible: Sequence[str] | None = None,
) -> Analysis:
    """What the scores show about every pair, about the best, and about which candidate is good enough.

    Three claims, each wrong in at most ``alpha`` of such tests: a *winner* beats every other (all pairs,
    two-sided); the *best set* holds the best; a candidate is *good enough* if the upper bound of what it
    loses is at most ``smallest_difference`` (a share). ``eligible``: names that may be chosen, the simplest
    first, by default all by approach and name; the others are compared, too. The order of candidates and
    items in the panel changes nothing.

    Sources: Hsu, Multiple Comparisons (1996), for max-T and comparisons with the best; Miller (2024),
    "Adding Error Bars to Evals", for pairing and clusters.
    """
    evidence = _evidence(panel, alpha=alpha, rng=rng)
    candidates, rank = evidence.candidates, _ranking(eligible)
    mask = np.array([eligible is None or one.name in eligible for one in candidates])
    caution = _caution(evidence)
    claims = _claims(evidence, mask, smallest_difference, allowed=not caution)
    order = sorted((int(j) for j in np.flatnonzero(mask)), key=lambda j: rank(candidates[j]))
    leader = max(order, key=lambda j: evidence.estimate.means[j], default=None)
    winner, good, lean = ([], [], []) if caution else _found(claims, order, leader, smallest_difference)
    verdict, choice = _verdict(winner, good, lean)
    pick, needed = leader if choice is None else choice, None
    if pick is not None and verdict in ("lean", "need_more_data"):
        needed = _needed(evidence, claims, pick, eligible=mask, smallest_difference=smallest_difference)
    names = [one.name for one in candidates]
    return Analysis(
        metric=panel.metric,
        n=len(panel.items),
        clusters=len(evidence.clusters.sizes),
        alpha=alpha,
        smallest_difference=smallest_difference,
        detectable=_detectable(evidence),
        standings=_standings(evidence, claims, alpha=alpha, rank=rank),
        comparisons=_comparisons(evidence, claims, metric=panel.metric, rank=rank),
        best_set=tuple(names[j] for j in order if claims.best[j] or caution),
        winner=names[winner[0]] if winner else None,
        good_enough=tuple(names[j] for j in good),
        lean=tuple(names[j] for j in lean),
        provisional=None if leader is None else names[leader],
        verdict=verdict,
        choice=None if choice is None else names[choice],
        needed=needed,
        caution=caution,
    )


def _found(
    claims: _Claims, order: Sequence[int], leader: int | None, smallest_difference: float
) -> tuple[list[int], list[int], list[int]]:
    """The winner (or nobody), the good enough and those to lean towards, each the simplest first."""
    rivals = [j for j in order if j != leader]
    wins = leader is not None and bool(rivals) and all(claims.shown[leader, j] for j in rivals)
    good = [j for j in order if claims.good[j]]
    lean = [j for j in order if claims.regret[j] <= LEAN_SHARE * smallest_difference]
    return [leader] if wins and leader is not None else [], good, lean


def _verdict(winner: list[int], good: list[int], lean: list[int]) -> tuple[Verdict, int | None]:
    """The strongest claim that holds, and about whom."""
    if winner:
        return "winner", winner[0]
    if good:
        return "good_enough", good[0]
    if lean:
        return "lean", lean[0]
    return "need_more_data", None
