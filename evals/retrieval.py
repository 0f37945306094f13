"""How well passages are found: pure functions of a ranking and of the documents that hold the evidence.

A passage is right where its document is evidence (binary gains, by document). ``k`` counts passages, since that is
what a prompt has room for. A document gains once, where its first passage stands; its other passages gain nothing and
take up their places.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from workbench.measures import FOUND, PRECISIONS, RECALLS, MeasureName

DEEP = 10
"""Passages that nDCG looks at."""
NAMES_ONE = "its evidence is one document, and recall says it all"


@dataclass(frozen=True)
class Evidence:
    """The documents that support one example, as they are in the index."""

    documents: frozenset[str] = frozenset()
    reason: str = ""
    """Why there are none."""


@dataclass(frozen=True)
class Measured:
    """One measure's value for one example, or the reason why there is none."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Found:
    """What was found for one example, by document."""

    ranked: Sequence[str]
    """The document of each passage, the best passage first."""
    handed: Sequence[str]
    """The document of each passage that was put into the prompt."""
    depth: int | None = None
    """How many passages were ranked where others may come after them; None: there are no others, or none looked at."""


def recall(ranked: Sequence[str], evidence: Collection[str], k: int) -> float:
    """The share of the evidence's documents that the first ``k`` passages are of.

    Raises ValueError without evidence, or with a ``k`` below 1, as all functions of this module do.
    """
    _require(evidence, k)
    return len(set(ranked[:k]) & set(evidence)) / len(set(evidence))


def precision(ranked: Sequence[str], evidence: Collection[str], k: int) -> float:
    """The share of the first ``k`` places that hold a passage of the evidence; a place that is empty holds none."""
    _require(evidence, k)
    return sum(document in evidence for document in ranked[:k]) / k


def reciprocal_rank(ranked: Sequence[str], evidence: Collection[str]) -> float:
    """1 / the rank of the first passage of the evidence; 0 where none was ranked. Its mean is the MRR."""
    _require(evidence, 1)
    return next((1 / rank for rank, document in enumerate(ranked, 1) if document in evidence), 0.0)


def ndcg(ranked: Sequence[str], evidence: Collection[str], k: int = DEEP) -> float:
    """Normalised discounted cumulative gain of the first ``k`` passages (Järvelin and Kekäläinen 2002).

    A document gains 1 / log2(1 + rank) where its first passage stands; the most there could be is what all of the
    evidence's documents (k of them at most) gain from the first place on.
    """
    _require(evidence, k)
    first: dict[str, int] = {}
    for rank, document in enumerate(ranked[:k], 1):
        first.setdefault(document, rank)
    gained = sum(1 / math.log2(1 + rank) for document, rank in first.items() if document in evidence)
    most = sum(1 / math.log2(1 + rank) for rank in range(1, min(k, len(set(evidence))) + 1))
    return gained / most


def coverage(handed: Collection[str], evidence: Collection[str]) -> float:
    """1 where passages of every document of the evidence were handed over, else 0."""
    _require(evidence, 1)
    return float(set(evidence) <= set(handed))


def found_measures(found: Found, evidence: Evidence) -> Mapping[MeasureName, Measured]:
    """Every measure of what was found for one example; none has a value where it has no evidence to find."""
    right = evidence.documents
    if not right:
        return {name: Measured(None, evidence.reason) for name in FOUND}
    ranked = found.ranked
    several = Measured(coverage(found.handed, right)) if len(right) > 1 else Measured(None, NAMES_ONE)
    return {
        **{name: _deep(recall(ranked, right, k), found, k) for k, name in RECALLS.items()},
        **{name: _deep(precision(ranked, right, k), found, k) for k, name in PRECISIONS.items()},
        "reciprocal_rank": _first(found, right),
        "ndcg@10": _deep(ndcg(ranked, right), found, DEEP),
        "in_prompt": Measured(recall(found.handed, right, max(1, len(found.handed)))),
        "coverage": several,
    }


def _deep(value: float, found: Found, k: int) -> Measured:
    """A value that looks ``k`` deep, unless what stands there was not kept."""
    if found.depth is not None and found.depth < k:
        return Measured(None, f"only the first {found.depth} passages were kept")
    return Measured(value)


def _first(found: Found, right: Collection[str]) -> Measured:
    """The reciprocal rank; a document that is not among the first may still come where nothing was kept."""
    value = reciprocal_rank(found.ranked, right)
    return Measured(value) if value else _deep(value, found, DEEP)


def _require(evidence: Collection[str], k: int) -> None:
    if not evidence:
        raise ValueError("without evidence there is nothing to find")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
