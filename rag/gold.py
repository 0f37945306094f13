"""Which passages answer an example: those of the documents that it names, or the only one that holds its answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from rag.index import Index, Ranked
from rag.lexical import tokens
from workbench.run import Apart, Passage
from workbench.usecase import Example


def holds(text: str, answer: str) -> bool:
    """Whether the words of an answer stand in a text, one after the other; an answer without words stands in none."""
    sought = tokens(answer)
    return bool(sought) and f" {' '.join(sought)} " in f" {' '.join(tokens(text))} "


@dataclass(frozen=True)
class Gold:
    """The passages of an index by what they answer."""

    index: Index

    def named(self, example: Example, vector: NDArray[np.float32]) -> Ranked:
        """One passage of each document that an example names as its evidence, as far as these are in the index.

        Of several it is the one nearest to the request (``vector``, of length 1) among those that hold the answer, or
        among all where none does. The document of the example itself, which nobody may retrieve, does not count.
        """
        chunks, own = self.index.chunks, self.index.document(example.id)
        found: dict[str, tuple[int, float]] = {}
        for name in example.evidence:
            near = self.index.nearest_within(vector, [name])
            if near and chunks[near[0][0]].document != own:
                best = next((one for one in near if holds(chunks[one[0]].text, example.target)), near[0])
                found.setdefault(chunks[best[0]].document, best)
        return list(found.values())

    def only(self, example: Example) -> int | None:
        """The place of the only passage that holds an example's answer; None where none does, or several do."""
        sought, own = tokens(example.target), self.index.document(example.id)
        if not sought:
            return None
        answer = f" {' '.join(sought)} "
        found = [
            place
            for place, text in enumerate(self._texts)
            if answer in text and self.index.chunks[place].document != own
        ]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _texts(self) -> list[str]:
        return [f" {' '.join(tokens(chunk.text))} " for chunk in self.index.chunks]


def told_apart(
    gold: Gold,
    example: Example,
    vector: NDArray[np.float32],
    ranked: Ranked,
    *,
    beside: int,
    hand_over: Callable[[Ranked], tuple[Passage, ...]],
) -> Apart:
    """The passages that answer a training example, and enough of the best found beside them to make up a row.

    ``beside``: how many passages stand beside those that answer; as many more are kept, to stand in for these.
    ``hand_over`` makes of a passage what is handed over for it.
    """
    right = gold.named(example, vector)
    chunks = gold.index.chunks
    documents = {chunks[place].document for place, _ in right}
    others = [one for one in ranked if chunks[one[0]].document not in documents]
    return Apart(
        example=example.id,
        gold=tuple(_each(right, hand_over)),
        others=tuple(islice(_each(others, hand_over), beside + len(right))),
    )


def _each(ranked: Ranked, hand_over: Callable[[Ranked], tuple[Passage, ...]]) -> Iterator[Passage]:
    """What is handed over for each passage by itself; the same stretch of a document once."""
    seen: set[str] = set()
    for one in ranked:
        for passage in hand_over([one]):
            if passage.id not in seen:
                seen.add(passage.id)
                yield passage


def answered_by(gold: Gold, examples: Sequence[Example], vectors: NDArray[np.float32]) -> list[tuple[str, ...]]:
    """Ids of the passages that answer each example, () where that is not known.

    Those of the documents that it names as its evidence; of an example that names none, the only passage that holds
    its answer. ``vectors`` (examples, dimension) are those of the requests.
    """
    found = []
    for example, vector in zip(examples, vectors, strict=True):
        ids = tuple(gold.index.chunks[place].id for place, _ in gold.named(example, vector))
        place = gold.only(example) if not example.evidence else None
        found.append(ids if place is None else (gold.index.chunks[place].id,))
    return found
