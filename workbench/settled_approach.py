"""Whether the question of the approach is settled where that of the candidate is not."""

from collections.abc import Sequence

from workbench.analysis import Analysis


def shown_pairs(analysis: Analysis) -> set[tuple[str, str]]:
    """Who is shown to beat whom: all such claims hold at once, two-sided, so that equals are seldom told apart."""
    found = {(one.candidate, one.reference): one.shown for one in analysis.comparisons}
    better = {pair for pair, shown in found.items() if shown == "better"}
    return better | {(reference, name) for (name, reference), shown in found.items() if shown == "worse"}


def of_one_approach(analyses: Sequence[Analysis], order: Sequence[str], *, router: str = "") -> list[str]:
    """Who may be the best, where all of other approaches are shown to be worse in each.

    Whoever is left out must be beaten by one and the same in all ``analyses``. These are of what candidates earn at
    several values of a right answer, a straight line each: so it is beaten between them, too, where the most that any
    of the approach earns may dip. ``order``: who may be chosen in any of them, the simplest first; a ``router`` is
    of no approach. Empty where it is not shown, and where only one is left: that is another question.
    """
    approaches = {one.candidate: one.approach for one in analyses[0].standings}
    single = [name for name in order if name != router]
    always = set.intersection(*(shown_pairs(one) for one in analyses))
    for approach in {approaches[name]: None for name in single}:
        own = [name for name in single if approaches[name] == approach]
        rivals = set(order) - set(own)
        if rivals and rivals <= {loser for winner, loser in always if winner in own}:
            unbeaten = [name for name in own if not any((other, name) in always for other in own)]
            named = [name for name in unbeaten if all(name in one.best_set for one in analyses)]
            found = named if len(named) > 1 and len(analyses) == 1 else unbeaten
            return found if len(found) > 1 else []
    return []
