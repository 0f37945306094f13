"""Whether the question of the approach is settled where that of the candidate is not."""

from collections.abc import Sequence

from workbench.analysis import Analysis


def shown_pairs(analysis: Analysis) -> set[tuple[str, str]]:
    """Who is shown to beat whom: all such claims hold at once, two-sided, so that equals are seldom told apart."""
    found = {(one.candidate, one.reference): one.shown for one in analysis.comparisons}
    better = {pair for pair, shown in found.items() if shown == "better"}
    return better | {(reference, name) for (name, reference), shown in found.items() if shown == "worse"}


def unbeaten(analysis: Analysis, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that none of them is shown to beat."""
    pairs = shown_pairs(analysis)
    return [name for name in names if not any((other, name) in pairs for other in names)]


def of_one_approach(analysis: Analysis, order: Sequence[str], *, router: str = "") -> list[str]:
    """Who may be the best, where all of other approaches are shown to be worse; empty where that is not shown.

    ``order``: who may be chosen, the simplest first. The list has two candidates or more: with one there is no
    question left, or it is another one. A ``router`` is of no approach.
    """
    approaches = {one.candidate: one.approach for one in analysis.standings}
    single = [name for name in order if name != router]
    pairs = shown_pairs(analysis)
    for approach in {approaches[name]: None for name in single}:
        own = [name for name in single if approaches[name] == approach]
        rivals = set(order) - set(own)
        if rivals and rivals <= {loser for winner, loser in pairs if winner in own}:
            found = unbeaten(analysis, own)
            return found if len(found) > 1 else []
    return []


def holds_between(analyses: Sequence[Analysis], own: Sequence[str], rivals: Sequence[str]) -> bool:
    """Whether each rival is beaten by one and the same of ``own`` in all analyses: by then also between them.

    The analyses are of what candidates earn, a straight line each over the value of a right answer. The most that any
    of ``own`` earns may dip between two values, where one after the other leads, and a rival's line may rise above.
    """
    always = set.intersection(*(shown_pairs(one) for one in analyses))
    return set(rivals) <= {loser for winner, loser in always if winner in own}
