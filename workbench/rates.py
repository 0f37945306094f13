"""What blind preference labels show about candidates: the nouns."""

from typing import Literal

from workbench.model import Noun

Scope = Literal["this annotator", "these annotators", "people"]
"""About whose taste something is said: with three annotators or fewer, only about theirs."""


class Rate(Noun):
    """How one candidate fares against the baseline, and what was counted."""

    candidate: str
    rate: float | None
    """Share of comparisons with the baseline that it wins, a tie being half a win; None: not known."""
    low: float | None
    high: float | None
    """The interval of this rate alone: for display, never to be compared with another's."""
    direct: bool
    """The rate is counted from direct comparisons, since what the first place is worth is not determined."""
    won: int
    tied: int
    """Against the baseline, both bad excepted."""
    both_bad: int
    lost: int
    compared: int
    """Direct comparisons with the baseline: won, tied, both bad and lost."""
    labels: int
    """Labels about this candidate, whoever the other one was; so with items and annotators."""
    items: int
    annotators: int
    both_bad_share: float | None
    """Share of its labels that called both answers bad; None without labels."""
    in_best_set: bool
    """Nobody is shown to be preferred to it."""
    regret_bound: float | None
    """Against the best it loses at most this share of comparisons beyond an even split."""
    expected_regret: float | None
    """The same as expected."""


class Duel(Noun):
    """Two candidates side by side, whether or not they were compared directly."""

    candidate: str
    other: str
    rate: float
    """Share of comparisons that the candidate wins against the other, a tie being half a win."""
    low: float
    high: float
    """The interval holds for all pairs at once."""
    p: float
    """Of an even split, adjusted for all pairs."""
    shown: Literal["preferred", "not preferred", "not shown"]
    """Whether the candidate is shown to be preferred, or the other."""
    labels: int
    """Direct comparisons of the two."""


class PositionEffect(Noun):
    """What being shown first is worth between answers that are equally good."""

    log_odds: float
    low: float
    high: float
    first_wins: float
    """Share of comparisons between equals that the first answer wins, a tie being half a win."""
    first_low: float
    first_high: float
    warning: bool
    """It is more than two standard errors from nothing."""

    def sentence(self) -> str:
        """The effect in one sentence."""
        figures = f"({100 * self.first_low:.0f} to {100 * self.first_high:.0f} %)"
        return f"The first answer wins {100 * self.first_wins:.0f} % of equal pairs {figures}."


class LabelsNeeded(Noun):
    """How many labels in all would show the leader to be the winner or good enough, in 80 of 100 tests."""

    least: int | None
    """If its lead is one standard error larger than seen; None: no number of labels would, or none are needed."""
    most: int | None
    """If its lead is one standard error smaller than seen."""
    reason: str
    """Why there are no numbers; empty where there are."""


class Helped(Noun):
    """What a judge's verdicts brought, held against people's labels pair by pair."""

    labels: int
    """People's labels on answers that the judge judged, too."""
    verdicts: int
    weight: float
    """How much of what the judge says counts, 0 to 1: people's labels gain so much where it prefers an answer."""
    worth: float
    """As many labels would people alone have had to give to know the leader's leads as surely."""


class Misfit(Noun):
    """Pairs that no one order of strength explains."""

    p: float
    """That chance alone takes the pairs so far from what the strengths foretell."""
    candidate: str
    other: str
    """The pair that is farthest off."""
    seen: float
    foretold: float
    """How much of their comparisons the candidate wins, and would by the strengths."""

    def sentence(self) -> str:
        """The finding in one sentence."""
        return (
            f"No one order explains all pairs (p = {self.p:.3f}): {self.candidate} wins {100 * self.seen:.0f} % "
            f"against {self.other}, and all pairs together foretell {100 * self.foretold:.0f} %. Read them one by "
            "one: the rates here are a compromise between pairs that contradict one another."
        )


class WinRates(Noun):
    """What preference labels show, all claims of a kind with one error rate ``alpha``."""

    baseline: str
    labels: int
    items: int
    annotators: int
    scope: Scope
    alpha: float
    looks: int
    """How often the figures may be looked at before they are acted upon; claims allow for it."""
    smallest_difference: float
    """Share beyond an even split that would matter: 0.03 is a candidate that wins 53 of 100."""
    rates: tuple[Rate, ...]
    """In the order in which the candidates were given."""
    duels: tuple[Duel, ...]
    """Every pair that the labels link, once."""
    identified: bool
    """The labels determine all strengths. Where not, nothing is claimed, except that who never lost is better: then
    the rates are those with one made-up label more against them, and ``remark`` says so."""
    groups: tuple[tuple[str, ...], ...]
    """Candidates linked by wins in both directions, the better first; one group where identified."""
    parts: tuple[tuple[str, ...], ...]
    """Candidates linked by any comparison; one part unless some were never compared."""
    tie_share: float | None
    """Share of all labels that prefer neither, both bad included."""
    both_bad_share: float | None
    position: PositionEffect | None
    """None where the labels do not determine it."""
    leader: str | None
    """The one with the highest strength, whatever is shown."""
    best_set: tuple[str, ...]
    """Nobody is shown to be preferred to these; it holds the best in 95 of 100 tests."""
    winner: str | None
    """Shown to be preferred to every other."""
    good_enough: tuple[str, ...]
    """Shown to lose less than the smallest difference against the best, the strongest first."""
    needed: LabelsNeeded
    caution: str
    """Why nothing can be claimed at all; empty where claims are allowed."""
    remark: str
    """Who never lost, and what was made of it; empty where everybody did or nothing is claimed."""
    helped: Helped | None = None
    """What a judge's verdicts brought; None where people's labels speak alone."""
    misfit: Misfit | None = None
    """Pairs that contradict one another beyond chance; None where none are shown to."""

    def of(self, candidate: str) -> Rate:
        """The rate of one candidate; raises KeyError where there is none of that name."""
        for rate in self.rates:
            if rate.candidate == candidate:
                return rate
        raise KeyError(candidate)
