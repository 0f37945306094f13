"""The rows of win rates: what was counted about each candidate and each pair, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.rates import Duel, Rate
from workbench.statistics.arrays import Integers
from workbench.statistics.davidson import win_rate
from workbench.statistics.intervals import wilson
from workbench.statistics.votes import Votes
from workbench.strengths import Strengths, rate_against


@dataclass(frozen=True)
class _Tally:
    """Direct comparisons of one candidate with the baseline."""

    won: int
    tied: int
    bad: int
    lost: int

    @property
    def all(self) -> int:
        return self.won + self.tied + self.bad + self.lost


def rate_rows(
    votes: Votes,
    names: Sequence[str],
    baseline: int,
    *,
    known: Strengths | None,
    level: float,
    losses: Mapping[int, tuple[float, float]],
    best: Sequence[int],
) -> tuple[Rate, ...]:
    """Every candidate against the baseline, in the order given.

    ``level``: 1 - confidence of the intervals; ``losses``: against the best, at most and as expected.
    """
    rows = []
    for j, name in enumerate(names):
        about = votes.involved[j]
        direct = about & votes.involved[baseline] & (j != baseline)
        tally = _tally(votes, j, direct)
        modelled = known is not None and {j, baseline} <= set(known.members)
        rate = _rate(votes, j, baseline, direct=direct, known=known if modelled else None, level=level)
        labels = int(about.sum())
        row = Rate(
            candidate=name,
            rate=rate[0] if rate else None,
            low=rate[1] if rate else None,
            high=rate[2] if rate else None,
            direct=bool(rate) and not modelled and j != baseline,
            won=tally.won,
            tied=tally.tied,
            both_bad=tally.bad,
            lost=tally.lost,
            compared=tally.all,
            labels=labels,
            items=_distinct(votes.item[about]),
            annotators=_distinct(votes.annotator[about]),
            both_bad_share=float(votes.bad[about].mean()) if labels else None,
            in_best_set=j in best,
            regret_bound=losses[j][0] if j in losses else None,
            expected_regret=losses[j][1] if j in losses else None,
        )
        rows.append(row)
    return tuple(rows)


def _tally(votes: Votes, j: int, direct: NDArray[np.bool_]) -> _Tally:
    side = np.where(votes.left == j, votes.choice, -votes.choice)[direct]
    bad = int(votes.bad[direct].sum())
    return _Tally(int((side == 1).sum()), int((side == 0).sum()) - bad, bad, int((side == -1).sum()))


def _rate(
    votes: Votes, j: int, baseline: int, *, direct: NDArray[np.bool_], known: Strengths | None, level: float
) -> tuple[float, float, float] | None:
    """Rate, low and high by the model or, without one, from direct comparisons; None where there are none."""
    if j == baseline:
        return 0.5, 0.5, 0.5
    if known is not None:
        return rate_against(known, j, baseline, level=level)
    if not direct.any():
        return None
    side = np.where(votes.left == j, votes.choice, -votes.choice)[direct]
    share = float((side + 1).mean() / 2)
    interval = wilson(share, votes.where(direct).items.effective, alpha=level)
    return share, interval.low, interval.high


def _distinct(codes: Integers) -> int:
    return int(np.count_nonzero(np.bincount(codes))) if len(codes) else 0


def duel_rows(known: Strengths, names: Sequence[str], votes: Votes, *, shown: NDArray[np.bool_]) -> tuple[Duel, ...]:
    """Every pair of members, the one that was given first as the candidate; ``shown`` (k, k): row beats column."""
    pairs, family = known.family.pairs, known.family
    direct = votes.counts.sum(axis=2)
    rows = []
    for r, (i, j) in enumerate(zip(pairs.left, pairs.right, strict=True)):
        sign = 1.0
        if known.members[i] > known.members[j]:
            sign, i, j = -1.0, j, i
        a, b = known.members[i], known.members[j]
        centre, margin = sign * float(pairs.centre[r]), float(family.margin[r])
        rate, low, high = win_rate(np.array([centre, centre - margin, centre + margin]), known.fitted.log_tie)
        verdict: Literal["preferred", "not preferred", "not shown"] = "not shown"
        if shown[i, j] or shown[j, i]:
            verdict = "preferred" if shown[i, j] else "not preferred"
        duel = Duel(
            candidate=names[a],
            other=names[b],
            rate=float(rate),
            low=float(low),
            high=float(high),
            p=float(family.p[r]),
            shown=verdict,
            labels=int(direct[a, b] + direct[b, a]),
        )
        rows.append(((a, b), duel))
    return tuple(duel for _, duel in sorted(rows, key=lambda row: row[0]))
