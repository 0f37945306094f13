"""Documents become passages and vectors; only what is new is cut and embedded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.chunking import Chunk, cut_spans, parents_of, passages_of
from rag.document import Document
from rag.embed import SLICE, Embedder, Vectors
from rag.kept_cuts import Cuts
from rag.kept_vectors import PassageVectors, passage_key
from rag.spans import Chunking

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Embedded:
    """The vectors of passages, in their order, and which of these had to be embedded."""

    vectors: Vectors
    fresh: NDArray[np.bool_]
    """One for each passage: whether its text was embedded just now."""


def cut_all(
    documents: Sequence[Document], chunking: Chunking, *, embedder: Embedder, kept: Cuts, progress: Progress
) -> tuple[list[Chunk], list[Chunk]]:
    """The passages of all documents, in their order, and the longer stretches that they were cut out of."""
    chunks: list[Chunk] = []
    parents: list[Chunk] = []
    try:
        for done, document in enumerate(documents, start=1):
            found = kept.get(document)
            if found is None:
                found = cut_spans(document, chunking, ruler=embedder.ruler)
                kept.add(document, found)
            chunks += passages_of(document, found)
            parents += parents_of(document, found)
            progress(done, len(documents))
    finally:
        kept.flush()
    return chunks, parents


def embed_all(chunks: Sequence[Chunk], *, embedder: Embedder, kept: PassageVectors, progress: Progress) -> Embedded:
    """The vectors of passages: those that are kept, and of all other texts, each once, those that the embedder gives.

    What was embedded is kept every few seconds, also where this is stopped. ``progress`` is called with how many
    texts are done and how many there are, kept ones included.
    """
    wanted: dict[bytes, int] = {}
    texts: list[str] = []
    rows = np.empty(len(chunks), dtype=np.int64)
    for n, chunk in enumerate(chunks):
        rows[n] = row = wanted.setdefault(passage_key(chunk.text), len(wanted))
        if row == len(texts):
            texts.append(chunk.text)
    vectors = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    known = kept.fill(wanted, vectors)
    keys = list(wanted)
    # Texts of one length share a batch, so that little is padding.
    order = sorted(np.flatnonzero(~known).tolist(), key=lambda row: len(texts[row]), reverse=True)
    before = len(texts) - len(order)
    try:
        for start in range(0, len(order), SLICE):
            chosen = order[start : start + SLICE]
            vectors[chosen] = embedder.passages([texts[row] for row in chosen])
            kept.add([keys[row] for row in chosen], vectors[chosen])
            progress(before + start + len(chosen), len(texts))
    finally:
        kept.flush()
    alone = len(texts) == len(chunks)
    return Embedded(vectors if alone else vectors[rows], ~known[rows])


def new_documents(chunks: Sequence[Chunk], fresh: NDArray[np.bool_]) -> int:
    """How many documents have a passage that had to be embedded."""
    return len({chunk.document for chunk, is_fresh in zip(chunks, fresh.tolist(), strict=True) if is_fresh})
