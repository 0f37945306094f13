"""Scores of several candidates on the same examples become Comparisons and a verdict about the metric."""

from collections.abc import Callable, Sequence

import numpy as np

from workbench.analysis import Analysis, Standing, Verdict
from workbench.candidate import APPROACHES
from workbench.claims import Claims, caution_about, make_claims
from workbench.comparison import Comparison, Shown
from workbench.evidence import Evidence, gather_evidence
from workbench.needed import needed_for
from workbench.panel import Panel, Scores
from workbench.phrases import points
from workbench.statistics.intervals import mean_interval, wilson
from workbench.statistics.power import detectable_difference
from workbench.statistics.seeds import IMPUTED_SEED_SD, seed_variance

LEAN_SHARE = 1 / 3
"""A bet may be expected to lose at most this share of the smallest difference."""

Rank = Callable[[Scores], tuple[int, int, str]]
"""How simple a candidate is, the simplest least."""


def _ranking(eligible: Sequence[str] | None) -> Rank:
    """By approach, then as ``eligible`` has them, then by name."""
    place = {name: position for position, name in enumerate(eligible or ())}
    return lambda one: (APPROACHES.index(one.approach), place.get(one.name, len(place)), one.name)


def _method(evidence: Evidence, r: int) -> str:
    assert evidence.family is not None
    pairs, seeds = evidence.family.pairs, evidence.spread.seeds
    words = ["paired, Bonett-Price (few answers differ)" if evidence.pseudo[r] else "paired t"]
    if evidence.grouped:
        words.append(f"cluster-robust over {len(evidence.clusters.sizes)} groups")
    trained = [int(j) for j in (pairs.left[r], pairs.right[r]) if evidence.candidates[j].trained]
    if any(seeds[j] == 1 for j in trained):
        words.append(f"spread over training seeds assumed ({points(IMPUTED_SEED_SD)} points)")
    elif trained:
        words.append(f"{min(int(seeds[j]) for j in trained)} training seeds nested")
    if len(pairs.left) > 1:
        words.append(f"simultaneous over {len(pairs.left)} comparisons")
    return ", ".join(words)


def _comparisons(evidence: Evidence, claims: Claims, *, metric: str, rank: Rank) -> tuple[Comparison, ...]:
    known = evidence.family
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


def _standings(evidence: Evidence, claims: Claims, *, alpha: float, rank: Rank) -> tuple[Standing, ...]:
    n = len(evidence.averages)
    rows = []
    for j, one in enumerate(evidence.candidates):
        column = evidence.averages[:, j]
        mean, own = float(column.mean()), float(evidence.estimate.own[j])
        seeds = int(evidence.spread.seeds[j])
        if not evidence.grouped and own == 0 and np.isin(column, (0.0, 1.0)).all():
            interval = wilson(mean, n, alpha=alpha)
        else:
            variance = float(evidence.clusters.covariance(column[:, None])[0, 0]) + own
            effective = evidence.clusters.effective
            df = evidence.clusters.df if evidence.grouped else np.inf
            # Costs may take a mean out of the range of scores, in which alone an interval of it by itself is known.
            interval = mean_interval(min(max(mean, 0.0), 1.0), variance, n=effective, df=df, alpha=alpha)
        standing = Standing(
            candidate=one.name,
            approach=one.approach,
            seeds=seeds,
            seed_sd=float(np.sqrt(seed_variance(one.values))) if seeds > 1 else None,
            mean=mean,
            low=interval.low,
            high=interval.high,
            in_best_set=bool(claims.best[j]),
            regret_bound=min(1.0, float(claims.bound[j])),
            expected_regret=float(claims.regret[j]),
        )
        rows.append((rank(one), standing))
    return tuple(standing for _, standing in sorted(rows, key=lambda row: row[0]))


def _detectable(evidence: Evidence) -> float | None:
    known = evidence.family
    if known is None:
        return None
    each = [
        detectable_difference(1, discordance=float(se) ** 2, constant=float(constant))
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
    evidence = gather_evidence(panel, alpha=alpha, rng=rng)
    candidates, rank = evidence.candidates, _ranking(eligible)
    mask = np.array([eligible is None or one.name in eligible for one in candidates])
    caution = caution_about(evidence)
    order = sorted((int(j) for j in np.flatnonzero(mask)), key=lambda j: rank(candidates[j]))
    claims = make_claims(evidence, mask, smallest_difference, allowed=not caution)
    leader = max(order, key=lambda j: evidence.estimate.means[j], default=None)
    winner, good, lean = ([], [], []) if caution else _found(claims, order, leader, smallest_difference)
    verdict, choice = _verdict(winner, good, lean)
    needed = None
    pick = _unsettled(verdict, choice, leader, claims, order, smallest_difference)
    if pick is not None:
        needed = needed_for(evidence, claims, pick, eligible=mask, smallest_difference=smallest_difference)
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
        at_the_top=tuple(names[j] for j in claims.at_the_top),
    )


def _unsettled(
    verdict: Verdict, choice: int | None, leader: int | None, claims: Claims, order: Sequence[int], delta: float
) -> int | None:
    """Whom more data would show to be good enough: the choice or, where that is, the simplest that may do as well."""
    if verdict in ("lean", "need_more_data"):
        return leader if choice is None else choice
    if verdict == "good_enough" and choice is not None:
        simpler = order[: order.index(choice)]
        return next((j for j in simpler if claims.best[j] and claims.regret[j] <= delta), None)
    return None


def _found(
    claims: Claims, order: Sequence[int], leader: int | None, smallest_difference: float
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
