"""Candidates that never lost get a made-up defeat, since how much better they are is not determined."""

import numpy as np

from workbench.statistics.identification import Identification
from workbench.statistics.votes import LEFT, RIGHT, Votes


def with_pseudo_labels(votes: Votes, found: Identification, *, items: int = 0) -> Votes:
    """One label more, against the better one, for each two that only one ever won and each order they were shown in.

    What is claimed in spite of them holds all the more. Only pairs across ``found.groups`` get them, so where all
    strengths are determined nothing changes. Each is about an item of its own, by the busiest annotator; the first
    ``items`` numbers of items are taken.
    """
    group = np.empty(votes.k, dtype=np.int64)
    for code, members in enumerate(found.groups):
        group[list(members)] = code
    left, right = np.nonzero(votes.counts.sum(axis=2))
    apart = group[left] != group[right]
    left, right = left[apart], right[apart]
    if not len(left):
        return votes
    more = np.arange(len(left))
    busiest = int(np.bincount(votes.annotator).argmax())
    return Votes(
        k=votes.k,
        left=np.append(votes.left, left),
        right=np.append(votes.right, right),
        choice=np.append(votes.choice, np.where(votes.wins[left, right] > 0, RIGHT, LEFT)),
        bad=np.append(votes.bad, np.zeros(len(left), dtype=bool)),
        item=np.append(votes.item, max(int(votes.item.max()) + 1, items) + more),
        annotator=np.append(votes.annotator, np.full(len(left), busiest)),
    )
