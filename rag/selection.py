"""Of what was ranked for a request, what is handed over: read again, thinned out, spread, and as much as fits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.chunking import Chunk
from rag.index import Index, Ranked, passage_of
from rag.rerank import Reranker
from rag.search import DEEP
from workbench.candidate import Retrieval
from workbench.run import Passage

CountMany = Callable[[Sequence[str]], Sequence[int]]
"""Counts the tokens of each of some texts."""
WHOLE = "#whole"
"""What follows a document's id where all of it is handed over."""


@dataclass(frozen=True)
class Selection:
    """How what was ranked becomes what is handed over, as a candidate's retrieval has it."""

    index: Index
    settings: Retrieval
    count: CountMany
    """In tokens of the embedder."""
    reranker: Reranker | None = None
    documents: Mapping[str, str] | None = None
    """Whole documents by id, where these are handed over."""

    @property
    def deep(self) -> int:
        """How many passages have to be ranked."""
        return max(DEEP, self.settings.passages, self.settings.rerank_from if self.reranker is not None else 0)

    def reread(self, question: str, ranked: Ranked) -> Ranked:
        """The ranking with its first passages in the reranker's order; as it is where there is none."""
        if self.reranker is None:
            return ranked
        first, rest = ranked[: self.settings.rerank_from], ranked[self.settings.rerank_from :]
        scores = self.reranker.score(question, [self.index.chunks[place].text for place, _ in first])
        again = [(place, score) for (place, _), score in zip(first, scores, strict=True)]
        return sorted(again, key=lambda one: -one[1]) + rest

    def choose(self, vector: NDArray[np.float32], ranked: Ranked) -> tuple[Passage, ...]:
        """What is handed over of a ranking that was read again; () where nothing scores enough or fits.

        ``vector`` is the request's, of length 1.
        """
        kept = self._scoring_enough(vector, ranked)
        return self.hand_over(spread(kept, self.index, diversity=self.settings.diversity) if kept else [])

    def _scoring_enough(self, vector: NDArray[np.float32], ranked: Ranked) -> Ranked:
        least = self.settings.least_score
        if self.reranker is not None:
            ranked = ranked[: self.settings.rerank_from]
        if least is None:
            return ranked
        places = [place for place, _ in ranked]
        measured = [score for _, score in ranked] if self.reranker is not None else self.index.similar(vector, places)
        return [one for one, score in zip(ranked, measured, strict=True) if score >= least]

    def hand_over(self, ranked: Ranked) -> tuple[Passage, ...]:
        """The passages, the stretches around them, or their documents whole: the first that there is room for."""
        if self.documents is not None:
            return self._whole_documents(ranked)
        wanted: dict[str, Passage] = {}
        room = self.settings.budget_tokens
        for place, score in ranked:
            stretch = self.index.around(place)
            if stretch.id in wanted:
                continue
            if room is not None:
                tokens = self._tokens(stretch)
                if tokens > room:
                    continue
                room -= tokens
            wanted[stretch.id] = passage_of(stretch, score)
            if len(wanted) == self.settings.passages:
                break
        return tuple(wanted.values())

    def _tokens(self, stretch: Chunk) -> int:
        return int(self.count([stretch.text])[0])

    @cached_property
    def lengths(self) -> dict[str, int]:
        """Tokens of each whole document."""
        known = self.documents or {}
        return dict(zip(known, map(int, self.count(list(known.values()))), strict=True))

    @property
    def all_fit(self) -> bool:
        """Whether all documents are handed over with every request."""
        room = self.settings.budget_tokens
        return self.documents is not None and room is not None and sum(self.lengths.values()) <= room

    def everything(self, without: str | None) -> tuple[Passage, ...]:
        """All documents but one, in the order of the corpus: the same for every request, so that it is read once."""
        known = self.documents or {}
        return tuple(_whole(name, text, 0.0) for name, text in known.items() if name != without)

    def _whole_documents(self, ranked: Ranked) -> tuple[Passage, ...]:
        """The documents of the passages in their order; one that has no room left gives its best passage alone."""
        known, room = self.documents or {}, self.settings.budget_tokens or 0
        found: dict[str, Passage] = {}
        for place, score in ranked:
            chunk = self.index.chunks[place]
            if chunk.document in found:
                continue
            if self.lengths.get(chunk.document, room + 1) <= room:
                found[chunk.document] = _whole(chunk.document, known[chunk.document], score)
                room -= self.lengths[chunk.document]
            elif (tokens := self._tokens(chunk)) <= room:
                found[chunk.document] = passage_of(chunk, score)
                room -= tokens
        return tuple(found.values())


def _whole(document: str, text: str, score: float) -> Passage:
    return Passage(id=f"{document}{WHOLE}", document=document, text=text, score=score)


def spread(ranked: Ranked, index: Index, *, diversity: float) -> Ranked:
    """The first DEEP passages so that each is good and unlike those before it: maximal marginal relevance.

    Each time that passage is next whose (1 - diversity) x relevance - diversity x similarity to the most similar one
    before it is greatest (Carbonell and Goldstein 1998). Relevance is the score, scaled to 0..1 over the passages;
    similarity the cosine.
    """
    if diversity == 0 or len(ranked) < 2:
        return ranked
    pool = ranked[:DEEP]
    scores = np.array([score for _, score in pool])
    relevance = (scores - scores.min()) / (np.ptp(scores) or 1.0)
    vectors = index.vectors.at([place for place, _ in pool])
    alike = vectors @ vectors.T
    nearest = np.zeros(len(pool))
    left, order = list(range(len(pool))), list[int]()
    while left:
        best = max(left, key=lambda n: ((1 - diversity) * relevance[n] - diversity * nearest[n], -n))
        left.remove(best)
        nearest = np.maximum(nearest, alike[best]) if order else alike[best]
        order.append(best)
    return [pool[n] for n in order]
