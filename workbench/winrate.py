"""Blind preference labels become win rates, and claims about who is preferred."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.labels_needed import labels_needed
from workbench.phrases import listed
from workbench.preference import LabelsNeeded, Scope, WinRates
from workbench.preference_rows import duel_rows, rate_rows
from workbench.statistics.best import best_set
from workbench.statistics.davidson import advantage_of, win_rate
from workbench.statistics.identification import Identification, identification
from workbench.statistics.looks import level_at_each_look
from workbench.statistics.pseudo_labels import with_pseudo_labels
from workbench.statistics.regret import Regret, regret_bounds
from workbench.statistics.votes import Votes
from workbench.strengths import Strengths, gather_strengths, position_effect

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
    place, k = names.index(baseline), len(names)
    found = identification(votes.counts)
    completed = with_pseudo_labels(votes, found)
    people = len(votes.annotators.sizes) >= FEWEST_PEOPLE and not only_these
    known = _strengths(completed, place, people=people, alpha=alpha, looks=looks, rng=rng)
    caution = _caution(votes, names, found, whole=known is not None and len(known.members) == k)
    claims = _claims(known, smallest_difference, k=k, caution=caution)
    shown = np.zeros((k, k), dtype=bool) if caution or known is None else _shown(known)
    rows = rate_rows(
        votes,
        names,
        place,
        known=known,
        level=level_at_each_look(alpha, looks),
        best=claims.best,
        bound=claims.bound,
        expected=claims.expected,
    )
    return WinRates(
        baseline=baseline,
        labels=len(votes),
        items=len(votes.items.sizes),
        annotators=len(votes.annotators.sizes),
        scope=_scope(votes, people=people),
        alpha=alpha,
        looks=looks,
        smallest_difference=smallest_difference,
        rates=rows,
        duels=() if known is None else duel_rows(known, names, votes, shown=shown),
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
        remark="" if caution else _never_lost(names, found),
    )


def _strengths(
    votes: Votes, baseline: int, *, people: bool, alpha: float, looks: int, rng: np.random.Generator
) -> Strengths | None:
    """What is known of the candidates that are linked to the baseline; None where nobody is."""
    linked = next(group for group in identification(votes.counts).groups if baseline in group)
    if len(linked) < 2 or not identification(votes.among(linked).counts).holds:
        return None
    return gather_strengths(votes, linked, people=people, alpha=alpha, looks=looks, rng=rng)


def _scope(votes: Votes, *, people: bool) -> Scope:
    if people:
        return "people"
    return "this annotator" if len(votes.annotators.sizes) <= 1 else "these annotators"


def _named(groups: Iterable[Iterable[int]], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names[j] for j in group) for group in groups)


def _caution(votes: Votes, names: Sequence[str], found: Identification, *, whole: bool) -> str:
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
    if len(found.parts) > 1:
        apart = listed([" and ".join(names[j] for j in part) for part in found.parts[1:]], word="or")
        return f"Nobody compared {apart} with {listed([names[j] for j in found.parts[0]])}; compare them, too."
    if not whole:
        return "What the first place is worth cannot be told from what the candidates are; show both orders."
    return ""


def _never_lost(names: Sequence[str], found: Identification) -> str:
    """Who never lost, and what was done about it; empty where everybody did."""
    if found.holds:
        return ""
    best = listed([names[j] for j in found.groups[0]])
    others = listed([names[j] for group in found.groups[1:] for j in group])
    return (
        f"{best} never lost against {others}, so how much better is not determined. What is said about them holds "
        "even if one label more had gone the other way, for each pair and order."
    )


def _claims(known: Strengths | None, smallest_difference: float, *, k: int, caution: str) -> _Claims:
    """Who is best, winner and good enough; with a caution nobody is told apart."""
    everybody = tuple(range(k))
    if known is None or len(known.members) < k:
        nothing = LabelsNeeded(least=None, most=None, reason=caution)
        return _Claims(None, everybody, None, (), {}, {}, nothing)
    tie, members = known.fitted.log_tie, known.members
    margin = advantage_of(0.5 + smallest_difference, tie)
    regret = regret_bounds(known.family, margin)
    leader = int(np.argmax(known.estimate.means))
    bound = win_rate(regret.bound, tie) - 0.5
    drawn = known.estimate.means + known.errors
    expected = (win_rate(drawn.max(axis=1, keepdims=True) - drawn, tie) - 0.5).mean(axis=0)
    bounds = dict(zip(members, bound.tolist(), strict=True))
    losses = dict(zip(members, expected.tolist(), strict=True))
    if caution:
        needed = LabelsNeeded(least=None, most=None, reason=caution)
        return _Claims(members[leader], everybody, None, (), bounds, losses, needed)
    kept = best_set(known.family)
    wins = int(_shown(known)[leader].sum()) == k - 1
    good = tuple(members[j] for j in reversed(range(k)) if regret.bound[j] <= margin)
    needed = _needed(known, regret, margin, settled=wins or members[leader] in good)
    best = tuple(place for place in everybody if kept[members.index(place)])
    return _Claims(members[leader], best, members[leader] if wins else None, good, bounds, losses, needed)


def _needed(known: Strengths, regret: Regret, margin: float, *, settled: bool) -> LabelsNeeded:
    if settled:
        return LabelsNeeded(least=None, most=None, reason="The leader is already the winner or good enough.")
    return labels_needed(known, regret, margin=margin)


def _shown(known: Strengths) -> NDArray[np.bool_]:
    """Whether row is shown to be preferred to column, (k, k): two-sided, all pairs at once."""
    pairs, family = known.family.pairs, known.family
    clear = family.p <= family.alpha
    ahead, behind = clear & (pairs.centre > family.margin), clear & (pairs.centre < -family.margin)
    shown: NDArray[np.bool_] = pairs.square(ahead.astype(np.float64), behind.astype(np.float64)) > 0
    return shown
