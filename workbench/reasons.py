"""The reasons of a recommendation: each one sentence about one comparison, or about a limit that is broken."""

from collections.abc import Sequence

from workbench.candidate import APPROACHES
from workbench.comparison import are_compared, find, sentence
from workbench.decision import Decision
from workbench.loss_words import verdict
from workbench.model import Noun
from workbench.phrases import points

MOST_REASONS = 8


class Reason(Noun):
    """One reason, and the comparison it rests on."""

    text: str
    comparison: int | None
    """Index into the recommendation's comparisons; None where it rests on a limit or on benchmark suites."""


def reasons(decision: Decision) -> tuple[Reason, ...]:
    """The choice (or the leader) against the others, the simplest first; then what was ruled out."""
    name = decision.choice or decision.leader
    comparisons = decision.analysis.comparisons
    others = [other for other in decision.order if other != name and are_compared(comparisons, name, other)]
    if len(others) > MOST_REASONS:
        others = _representatives(decision, others)
    found = [] if decision.ground == "limits" else [_reason(decision, name, other) for other in others]
    found += _by_segment(decision)
    lost = decision.measured[name].losses if name in decision.measured else ()
    if lost:
        found.append(Reason(text=f"What training cost: {name} {verdict(lost)}.", comparison=None))
    for one in decision.analysis.standings:
        failed = decision.failed(one.candidate)
        if not failed:
            continue
        text, index = f"{one.candidate} fails: {failed[0].text}.", None
        if one.candidate != name and are_compared(comparisons, one.candidate, name):
            index = find(decision.analysis.comparisons, one.candidate, name)
            better = one.mean > decision.standing(name).mean
            lead = sentence(decision.analysis.comparisons[index], one.candidate)
            text = f"{lead[:-1]}, but fails: {failed[0].text}." if better else text
        found.append(Reason(text=text, comparison=index))
    return tuple(found)


def _by_segment(decision: Decision) -> list[Reason]:
    """Where the requests' segments disagree on who is better."""
    segments, comparisons = decision.segments, decision.analysis.comparisons
    if segments is None:
        return []
    return [
        Reason(
            text=f"On {one.tag} ({one.n:,} examples) {row.candidate} is {points(row.beyond)} points ahead of "
            f"{segments.leader}, elsewhere {points(-row.elsewhere)} points behind: the segments disagree.",
            comparison=find(comparisons, row.candidate, segments.leader),
        )
        for one in segments.segments
        for row in one.means
        if row.candidate in one.reversed and are_compared(comparisons, row.candidate, segments.leader)
    ]


def _representatives(decision: Decision, others: Sequence[str]) -> list[str]:
    """The simplest of all, and the best of each approach."""
    best = [
        max(names, key=lambda name: decision.standing(name).mean)
        for approach in APPROACHES
        if (names := [name for name in others if decision.standing(name).approach == approach])
    ]
    return [name for name in others if name in (others[0], *best)]


def _reason(decision: Decision, name: str, other: str) -> Reason:
    comparisons = decision.analysis.comparisons
    index = find(comparisons, name, other)
    comparison = comparisons[index]
    rival, mine = decision.standing(other), decision.standing(name)
    sign = 1.0 if comparison.candidate == name else -1.0
    text = sentence(comparison, name if sign * comparison.delta >= 0 else other)
    if decision.by_money:
        return Reason(text=f"By scores alone: {text}", comparison=index)
    if decision.choice is None:
        return Reason(text=text, comparison=index)
    gap = APPROACHES.index(rival.approach) - APPROACHES.index(mine.approach)
    beaten = comparison.shown == ("better" if sign > 0 else "worse")
    if gap < 0 and beaten:
        text = f"Not {other}, though it is simpler: {text}"
    elif gap < 0:
        bound = points(rival.regret_bound)
        text = f"Not {other}, though it is simpler: it may lose up to {bound} points against the best. {text}"
    elif comparison.shown != "not shown" and not beaten:
        text = f"{text[:-1]}; less than {decision.margin} points would not change what you deploy."
    elif gap > 0:
        text = f"{other} is not needed: {text}"
    return Reason(text=text, comparison=index)
