"""How many labels more it takes until the leader is a winner or good enough."""

from math import ceil

import numpy as np

from workbench.rates import LabelsNeeded
from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.power import enough
from workbench.statistics.regret import Regret
from workbench.strengths import Strengths


def labels_needed(known: Strengths, regret: Regret, *, margin: float) -> LabelsNeeded:
    """Labels in all that would show the leader to be good enough or, where that is sooner, the winner.

    ``margin`` in log-odds. A range over leads of one standard error more and less than seen: a leader's lead
    is usually smaller than it looks. It supposes that pairs are chosen as before and that prompts grow with labels.
    """
    strengths, n = known.estimate.means, len(known.votes)
    leader = int(np.argmax(strengths))
    others = np.flatnonzero(np.arange(len(strengths)) != leader)
    lead, se = strengths[leader] - strengths[others], known.family.se[leader, others]
    least = _labels(known, regret, lead + se, others=others, leader=leader, margin=margin)
    most = _labels(known, regret, np.maximum(lead - se, 0.0), others=others, leader=leader, margin=margin)
    if not np.isfinite(least):
        return LabelsNeeded(least=None, most=None, reason=_why_never(known))
    low = max(n + 1, ceil(least))
    return LabelsNeeded(least=low, most=max(low, ceil(most)) if np.isfinite(most) else None, reason="")


def _why_never(known: Strengths) -> str:
    """Why no number of labels would do: what they do not shrink is more than may be left."""
    tastes, lasting = np.trace(known.robust.tastes), np.trace(known.robust.lasting)
    if known.corrected is not None and tastes < lasting / 2:
        return "More labels on these requests would not settle it: they are too few, so ask about more of them."
    return "More labels by the same annotators would not settle it: their tastes differ, so ask more people."


def _labels(known: Strengths, regret: Regret, lead: Floats, *, others: Integers, leader: int, margin: float) -> float:
    """Labels for the easier of the two claims, if the leader's ``lead`` over ``others`` is what it is given as."""
    pairs, k = known.family.pairs, len(known.members)
    lasting = known.robust.lasting[:k, :k]
    both = np.diag(lasting)
    total = known.family.se[leader, others] ** 2
    own = np.clip(both[leader] + both[others] - 2 * lasting[leader, others], 0.0, total)
    rivals = regret.rivals[others]
    two_sided = pairs.square(known.family.constants, known.family.constants)[leader, others]
    claims = ((margin + lead, regret.constants[leader, others], rivals), (lead, two_sided, rivals | True))
    needed = [
        enough(edge[kept], shared=(total - own)[kept], own=own[kept], constants=constants[kept], n=len(known.votes))
        for edge, constants, kept in claims
        if kept.any()
    ]
    return min(one.items for one in needed)
