"""One request, one list of passages: by vectors, by words, or by both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.index import Index, Ranked
from rag.lexical import Weights, heaviest
from workbench.candidate import SearchWay
from workbench.run import Passage

DEEP = 50
"""Passages of either way that are weighed together, at least."""
BY_VECTOR = 0.8
"""What similarity counts for where both are weighed together, words counting for the rest. From 0.75 to 0.85 what is
found hardly changes, and it is no worse than by the better way alone, whichever that is."""


@dataclass(frozen=True)
class Searcher:
    """An index that is searched in one way."""

    index: Index
    way: SearchWay

    def find(
        self,
        questions: Sequence[str],
        vectors: NDArray[np.float32],
        k: int,
        *,
        without: Sequence[str | None] | None = None,
    ) -> list[tuple[Passage, ...]]:
        """The ``k`` best passages of each question, the best first; all of them where there are fewer.

        Takes and raises what ``rank`` does.
        """
        return [
            tuple(self.index.passage(place, score) for place, score in ranked[:k])
            for ranked in self.rank(questions, vectors, k, without=without)
        ]

    def rank(
        self,
        questions: Sequence[str],
        vectors: NDArray[np.float32],
        k: int,
        *,
        without: Sequence[str | None] | None = None,
    ) -> list[Ranked]:
        """Places and scores of the ``k`` best passages of each question and maybe of more, the best first.

        ``vectors`` (questions, dimension), each of length 1; ``without`` names for each question a document that is
        passed over, or None. Raises ConfigError as ``Index.rank`` does.
        """
        excluded = list(without) if without is not None else [None] * len(questions)
        if self.way == "dense":
            return self.index.rank(vectors, k, without=excluded)
        weighed = (self._weigh(*each) for each in zip(questions, excluded, strict=True))
        deep = max(DEEP, k)
        if self.way == "lexical":
            return [heaviest(weights, deep) for weights in weighed]
        near = self.index.rank(vectors, deep, without=excluded)
        return [
            self._both(by_vector, weights, vector)
            for by_vector, weights, vector in zip(near, weighed, vectors, strict=True)
        ]

    def _weigh(self, question: str, without: str | None) -> Weights:
        weights = self.index.lexical.weigh(question)
        if without is not None:
            weights[self.index.places[without]] = 0
        return weights

    def _both(self, near: Ranked, weights: Weights, vector: NDArray[np.float32]) -> Ranked:
        similar = dict(near)
        more = [place for place, _ in heaviest(weights, max(DEEP, len(near))) if place not in similar]
        similar |= zip(more, self.index.similar(vector, more), strict=True)
        return together(similar, {place: float(weights[place]) for place in similar})


def together(similar: Mapping[int, float], weights: Mapping[int, float]) -> Ranked:
    """One ranking by similarity and by words: the weighted mean of both, each as a share of its greatest.

    Both are of the same passages; of equals the earlier comes first. This keeps how far ahead a passage is, which ranks
    forget: a convex combination (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"),
    with 0 for the least that a cosine of texts is.
    """
    nearest, most = max(similar.values(), default=0.0), max(weights.values(), default=0.0)
    scores = [
        (place, BY_VECTOR * _share(similarity, nearest) + (1 - BY_VECTOR) * _share(weights[place], most))
        for place, similarity in similar.items()
    ]
    return sorted(scores, key=lambda one: (-one[1], one[0]))


def _share(score: float, greatest: float) -> float:
    return score / greatest if greatest > 0 else score
