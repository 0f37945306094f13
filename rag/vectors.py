"""Vectors are searched: every one is compared, or only those that are likely near. The only importer of faiss.

flat    every vector, exactly
hnsw    a graph of near vectors is walked (Malkov and Yashunin 2016): the memory of flat and a sixth more
ivfpq   vectors by their nearest centre, in codes of a quarter of a byte a dimension (Jégou et al. 2011), and the best
        of those again in one byte a dimension: a third of the memory of flat

How far a graph is walked, or how many centres are looked at, is set when the index is built: as far as it takes to
find, of what exact search finds, the share WANTED.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from workbench.candidate import VectorKind

Kind = Literal["flat", "hnsw", "ivfpq"]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]

FLAT_UNTIL = 50_000
"""Vectors up to which each is compared: that takes less time than to embed the question."""
GRAPH_MEMORY = 4 * 2**30
"""Bytes that a graph may take, where the kind is chosen here."""
FEWEST_CODED = 10_000
"""Vectors from which on codes are learned: 39 for each of 256 values."""
LEARNED_FROM, ROUNDS = 64, 10
"""Vectors for each centre, and how often the centres are moved."""
LINKS = 32
"""Neighbours that a vector is linked with in a graph; twice as many in its lowest layer."""
BUILD_WIDTH = 100
"""Vectors that are kept in mind while a graph is built."""
WIDTHS = (32, 64, 128, 256, 512, 1024)
"""Vectors that are kept in mind while a graph is walked: the first number that suffices."""
CENTRES = (8, 16, 32, 64, 128, 256, 512)
"""Centres that are looked at: the first number that suffices."""
REFINED = 16
"""Times as many as are wanted are compared again, where vectors are codes."""
WANTED = 0.98
"""Share of the truly nearest that a search is to find."""
NEAREST = 10
"""How many nearest that is about."""
TIE = 1e-6
"""Similarities that differ by no more are the same."""


@dataclass(frozen=True)
class VectorIndex:
    """Vectors of length 1, ready to be searched by inner product."""

    kind: Kind
    index: faiss.Index

    def __len__(self) -> int:
        """How many vectors there are."""
        return int(self.index.ntotal)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.index.d)

    def search(self, queries: Floats, k: int) -> tuple[Floats, Places]:
        """Similarities and places of the ``k`` nearest of each query, both (queries, k); place -1: none was found."""
        found: tuple[Floats, Places] = self.index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
        return found

    def at(self, places: Sequence[int] | Places) -> Floats:
        """The vectors at some places (places, dimension); of codes what they stand for."""
        wanted = np.asarray(places, dtype=np.int64)
        found: Floats = (
            self.index.reconstruct_batch(wanted) if len(wanted) else np.zeros((0, self.dimension), np.float32)
        )
        return found

    def recall(self, queries: Floats, exact: "VectorIndex") -> float:
        """Share of the NEAREST that exact search finds for some queries, at least one, which this one finds, too.

        ``exact`` holds the same vectors. What is as near as the last of those counts as well.
        """
        k = min(NEAREST, len(self))
        best, _ = exact.search(queries, k)
        _, places = self.search(queries, k)
        similar = np.einsum("qkd,qd->qk", exact.at(places.clip(0).ravel()).reshape(*places.shape, -1), queries)
        return float(((similar >= best[:, -1:] - TIE) & (places >= 0)).mean())


def kind_for(wanted: VectorKind, *, vectors: int, dimension: int) -> Kind:
    """What so many vectors are kept as: flat where there are few, a graph while that fits, else codes."""
    if wanted == "ivfpq":
        return "ivfpq" if vectors >= FEWEST_CODED else "flat"
    if wanted != "auto":
        return wanted
    if vectors <= FLAT_UNTIL:
        return "flat"
    return "hnsw" if vectors * 4 * (dimension + 2 * LINKS) <= GRAPH_MEMORY else "ivfpq"


def flat(vectors: Floats) -> VectorIndex:
    """All vectors as they are, one row each."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return VectorIndex("flat", index)


def build(kind: Kind, vectors: Floats, *, queries: Floats) -> tuple[VectorIndex, float]:
    """Vectors of length 1, one row each, as one kind of index, and the share of the nearest that it finds.

    ``queries`` are like those that will be searched for; by them is set how hard the index is searched and measured
    what it finds. The same vectors make the same index: they are added by one thread, since a graph depends on the
    order.
    """
    if kind == "flat" or not len(queries):
        return flat(vectors), 1.0
    with one_thread():
        index: Any = _graph(vectors) if kind == "hnsw" else _coded(vectors)
    found = VectorIndex(kind, index)
    exact = exact_of(found) or flat(vectors)
    recall = 0.0
    for effort in WIDTHS if kind == "hnsw" else CENTRES:
        if kind == "hnsw":
            index.hnsw.efSearch = effort
        else:
            inner: Any = faiss.downcast_index(index.base_index)
            inner.nprobe = effort
        recall = found.recall(queries, exact)
        if recall >= WANTED:
            break
    return found, recall


def _graph(vectors: Floats) -> faiss.Index:
    index = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = BUILD_WIDTH
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    made: faiss.Index = index
    return made


def _coded(vectors: Floats) -> Any:
    count, dimension = vectors.shape
    parts = next(parts for parts in range(max(1, dimension // 4), 0, -1) if dimension % parts == 0)
    centres = max(1, min(round(4 * count**0.5), count // 39))
    index: Any = faiss.index_factory(dimension, f"IVF{centres},PQ{parts}x8,Refine(SQ8)", faiss.METRIC_INNER_PRODUCT)
    index.k_factor = REFINED
    # Evenly over all, as documents stand in the order of their names.
    chosen = np.linspace(0, count - 1, min(count, max(FEWEST_CODED, LEARNED_FROM * centres))).astype(np.int64)
    inner: Any = faiss.downcast_index(index.base_index)
    inner.cp.niter = ROUNDS
    # Codes in an order that bits could be compared by take minutes, and nobody compares bits.
    inner.do_polysemous_training = False
    index.train(np.ascontiguousarray(vectors[chosen], dtype=np.float32))
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    made: faiss.Index = index
    return made


def exact_of(stored: VectorIndex) -> VectorIndex | None:
    """The same vectors, every one compared, for as long as ``stored`` is kept; None where they have become codes."""
    if stored.kind == "ivfpq":
        return None
    if stored.kind == "flat":
        return stored
    graph: Any = stored.index
    return VectorIndex("flat", faiss.downcast_index(graph.storage))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let faiss work on one core within."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def write(stored: VectorIndex, path: Path) -> None:
    """Write vectors into a file; raises OSError where that fails."""
    try:
        faiss.write_index(stored.index, str(path))
    except RuntimeError as error:
        raise OSError(str(error).strip().splitlines()[-1]) from error


def read(path: Path) -> VectorIndex | None:
    """The vectors in a file; None where it holds something else, or part of it."""
    try:
        index = faiss.read_index(str(path))
    except RuntimeError:
        return None
    if isinstance(index, faiss.IndexFlatIP):
        return VectorIndex("flat", index)
    if isinstance(index, faiss.IndexHNSWFlat) and index.metric_type == faiss.METRIC_INNER_PRODUCT:
        return VectorIndex("hnsw", index)
    if isinstance(index, faiss.IndexRefine) and isinstance(faiss.downcast_index(index.base_index), faiss.IndexIVFPQ):
        return VectorIndex("ivfpq", index)
    return None
