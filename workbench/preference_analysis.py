"""People's choices as an analysis: the same claims as for scores, so that a recommendation can rest on them."""

from collections.abc import Mapping, Sequence

from workbench.analysis import Analysis, Standing, Verdict
from workbench.candidate import APPROACHES, Approach
from workbench.compare import LEAN_SHARE
from workbench.comparison import Comparison, Shown
from workbench.rates import Duel, Rate, WinRates

PREFERENCE = "preference"
"""The name of this measure, where others name a metric."""
EVEN = 0.5


def preference_analysis(
    rates: WinRates,
    approaches: Mapping[str, Approach],
    *,
    seeds: Mapping[str, int],
    eligible: Sequence[str],
    ask: str,
    helper: str = "",
) -> Analysis:
    """What people's choices show, for the candidates in ``eligible``, the simplest first; the others are compared, too.

    Means are win rates against the baseline and differences are what a candidate wins beyond an even split, so that
    0.03 is 53 of 100 comparisons. ``seeds`` by the name of each that people judged as it is now: the others are in no
    figure. ``ask``: what to ask people next; ``helper``: the judge whose verdicts, corrected by people, are in
    the rates.
    """
    told = [one for one in rates.rates if one.rate is not None or one.candidate == rates.baseline]
    # Whom the use case has no more, or with other answers by now, is in no figure.
    known = {one.candidate: one for one in told if one.candidate in seeds}
    duels = [duel for duel in rates.duels if duel.candidate in seeds and duel.other in seeds]
    order = [name for name in eligible if name in known]
    beaten = {loser for winner, loser in _shown(duels) if winner in order}
    best = tuple(name for name in order if name not in beaten or rates.caution)
    mean = {name: EVEN if name == rates.baseline else known[name].rate or 0.0 for name in known}
    leader = max(order, key=lambda name: mean[name], default=None)
    won = {loser for winner, loser in _shown(duels) if winner == leader}
    claims = bool(order) and not rates.caution
    winner = leader if claims and len(order) > 1 and set(order) - {leader} <= won else None
    good = tuple(name for name in order if claims and name in rates.good_enough)
    limit = LEAN_SHARE * rates.smallest_difference
    lean = tuple(name for name in order if claims and _expected(known[name]) <= limit)
    verdict, choice = _verdict(winner, good, lean)
    return Analysis(
        metric=PREFERENCE,
        n=rates.items,
        clusters=rates.items,
        alpha=rates.alpha,
        smallest_difference=rates.smallest_difference,
        detectable=None,
        standings=tuple(
            _standing(one, mean[name], approaches[name], seeds.get(name, 1), name in best)
            for name, one in sorted(known.items(), key=lambda pair: _rank(pair[0], approaches, order))
        ),
        comparisons=tuple(_comparison(duel, rates, approaches, order, helper) for duel in duels),
        best_set=best,
        winner=winner,
        good_enough=good,
        lean=lean,
        provisional=leader,
        verdict=verdict,
        choice=choice,
        needed=None,
        caution=rates.caution,
        ask=ask,
    )


def _shown(duels: Sequence[Duel]) -> list[tuple[str, str]]:
    """Who is shown to be preferred to whom."""
    ways = {"preferred": 1, "not preferred": -1, "not shown": 0}
    found = []
    for duel in duels:
        if ways[duel.shown] > 0:
            found.append((duel.candidate, duel.other))
        elif ways[duel.shown] < 0:
            found.append((duel.other, duel.candidate))
    return found


def _expected(one: Rate) -> float:
    return EVEN if one.expected_regret is None else one.expected_regret


def _verdict(winner: str | None, good: Sequence[str], lean: Sequence[str]) -> tuple[Verdict, str | None]:
    """The strongest claim that holds, and about whom."""
    if winner is not None:
        return "winner", winner
    if good:
        return "good_enough", good[0]
    return ("lean", lean[0]) if lean else ("need_more_data", None)


def _rank(name: str, approaches: Mapping[str, Approach], order: Sequence[str]) -> tuple[int, int, str]:
    place = order.index(name) if name in order else len(order)
    return APPROACHES.index(approaches[name]), place, name


def _standing(one: Rate, mean: float, approach: Approach, seeds: int, best: bool) -> Standing:
    return Standing(
        candidate=one.candidate,
        approach=approach,
        seeds=seeds,
        seed_sd=None,
        mean=mean,
        low=mean if one.low is None else one.low,
        high=mean if one.high is None else one.high,
        in_best_set=best,
        regret_bound=EVEN if one.regret_bound is None else one.regret_bound,
        expected_regret=_expected(one),
    )


def _comparison(
    duel: Duel, rates: WinRates, approaches: Mapping[str, Approach], order: Sequence[str], helper: str
) -> Comparison:
    """A duel as a paired difference, beside the simpler of the two."""
    flip = _rank(duel.candidate, approaches, order) < _rank(duel.other, approaches, order)
    words: dict[str, tuple[Shown, Shown]] = {
        "preferred": ("better", "worse"),
        "not preferred": ("worse", "better"),
        "not shown": ("not shown", "not shown"),
    }
    corrected = ""
    if rates.helped is not None:
        corrected = (
            f"; people's choices, with the judge {helper} corrected by them (PPI++ in each pair): as if "
            f"{rates.helped.worth - rates.labels:,.0f} people's labels more"
        )
    beyond = (duel.rate - EVEN, duel.low - EVEN, duel.high - EVEN)
    delta, low, high = (-beyond[0], -beyond[2], -beyond[1]) if flip else beyond
    return Comparison(
        metric=PREFERENCE,
        candidate=duel.other if flip else duel.candidate,
        reference=duel.candidate if flip else duel.other,
        n=rates.labels,
        clusters=rates.items,
        delta=delta,
        low=low,
        high=high,
        confidence=1 - rates.alpha,
        p=duel.p,
        shown=words[duel.shown][flip],
        method=f"Davidson's model, robust to {rates.items:,} groups of requests and {rates.annotators:,} annotators, "
        f"{duel.labels:,} direct comparisons, simultaneous over {len(rates.duels):,} pairs and {rates.looks:,} looks"
        + corrected,
    )
