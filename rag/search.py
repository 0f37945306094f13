"""One request, one list of passages: by vectors, by words, or by both."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.index import Index, Ranked
from rag.lexical import Lexical
from workbench.candidate import SearchWay
from workbench.run import Passage

FUSED = 60
"""Added to each rank where ranks are fused: how little the very first differ (Cormack, Clarke and Büttcher 2009)."""
DEEP = 50
"""Passages of either list that are fused, at least; and four times as many as are wanted."""


@dataclass(frozen=True)
class Searcher:
    """An index that is searched in one way."""

    index: Index
    way: SearchWay

    @cached_property
    def lexical(self) -> Lexical:
        """The passages by their words."""
        return Lexical([chunk.text for chunk in self.index.chunks])

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
        deep = k if self.way == "dense" else max(DEEP, 4 * k)
        by_vector = self.index.rank(vectors, deep, without=excluded) if self.way != "lexical" else []
        found = []
        for n, (question, passed_over) in enumerate(zip(questions, excluded, strict=True)):
            lists = [by_vector[n]] if by_vector else []
            if self.way != "dense":
                lists.append(self._by_words(question, deep, passed_over))
            found.append(lists[0] if len(lists) == 1 else fused(lists))
        return found

    def _by_words(self, question: str, k: int, without: str | None) -> Ranked:
        more = self.index.lengths[without] if without is not None else 0
        ranked = self.lexical.search(question, k + more)
        return [(place, score) for place, score in ranked if self.index.chunks[place].document != without][:k]


def fused(lists: Sequence[Ranked]) -> Ranked:
    """One ranking of several: the sum of 1 / (60 + rank) over the lists that hold a passage; of equals the earlier.

    Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009), which needs no scores that can be compared.
    """
    totals: dict[int, float] = {}
    for ranked in lists:
        for rank, (place, _) in enumerate(ranked, 1):
            totals[place] = totals.get(place, 0.0) + 1 / (FUSED + rank)
    return sorted(totals.items(), key=lambda one: (-one[1], one[0]))
