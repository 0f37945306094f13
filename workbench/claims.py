"""Which claims the evidence supports, and whether it allows any."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.evidence import Evidence
from workbench.statistics.arrays import Floats
from workbench.statistics.best import best_set
from workbench.statistics.ceiling import ceiling_loss
from workbench.statistics.regret import expected_regrets, regret_bounds
from workbench.statistics.seeds import ONE_SEED_ERRORS, ONE_SEED_SD

CEILING, CEILING_COST = 0.2, 0.02
"""Level, as a share of the error rate, at which a candidate is so near to all right that nothing can be much better,
and what the other claims pay for it. That is less: where a rival may truly be all right, its trainings do not differ,
and both ask the same of the same answers; where it is not, the level is not reached by far."""
FEWEST_ITEMS = 30
"""With fewer test examples nothing is claimed."""
FEWEST_CLUSTERS = 8
"""With fewer (equally large) groups of test examples nothing is claimed."""


@dataclass(frozen=True, eq=False)
class Claims:
    """Which claims hold: ``shown`` (k, k): row is shown to beat column; the others (k,).

    ``bound``, ``rivals`` and ``constants`` (k, k) are those of ``Regret``; ``regret`` is what is expected.
    """

    shown: NDArray[np.bool_]
    best: NDArray[np.bool_]
    bound: Floats
    rivals: NDArray[np.bool_]
    constants: Floats
    good: NDArray[np.bool_]
    regret: Floats
    at_the_top: tuple[int, ...] = ()
    """Good enough for being almost all right, whoever the others are."""


def make_claims(
    evidence: Evidence, eligible: NDArray[np.bool_], smallest_difference: float, *, allowed: bool
) -> Claims:
    """What holds among the candidates in ``eligible`` (k,); nobody is shown to be better unless ``allowed``."""
    k = len(evidence.candidates)
    known = evidence.family
    # Where nobody is eligible, everybody is compared with everybody.
    eligible = eligible if eligible.any() else np.ones(k, dtype=bool)
    regret = expected_regrets(evidence.estimate.means, evidence.errors, among=eligible)
    if known is None:
        nobody = np.zeros(1, dtype=bool)
        return Claims(nobody[:, None], ~nobody, np.zeros(1), nobody, np.zeros((1, 1)), nobody, regret)
    pairs = known.pairs
    shown, gate = np.zeros((k, k), dtype=bool), np.zeros((k, k))
    one_seed = np.array([c.trained for c in evidence.candidates]) & (evidence.spread.seeds == 1)
    own = np.where(one_seed, ONE_SEED_SD**2, evidence.estimate.own)
    hurdle = ONE_SEED_ERRORS * np.sqrt(pairs.shared + own[pairs.left] + own[pairs.right])
    hurdle = np.where(one_seed[pairs.left] | one_seed[pairs.right], hurdle, 0.0)
    gate[pairs.left, pairs.right] = gate[pairs.right, pairs.left] = hurdle
    clear = allowed & (known.p <= known.alpha) & (np.abs(pairs.delta) > hurdle)
    shown[pairs.left, pairs.right] = clear & (pairs.centre - known.margin > 0)
    shown[pairs.right, pairs.left] = clear & (pairs.centre + known.margin < 0)
    cost = CEILING_COST * known.alpha
    regrets = regret_bounds(known, smallest_difference, among=eligible, hurdle=gate, spent=cost)
    bound, top = regrets.bound.copy(), _near_the_top(evidence, eligible, level=CEILING * known.alpha)
    at_the_top = tuple(j for j, loss in top.items() if loss < bound[j] and loss <= smallest_difference)
    bound[list(at_the_top)] = [top[j] for j in at_the_top]
    regret = np.minimum(regret, bound)
    best = best_set(known, among=eligible, hurdle=gate)
    good = bound <= smallest_difference
    return Claims(shown, best, bound, regrets.rivals, regrets.constants, good, regret, at_the_top)


def _near_the_top(evidence: Evidence, eligible: NDArray[np.bool_], *, level: float) -> dict[int, float]:
    """What each untrained candidate loses at most whoever the others are, for all of them at once (Bonferroni).

    However little two trainings tell of a third, it is never more than all right. Those with a price are left aside:
    they are counted with it.
    """
    tested = [
        int(j)
        for j in np.flatnonzero(eligible)
        if not evidence.candidates[j].trained and evidence.candidates[j].cost == 0 and evidence.estimate.own[j] == 0
    ]
    return {
        j: ceiling_loss(evidence.averages[:, j], evidence.clusters, level=level / len(tested)) for j in tested
    }  # fmt: skip


def caution_about(evidence: Evidence) -> str:
    """Why nothing can be claimed at all; empty where claims are allowed."""
    n, groups = len(evidence.averages), len(evidence.clusters.sizes)
    if len(evidence.candidates) < 2:
        return "There is only one candidate, so there is nothing to compare it with."
    if n < FEWEST_ITEMS:
        return f"There are only {n} test examples; with fewer than {FEWEST_ITEMS} nothing is claimed."
    if groups < FEWEST_CLUSTERS:
        return (
            f"The {n} test examples come from only {groups} groups; "
            f"with fewer than {FEWEST_CLUSTERS} nothing is claimed."
        )
    if evidence.clusters.effective < FEWEST_CLUSTERS:
        return (
            f"A few groups hold most of the {n} test examples: they say as much as "
            f"{evidence.clusters.effective:.1f} groups of equal size, and with fewer than "
            f"{FEWEST_CLUSTERS} nothing is claimed."
        )
    return ""
