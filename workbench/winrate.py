"""Blind preference labels become win rates, and claims about who is preferred."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.labels_needed import labels_needed
from workbench.phrases import listed
from workbench.preference_rows import duel_rows, rate_rows
from workbench.rates import Helped, LabelsNeeded, Misfit, Scope, WinRates
from workbench.statistics.arrays import Floats
from workbench.statistics.best import best_set
from workbench.statistics.consistency import consistency
from workbench.statistics.davidson import advantage_of, fit, win_rate
from workbench.statistics.identification import Identification, identification
from workbench.statistics.looks import level_at_each_look
from workbench.statistics.pseudo_labels import with_pseudo_labels
from workbench.statistics.regret import Regret, regret_bounds
from workbench.statistics.two_way import robust
from workbench.statistics.verdicts import Correction, Verdicts, correction
from workbench.statistics.votes import Votes
from workbench.strengths import Strengths, gather_strengths, position_effect

FEWEST_LABELS = 30
"""With fewer labels nothing is claimed."""
FEWEST_PROMPTS = 8
"""With labels about fewer (equally often labelled) prompts nothing is claimed."""
FEWEST_PEOPLE = 4
"""With fewer annotators nothing is said about other people."""
MISFIT = 0.01
"""The chance below which pairs are said to contradict one another."""


@dataclass(frozen=True, eq=False)
class _Claims:
    """What holds, candidates by their place among all k.

    ``shown`` (k, k): row is shown to be preferred to column. ``losses``: against the best, shares beyond an even
    split, at most and as expected; empty where nothing is known of somebody.
    """

    leader: int | None
    shown: NDArray[np.bool_]
    best: tuple[int, ...]
    winner: int | None
    good: tuple[int, ...]
    losses: dict[int, tuple[float, float]]
    needed: LabelsNeeded


@dataclass(frozen=True, eq=False)
class _Judged:
    """What labels determine, about whom, what is known of those who are linked to the baseline, and what is claimed."""

    found: Identification
    scope: Scope
    known: Strengths | None
    caution: str
    claims: _Claims
    helped: Helped | None


def win_rates(
    votes: Votes,
    names: Sequence[str],
    baseline: str,
    *,
    smallest_difference: float = 0.03,
    alpha: float = 0.05,
    looks: int = 1,
    only_these: bool = False,
    eligible: Sequence[str] | None = None,
    verdicts: Verdicts | None = None,
    rng: np.random.Generator,
) -> WinRates:
    """What the labels show about every candidate against the baseline, every pair, and the best.

    Rates are those of Davidson's model without any advantage of being shown first; pairs that were never compared
    are linked through others. Claims mean what they mean for scores: a *winner* is shown to be preferred to every
    other (all pairs, two-sided max-T), the *best set* holds the best, and a candidate is *good enough* if the
    best would win at most ``smallest_difference`` beyond an even split against it. ``looks``: how often
    somebody may look before acting; ``only_these``: say nothing about people other than the annotators;
    ``eligible``: who may be chosen, None: everybody; claims are made among them. ``verdicts``: a judge's, which are
    held against the labels pair by pair, and left out where they make nothing surer.

    Raises ValueError for an unknown baseline or too few names.
    """
    place = names.index(baseline)
    judged = _judge(
        votes, names, place,
        delta=smallest_difference, alpha=alpha, looks=looks, only=only_these, eligible=eligible, verdicts=verdicts,
        rng=rng,
    )  # fmt: skip
    known, claims, level = judged.known, judged.claims, level_at_each_look(alpha, looks)
    return WinRates(
        baseline=baseline,
        labels=len(votes),
        items=len(votes.items.sizes),
        annotators=len(votes.annotators.sizes),
        scope=judged.scope,
        alpha=alpha,
        looks=looks,
        smallest_difference=smallest_difference,
        rates=rate_rows(votes, names, place, known=known, level=level, losses=claims.losses, best=claims.best),
        duels=() if known is None else duel_rows(known, names, votes, shown=claims.shown),
        identified=judged.found.holds,
        groups=_named(judged.found.groups, names),
        parts=_named(judged.found.parts, names),
        tie_share=float((votes.choice == 0).mean()) if len(votes) else None,
        both_bad_share=float(votes.bad.mean()) if len(votes) else None,
        position=None if known is None else position_effect(known, alpha=alpha),
        leader=None if claims.leader is None else names[claims.leader],
        best_set=tuple(names[j] for j in claims.best),
        winner=None if claims.winner is None else names[claims.winner],
        good_enough=tuple(names[j] for j in claims.good),
        needed=claims.needed,
        caution=judged.caution,
        remark="" if judged.caution else _never_lost(names, judged.found),
        helped=judged.helped,
        misfit=None if known is None else _misfit(known, names, people=judged.scope == "people"),
    )


def _judge(
    votes: Votes,
    names: Sequence[str],
    baseline: int,
    *,
    delta: float,
    alpha: float,
    looks: int,
    only: bool,
    eligible: Sequence[str] | None,
    verdicts: Verdicts | None,
    rng: np.random.Generator,
) -> _Judged:
    if len(names) != votes.k:
        raise ValueError(f"{len(names)} names for {votes.k} candidates")
    found, number = identification(votes.counts), len(votes.annotators.sizes)
    people = number >= FEWEST_PEOPLE and not only
    scope: Scope = "people" if people else "these annotators" if number > 1 else "this annotator"
    taken = 0 if verdicts is None else int(verdicts.item.max(initial=-1)) + 1
    completed = with_pseudo_labels(votes, found, items=taken)
    known = helped = None
    linked = next(group for group in identification(completed.counts).groups if baseline in group)
    if len(linked) > 1 and identification(completed.among(linked).counts).holds:
        corrected, helped = _corrected(votes, completed, linked, verdicts, people=people)
        known = gather_strengths(
            completed, linked, people=people, alpha=alpha, looks=looks, rng=rng, corrected=corrected
        )
    caution = _caution(votes, names, found, whole=known is not None and len(known.members) == len(names))
    among = np.array([eligible is None or name in eligible for name in names])
    claims = _claims(known, delta, among=among if among.any() else ~among, caution=caution)
    return _Judged(found, scope, known, caution, claims, helped)


def _corrected(
    votes: Votes, completed: Votes, linked: Sequence[int], verdicts: Verdicts | None, *, people: bool
) -> tuple[Correction | None, Helped | None]:
    """What verdicts add to the completed labels, and what that brings; neither where it makes nothing surer."""
    added = None if verdicts is None else correction(votes, verdicts)
    if verdicts is None or added is None:
        return None, None
    padded, chosen = added.padded(len(completed)), completed.among(linked)
    own, alone = padded.among(completed, linked), fit(chosen.counts)
    leader = int(alone.strengths.argmax())
    helped = own.steer(chosen, alone)

    def gain(annotators: bool) -> float:
        """By what factor the variances of the leader's leads shrink."""
        before = _leads(robust(chosen, alone, annotators=annotators).covariance, leader, chosen.k)
        after = _leads(robust(chosen, helped, annotators=annotators, corrected=own).covariance, leader, chosen.k)
        return 1 / float(np.mean(after / np.maximum(before, 1e-300)))

    # What people's tastes do to it, no number of labels by the same people would undo: they are no labels' worth.
    worth = len(votes) * gain(annotators=False)
    if worth <= len(votes) or (people and gain(annotators=True) <= 1):
        return None, None
    return padded, Helped(labels=added.labels, verdicts=len(verdicts.low), weight=added.weight, worth=worth)


def _leads(covariance: Floats, leader: int, k: int) -> Floats:
    """Variances (k - 1,) of the leader's leads over the others."""
    others = np.flatnonzero(np.arange(k) != leader)
    found: Floats = covariance[leader, leader] + covariance[others, others] - 2 * covariance[leader, others]
    return found


def _misfit(known: Strengths, names: Sequence[str], *, people: bool) -> Misfit | None:
    """Pairs that contradict one another; None where chance may have made them."""
    found = consistency(known.votes, known.fitted, annotators=people, corrected=known.corrected)
    if found is None or found.p > MISFIT:
        return None
    one, other = names[known.members[found.one]], names[known.members[found.other]]
    return Misfit(p=found.p, candidate=one, other=other, seen=found.seen, foretold=found.foretold)


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


def _claims(known: Strengths | None, smallest_difference: float, *, among: NDArray[np.bool_], caution: str) -> _Claims:
    """Who is best, winner and good enough of those in ``among`` (k,); with a caution nobody is told apart."""
    k = len(among)
    everybody, nobody = tuple(range(k)), np.zeros((k, k), dtype=bool)
    nothing = LabelsNeeded(least=None, most=None, reason=caution)
    if known is None or len(known.members) < k:
        return _Claims(None, nobody, everybody, None, (), {}, nothing)
    tie, members = known.fitted.log_tie, known.members
    margin = advantage_of(0.5 + smallest_difference, tie)
    own = among[list(members)]
    regret = regret_bounds(known.family, margin, among=own)
    leader = int(np.argmax(np.where(own, known.estimate.means, -np.inf)))
    bound = (win_rate(regret.bound, tie) - 0.5).tolist()
    drawn = known.estimate.means + known.errors
    behind = np.maximum(drawn[:, own].max(axis=1, keepdims=True) - drawn, 0.0)
    expected = (win_rate(behind, tie) - 0.5).mean(axis=0).tolist()
    losses = dict(zip(members, zip(bound, expected, strict=True), strict=True))
    if caution:
        return _Claims(members[leader], nobody, everybody, None, (), losses, nothing)
    shown, kept = _shown(known), best_set(known.family, among=own)
    rivals = own & (np.arange(k) != leader)
    winner = members[leader] if rivals.any() and shown[leader][rivals].all() else None
    good = tuple(members[j] for j in reversed(range(k)) if own[j] and regret.bound[j] <= margin)
    best = tuple(place for place in everybody if kept[members.index(place)] and among[place])
    needed = _needed(known, regret, margin, settled=winner is not None or members[leader] in good)
    return _Claims(members[leader], shown, best, winner, good, losses, needed)


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
