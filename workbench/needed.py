"""How many more test examples or training seeds a claim takes."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from workbench.analysis import Needed
from workbench.claims import Claims
from workbench.evidence import Evidence
from workbench.statistics.arrays import Floats
from workbench.statistics.contrasts import Contrasts
from workbench.statistics.power import Enough, enough


def needed_for(
    evidence: Evidence, claims: Claims, pick: int, *, eligible: NDArray[np.bool_], smallest_difference: float
) -> Needed | None:
    """How much more it takes to show that ``pick`` is good enough (or, harder, the winner)."""
    delta, n = smallest_difference, len(evidence.averages)
    others = np.array([j for j in np.flatnonzero(eligible) if j != pick], dtype=np.int64)
    if evidence.family is None or not len(others):
        return None
    pairs = evidence.family.pairs
    seeds = [int(evidence.spread.seeds[j]) for j in (*others, pick) if evidence.candidates[j].trained]

    def ask(rivals: NDArray[np.int64], margins: Floats, constants: Floats) -> Enough:
        row = [_row(pairs, pick, int(j)) for j in rivals]
        shared, own = np.maximum(pairs.shared[row], pairs.least), pairs.own[row]
        if not seeds:
            # What spreads beside the answers is what they cost, which more of them tell, too.
            shared, own = shared + own, np.zeros_like(own)
        return enough(margins, shared=shared, own=own, constants=constants, n=n)

    means = evidence.estimate.means
    lead = means[pick] - means
    two_sided = evidence.family.constants[[_row(pairs, pick, int(j)) for j in others]]
    winner = ask(others, np.maximum(lead[others], delta), two_sided)
    rivals = np.array([j for j in others if claims.rivals[j]], dtype=np.int64)
    need = _Need(evidence.candidates[pick].name, n, max(seeds, default=0), winner.items)
    if not len(rivals):
        return need.of(None, None, 3 if 1 in seeds else None)
    constants = claims.constants[pick, rivals]
    as_seen = ask(rivals, delta + lead[rivals], constants)
    halved = ask(rivals, delta + lead[rivals] / 2, constants)
    if np.isfinite(as_seen.items) and not as_seen.mostly_seeds:
        # One seed says nothing of its own spread, whatever the number of items.
        return need.of(as_seen.items, halved.items, 3 if 1 in seeds else None)
    if np.isfinite(as_seen.seed_factor):
        return need.of(None, None, ceil(need.seeds * as_seen.seed_factor))
    return need.of(as_seen.both_items, halved.both_items, ceil(need.seeds * as_seen.both_seed_factor))


@dataclass(frozen=True)
class _Need:
    """Whom it is about, what there is now, and the items that would prove a winner."""

    candidate: str
    items: int
    seeds: int
    winner: float

    def of(self, examples: float | None, halved: float | None, seeds: int | None) -> Needed:
        total = None if examples is None else max(self.items + 1, ceil(examples))
        planned = None if total is None else ceil(1.5 * total)
        at_most = None
        if planned is not None and halved is not None and np.isfinite(halved):
            at_most = max(planned, ceil(halved))
        return Needed(
            candidate=self.candidate,
            examples=total,
            planned=planned,
            at_most=at_most,
            seeds=None if seeds is None else max(seeds, self.seeds + 1, 3),
            for_winner=max(self.items + 1, ceil(self.winner)) if np.isfinite(self.winner) else None,
        )


def _row(pairs: Contrasts, one: int, other: int) -> int:
    """Index of the pair of two candidates."""
    found = (pairs.left == min(one, other)) & (pairs.right == max(one, other))
    return int(np.flatnonzero(found)[0])
