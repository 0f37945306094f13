"""One paired difference and its sentence."""

from collections.abc import Sequence
from typing import Literal

from workbench.model import Noun
from workbench.phrases import points

Shown = Literal["better", "worse", "not shown"]


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


def find(comparisons: Sequence[Comparison], one: str, other: str) -> int:
    """Index of the comparison of two candidates, whichever is the reference."""
    for index, comparison in enumerate(comparisons):
        if {comparison.candidate, comparison.reference} == {one, other}:
            return index
    raise KeyError(f"{one} and {other} were not compared")


def are_compared(comparisons: Sequence[Comparison], one: str, other: str) -> bool:
    """Whether there is a comparison of two candidates: people may not have been asked about a pair yet."""
    return any({each.candidate, each.reference} == {one, other} for each in comparisons)


def rank_interval(comparisons: Sequence[Comparison], name: str) -> tuple[int, int]:
    """The best and the worst rank that a candidate may have among all that were compared, 1 is the best.

    It holds for all of them at once, since the comparisons do (Mogstad, Romano, Shaikh and Wilhelm 2023).
    """
    mine = [one for one in comparisons if name in (one.candidate, one.reference)]
    better = sum(one.shown == ("worse" if one.candidate == name else "better") for one in mine)
    worse = sum(one.shown == ("better" if one.candidate == name else "worse") for one in mine)
    return 1 + better, 1 + len(mine) - worse


def sentence(comparison: Comparison, subject: str = "") -> str:
    """The comparison in one sentence about ``subject``, by default the candidate."""
    flipped = subject == comparison.reference
    delta, low, high = comparison.delta, comparison.low, comparison.high
    other = comparison.candidate if flipped else comparison.reference
    if flipped:
        delta, low, high = -delta, -high, -low
    subject = subject or comparison.candidate
    if comparison.metric == "preference":
        return _preferred(comparison, subject, other, (delta, low, high))
    if delta < 0:
        low, high = -high, -low
    level = f"{100 * comparison.confidence:.0f} %"
    interval = f"{level} interval {points(low)} to {points(high)}, n = {comparison.n}"
    if delta == 0:
        return f"{subject} and {other} score the same on these, which may be chance ({interval})."
    word, tail = "better" if delta > 0 else "worse", ""
    if comparison.shown == "not shown":
        tail = "; too few examples or training seeds to claim it" if low > 0 else ", which may be chance"
    return f"{subject} answers {points(abs(delta))} points ({interval}) {word} than {other}{tail}."


def _preferred(comparison: Comparison, subject: str, other: str, beyond: tuple[float, float, float]) -> str:
    """People's choices between two candidates; ``beyond``: what the first wins beyond an even split, with bounds."""
    share, low, high = (100 * (0.5 + one) for one in beyond)
    level = f"{100 * comparison.confidence:.0f} %"
    figures = f"({level} interval {low:.1f} to {high:.1f}, {comparison.n:,} labels)"
    tail = "" if comparison.shown != "not shown" else ", which may be chance"
    return f"{subject} wins {share:.1f} % of comparisons with {other} {figures}{tail}."
