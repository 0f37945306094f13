"""What the scores of all candidates show together."""

from typing import Literal

from workbench.candidate import Approach
from workbench.comparison import Comparison
from workbench.model import Noun

Verdict = Literal["winner", "good_enough", "lean", "need_more_data"]


class Standing(Noun):
    """Where one candidate stands on the metric."""

    candidate: str
    approach: Approach
    seeds: int
    """Training seeds; 1 where nothing is trained."""
    seed_sd: float | None
    """How much the mean varies from seed to seed; None: fewer than two seeds, so not measured."""
    mean: float
    low: float
    high: float
    """The interval of this mean alone: for display, never to be compared with another's."""
    in_best_set: bool
    """No eligible candidate is shown to be better."""
    regret_bound: float
    """Choosing it loses at most this against the best eligible one, with the analysis' confidence."""
    expected_regret: float
    """Choosing it is expected to lose this."""


class Needed(Noun):
    """What would show in 80 of 100 tests that a candidate is good enough; None: more of that alone would not."""

    candidate: str
    examples: int | None
    """Test examples in all, if the lead seen so far is the true one; it is usually smaller."""
    planned: int | None
    """Half as many again: the number to plan for."""
    at_most: int | None
    """Test examples in all, if only half of the lead is true."""
    seeds: int | None
    """Training seeds in all for each trained candidate."""
    for_winner: int | None
    """Test examples in all to prove which one is best, not only that it is good enough."""


class Analysis(Noun):
    """What the scores show, all with one error rate ``alpha`` for each kind of claim."""

    metric: str
    n: int
    clusters: int
    alpha: float
    smallest_difference: float
    detectable: float | None
    """The typical pair's smallest true difference that this test would show in 80 of 100 repetitions."""
    standings: tuple[Standing, ...]
    """From the simplest approach to the most demanding."""
    comparisons: tuple[Comparison, ...]
    """Every pair once."""
    best_set: tuple[str, ...]
    """Eligible candidates that no eligible other is shown to beat; it holds the best in 95 of 100 tests."""
    winner: str | None
    """Shown to be better than every other eligible one."""
    good_enough: tuple[str, ...]
    """Shown to lose less than the smallest difference against the best eligible one."""
    lean: tuple[str, ...]
    """Expected to lose a third of the smallest difference, or less."""
    provisional: str | None
    """The eligible one with the highest mean; the simplest of equals."""
    verdict: Verdict
    choice: str | None
    """Whom the verdict is about; None where more data are needed."""
    needed: Needed | None
    """What would show the choice, the leader, or somebody simpler than the choice to be good enough."""
    caution: str
    """Why nothing can be claimed at all; empty where claims are allowed."""
    at_the_top: tuple[str, ...] = ()
    """Of the good enough, those that are so near to all right that nothing can be much better."""
    ask: str = ""
    """What to ask people next, where their choices decide and have not decided yet."""
