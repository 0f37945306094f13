"""What an embedder is tuned on: questions with the passage that answers them and passages that do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.gold import Gold, answered_by, holds
from workbench.usecase import Example

DEEP = 50
"""Passages near a question among which negatives are looked for."""
NEAR = 20
"""Passages near each development question that are searched, where there are too many to search all."""
MOST_SEARCHED = 2000
"""Up to so many passages are all searched at each look."""


@dataclass(frozen=True)
class Pair:
    """A question, a passage that answers it, and passages near it that do not."""

    question: str
    passage: str
    negatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watched:
    """Development questions, the passages that are searched for each, and those that answer it."""

    questions: dict[str, str]
    """Texts by the example's id."""
    passages: dict[str, str]
    """Texts by the passage's id."""
    answers: dict[str, set[str]]
    """Ids of passages by the example's."""


def pairs_of(
    gold: Gold, examples: Sequence[Example], vectors: NDArray[np.float32], *, negatives: int
) -> tuple[list[Pair], int]:
    """One pair for each passage that answers an example, and the number of examples of which none is known.

    Each pair has so many ``negatives``, the nearest to the question of other documents that do not hold its answer;
    fewer, all the same number, where a corpus is too small. ``vectors`` (examples, dimension) are of the requests.
    """
    index = gold.index
    texts = {chunk.id: chunk.text for chunk in index.chunks}
    documents = {chunk.id: chunk.document for chunk in index.chunks}
    right = answered_by(gold, examples, vectors)
    near = index.rank(vectors, DEEP, without=[index.document(one.id) for one in examples]) if negatives else []
    pairs: list[Pair] = []
    for n, (example, ids) in enumerate(zip(examples, right, strict=True)):
        answering = {documents[name] for name in ids}
        others = [index.chunks[place] for place, _ in near[n]] if near else []
        wrong = [
            chunk.text for chunk in others if chunk.document not in answering and not holds(chunk.text, example.target)
        ]
        pairs += [Pair(example.question, texts[name], tuple(wrong[:negatives])) for name in ids]
    fewest = min((len(pair.negatives) for pair in pairs), default=0)
    return [Pair(one.question, one.passage, one.negatives[:fewest]) for one in pairs], right.count(())


def watched(gold: Gold, examples: Sequence[Example], vectors: NDArray[np.float32]) -> Watched:
    """What is looked at on the way: the development questions of which it is known which passages answer them.

    Of a large corpus only the passages that answer one of them, or are near one, are searched: enough to tell better
    from worse, not to tell how often the right one would be found among all.
    """
    index = gold.index
    right = answered_by(gold, examples, vectors)
    texts = {chunk.id: chunk.text for chunk in index.chunks}
    if len(texts) > MOST_SEARCHED:
        near = index.rank(vectors, NEAR, without=[None] * len(examples))
        kept = {name for ids in right for name in ids} | {index.chunks[p].id for one in near for p, _ in one}
        texts = {name: text for name, text in texts.items() if name in kept}
    known = [(one, set(ids)) for one, ids in zip(examples, right, strict=True) if ids]
    return Watched({one.id: one.question for one, _ in known}, texts, {one.id: ids for one, ids in known})
