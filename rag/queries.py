"""A request is searched for as it is, and by what a model made of it: several searches, one ranking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.index import Ranked
from workbench.candidate import SearchWay
from workbench.run import Rewritten
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl

QUERIES = "queries.jsonl"

T = TypeVar("T")


@dataclass(frozen=True)
class Searches:
    """The texts that each request is searched for by: itself first, then the queries that were made of it."""

    texts: tuple[tuple[str, ...], ...]

    @cached_property
    def every(self) -> list[str]:
        """All texts, one request after another."""
        return [text for texts in self.texts for text in texts]

    @cached_property
    def firsts(self) -> list[int]:
        """Where the requests themselves stand among all texts."""
        return list(accumulate(map(len, self.texts[:-1]), initial=0))[: len(self.texts)]

    def for_each(self, values: Sequence[T]) -> list[T]:
        """One value for each text, of one for each request."""
        return [value for texts, value in zip(self.texts, values, strict=True) for _ in texts]

    def requests(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vectors of the requests themselves, of those of all texts (texts, dimension)."""
        return vectors[self.firsts]

    def together(self, rankings: Sequence[Ranked], vectors: NDArray[np.float32], *, way: SearchWay) -> list[Ranked]:
        """One ranking for each request, of one for each text; as it is where there was a single text.

        The scores of a passage are added up, those that a query gave times its cosine with the request: a query that
        has little to do with the request moves little, whereas fused ranks let it bring down what the request found.
        A passage that a ranking does not hold counts there as its last, by words as nothing. ``vectors`` (texts,
        dimension) are those of all texts, of length 1.
        """
        found, start = [], 0
        for texts in self.texts:
            end = start + len(texts)
            weights = np.maximum(vectors[start:end] @ vectors[start], 0)
            own = rankings[start:end]
            found.append(own[0] if len(own) == 1 else _added_up(own, weights.tolist(), by_words=way == "lexical"))
            start = end
        return found


def _added_up(rankings: Sequence[Ranked], weights: Sequence[float], *, by_words: bool) -> Ranked:
    """The weighted sum of the scores in several rankings; of equals the earlier."""
    totals = {place: 0.0 for ranked in rankings for place, _ in ranked}
    for ranked, weight in zip(rankings, weights, strict=True):
        scores = dict(ranked)
        least = 0.0 if by_words else min(scores.values(), default=0.0)
        for place in totals:
            totals[place] += weight * scores.get(place, least)
    return sorted(totals.items(), key=lambda one: (-one[1], one[0]))


def searches(examples: Sequence[Example], rewritten: Mapping[str, Rewritten]) -> Searches:
    """What each example is searched for by."""
    return Searches(
        tuple((one.question, *(rewritten[one.id].queries if one.id in rewritten else ())) for one in examples)
    )


def read_queries(step: Step) -> dict[str, Rewritten]:
    """What the requests became, by example, where the step builds on a step that rewrites them; else nothing."""
    if "queries" not in step.record.needs:
        return {}
    path = step.needed("queries").path(QUERIES)
    return {record["example"]: Rewritten.parse(record, where=str(path)) for record in read_jsonl(path)}
