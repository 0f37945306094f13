"""Blind preference labels become win rates, and claims about who is preferred."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.labels_needed import labels_needed
from workbench.phrases import listed
from workbench.preference import Duel, LabelsNeeded, Rate, Scope, WinRates
from workbench.statistics.arrays import Floats
from workbench.statistics.best import best_set
from workbench.statistics.davidson import advantage_of, win_rate
from workbench.statistics.identification import Identification, identification
from workbench.statistics.intervals import wilson
from workbench.statistics.looks import level_at_each_look
from workbench.statistics.regret import Regret, regret_bounds
from workbench.statistics.votes import Votes
from workbench.strengths import Strengths, gather_strengths, position_effect, rate_against

FEWEST_LABELS = 30
"""With fewer labels nothing is claimed."""
FEWEST_PROMPTS = 8
"""With labels about fewer (equally often labelled) prompts nothing is claimed."""
FEWEST_PEOPLE = 4
"""With fewer annotators nothing is said about other people."""


@dataclass(frozen=True, eq=False)
class _Claims:
    """What holds among all candidates, each list in their own order: places, and shares beyond an even split."""

    leader: int | None
    best: tuple[int, ...]
    winner: int | None
    good: tuple[int, ...]
    bound: dict[int, float]
    expected: dict[int, float]
    needed: LabelsNeeded


def win_rates(
    votes: Votes,
    names: Sequence[str],
    baseline: str,
    *,
    smallest_difference: float = 0.03,
    alpha: float = 0.05,
    looks: int = 1,
    only_these: bool = False,
    rng: np.random.Generator,
) -> WinRates:
    """What the labels show about every candidate against the baseline, every pair, and the best.

    Rates are those of Davidson's model without any advantage of being shown first; pairs that were never compared
    are linked through others. Claims mean what they mean for scores: a *winner* is shown to be preferred to every
    other (all pairs, two-sided max-T), the *best set* holds the best, and a candidate is *good enough* if the
    best would win at most ``smallest_difference`` beyond an even split against it. ``looks``: how often
    somebody may look before acting; ``only_these``: say nothing about people other than the annotators.
    """
    place = names.index(baseline)
    found = identification(votes.counts)
    linked = next(group for group in found.groups if place in group)
    people = len(votes.annotators.sizes) >= FEWEST_PEOPLE and not only_these
    known = None
    if len(linked) > 1 and identification(votes.among(linked).counts).holds:
        known = gather_strengths(votes, linked, people=people, alpha=alpha, looks=looks, rng=rng)
    caution = _caution(votes, names, found)
    claims = _claims(known if found.holds else None, smallest_difference, k=len(names), caution=caution)
    return WinRates(
        baseline=baseline,
        labels=len(votes),
        items=len(votes.items.sizes),
        annotators=len(votes.annotators.sizes),
        scope=_scope(votes, people=people),
        alpha=alpha,
        looks=looks,
        smallest_difference=smallest_difference,
        rates=_rates(votes, names, place, known=known, claims=claims, alpha=level_at_each_look(alpha, looks)),
        duels=() if known is None else _duels(known, names, votes, allowed=not caution),
        identified=found.holds,
        groups=_named(found.groups, names),
        parts=_named(found.parts, names),
        tie_share=float((votes.choice == 0).mean()) if len(votes) else None,
        both_bad_share=float(votes.bad.mean()) if len(votes) else None,
        position=None if known is None else position_effect(known, alpha=alpha),
        leader=None if claims.leader is None else names[claims.leader],
        best_set=tuple(names[j] for j in claims.best),
        winner=None if claims.winner is None else names[claims.winner],
        good_enough=tuple(names[j] for j in claims.good),
        needed=claims.needed,
        caution=caution,
    )


def _scope(votes: Votes, *, people: bool) -> Scope:
    if people:
        return "people"
    return "this annotator" if len(votes.annotators.sizes) <= 1 else "these annotators"


def _named(groups: Iterable[Iterable[int]], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names[j] for j in group) for group in groups)


def _caution(votes: Votes, names: Sequence[str], found: Identification) -> str:
    """Why nothing can be claimed; empty where claims are allowed."""
    if len(names) < 2:
        return "There is only one candidate, so there is nothing to compare it with."
    if len(votes) < FEWEST_LABELS:
        return f"There are only {len(votes)} labels; with fewer than {FEWEST_LABELS} nothing is claimed."
    prompts = votes.items
    if len(prompts.sizes) < FEWEST_PROMPTS:
        return (
            f"The labels are about only {len(prompts.sizes)} prompts; with fewer than {FEWEST_PROMPTS} "
            "nothing is claimed."
        )
    if prompts.effective < FEWEST_PROMPTS:
        return (
            f"Most labels are about a few prompts: they say as much as {prompts.effective:.1f} prompts labelled "
            f"equally often, and with fewer than {FEWEST_PROMPTS} nothing is claimed."
        )
    if not found.mixed:
        return (
            "The same answer was nearly always shown first, so that its place cannot be told from its worth; "
            "show both orders."
        )
    return _unidentified(names, found)


def _unidentified(names: Sequence[str], found: Identification) -> str:
    """What the labels leave open; empty where they determine all strengths."""
    if len(found.parts) > 1:
        apart = listed([" and ".join(names[j] for j in part) for part in found.parts[1:]], word="or")
        return f"Nobody compared {apart} with {listed([names[j] for j in found.parts[0]])}; compare them, too."
    if len(found.groups) > 1:
        best = listed([names[j] for j in found.groups[0]])
        others = listed([names[j] for group in found.groups[1:] for j in group])
        return (
            f"{best} never lost against {others}, so how much better is not determined; "
            "collect more labels or leave out who always loses."
        )
    if not found.order:
        return "What the first place is worth cannot be told from what the candidates are; show both orders."
    return ""


def _claims(known: Strengths | None, smallest_difference: float, *, k: int, caution: str) -> _Claims:
    """Who is best, winner and good enough; with a caution nobody is told apart."""
    everybody = tuple(range(k))
    if known is None:
        nothing = LabelsNeeded(least=None, most=None, reason=caution)
        return _Claims(None, everybody, None, (), {}, {}, nothing)
    tie, members = known.fitted.log_tie, known.members
    margin = advantage_of(0.5 + smallest_difference, tie)
    regret = regret_bounds(known.family, margin)
    leader = int(np.argmax(known.estimate.means))
    bound = win_rate(regret.bound, tie) - 0.5
    drawn = known.estimate.means + known.errors
    expected = (win_rate(drawn.max(axis=1, keepdims=True) - drawn, tie) - 0.5).mean(axis=0)
    by_place = [dict(zip(members, values.tolist(), strict=True)) for values in (bound, expected)]
    if caution:
        needed = LabelsNeeded(least=None, most=None, reason=caution)
        return _Claims(members[leader], everybody, None, (), *by_place, needed)
    kept = best_set(known.family)
    wins = _shown(known)[leader].sum() == k - 1
    good = tuple(members[j] for j in reversed(range(k)) if regret.bound[j] <= margin)
    needed = _needed(known, regret, margin, settled=bool(wins) or members[leader] in good)
    best = tuple(place for place in everybody if kept[members.index(place)])
    return _Claims(members[leader], best, members[leader] if wins else None, good, *by_place, needed)


def _needed(known: Strengths, regret: Regret, margin: float, *, settled: bool) -> LabelsNeeded:
    if settled:
        return LabelsNeeded(least=None, most=None, reason="The leader is already the winner or good enough.")
    return labels_needed(known, regret, margin=margin)


def _shown(known: Strengths) -> Floats:
    """1 where row is shown to be preferred to column, (k, k): two-sided, all pairs at once."""
    pairs, family = known.family.pairs, known.family
    clear = family.p <= family.alpha
    ahead, behind = clear & (pairs.centre > family.margin), clear & (pairs.centre < -family.margin)
    return pairs.square(ahead.astype(np.float64), behind.astype(np.float64))


def _rates(
    votes: Votes, names: Sequence[str], baseline: int, *, known: Strengths | None, claims: _Claims, alpha: float
) -> tuple[Rate, ...]:
    return tuple(
        _rate(votes, j, baseline, known=known, claims=claims, alpha=alpha, name=name) for j, name in enumerate(names)
    )


def _rate(
    votes: Votes, j: int, baseline: int, *, known: Strengths | None, claims: _Claims, alpha: float, name: str
) -> Rate:
    about = votes.involved[j]
    direct = about & votes.involved[baseline] if j != baseline else np.zeros(len(votes), dtype=bool)
    side = np.where(votes.left == j, votes.choice, -votes.choice)[direct]
    bad = int(votes.bad[direct].sum())
    tied = int((side == 0).sum())
    won, lost = int((side == 1).sum()), int((side == -1).sum())
    modelled = known is not None and {j, baseline} <= set(known.members)
    rate: tuple[float, float, float] | None = (0.5, 0.5, 0.5) if j == baseline else None
    if known is not None and modelled:
        rate = rate_against(known, j, baseline, level=alpha)
    elif j != baseline and len(side):
        share = (won + tied / 2) / len(side)
        interval = wilson(share, votes.where(direct).items.effective, alpha=alpha)
        rate = share, interval.low, interval.high
    labels = int(about.sum())
    return Rate(
        candidate=name,
        rate=None if rate is None else rate[0],
        low=None if rate is None else rate[1],
        high=None if rate is None else rate[2],
        direct=not modelled and rate is not None and j != baseline,
        won=won,
        tied=tied - bad,
        both_bad=bad,
        lost=lost,
        compared=len(side),
        labels=labels,
        items=_distinct(votes.item[about]),
        annotators=_distinct(votes.annotator[about]),
        both_bad_share=float(votes.bad[about].mean()) if labels else None,
        in_best_set=j in claims.best,
        regret_bound=claims.bound.get(j),
        expected_regret=claims.expected.get(j),
    )


def _distinct(codes: Floats) -> int:
    return int(np.count_nonzero(np.bincount(codes))) if len(codes) else 0


def _duels(known: Strengths, names: Sequence[str], votes: Votes, *, allowed: bool) -> tuple[Duel, ...]:
    """Every pair of members, the one that was given first as the candidate."""
    pairs, family, tie = known.family.pairs, known.family, known.fitted.log_tie
    shown = _shown(known) if allowed else np.zeros((pairs.k, pairs.k))
    direct = votes.counts.sum(axis=2)
    rows = []
    for r, (i, j) in enumerate(zip(pairs.left, pairs.right, strict=True)):
        a, b = known.members[i], known.members[j]
        sign, (a, b), (i, j) = (1.0, (a, b), (i, j)) if a < b else (-1.0, (b, a), (j, i))
        centre = sign * float(pairs.centre[r])
        margin = float(family.margin[r])
        rate, low, high = (float(one) for one in win_rate(np.array([centre, centre - margin, centre + margin]), tie))
        verdict: Literal["preferred", "not preferred", "not shown"] = "not shown"
        if shown[i, j] or shown[j, i]:
            verdict = "preferred" if shown[i, j] else "not preferred"
        duel = Duel(
            candidate=names[a],
            other=names[b],
            rate=rate,
            low=low,
            high=high,
            p=float(family.p[r]),
            shown=verdict,
            labels=int(direct[a, b] + direct[b, a]),
        )
        rows.append(((a, b), duel))
    return tuple(duel for _, duel in sorted(rows, key=lambda row: row[0]))
