"""Search among very many vectors, and a whole query at 100,000 passages.

``python -m tests.benchmarks.vectors [SIZE ...] [--kinds KIND ...] [--queries KIND ...]``: 10,000 to 1,000,000 vectors,
or so many, 384 numbers each, as a graph and as codes beside flat: queries per second in the same run, share of the ten
nearest that is found by queries which nothing was set by, and bytes a vector. Before that the time of a whole query at
100,000 passages: embedded, searched by vectors and by words, put together, and the prompt written. Times are those of
one core's work, so that what else the machine does counts for little; of whole queries the clock's are told, too.
Targets: at 1,000,000 a share of at least 0.97 at 10 times flat's queries per second; 50 ms for the 95th percentile of
whole queries. Nothing is asserted.

Vectors are made, not embedded: topics of very unequal sizes, documents about them, eight passages of each document, and
queries near passages. Their directions have unequal variance, as those of embedders do, so that nearest neighbours are
near (first 0.7, tenth 0.4, others 0.07 on average), which they would not be among noise of equal variance.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from rag import vectors
from rag.chunking import Chunk
from rag.embed import load_embedder
from rag.index import IndexMeta, build, load, save
from rag.prompt import with_passages
from rag.search import Searcher
from rag.selection import Selection
from rag.vectors import Kind
from workbench.candidate import Retrieval

Floats = NDArray[np.float32]
DIMENSION, PER_DOCUMENT, PASSAGES = 384, 8, 100_000
QUERIES, ALONE = 400, 100
"""Queries by which recall is measured, and those that are timed one by one."""
WORDS, PASSAGE_WORDS, QUESTION_WORDS = 60_000, 100, 12


class Made:
    """Vectors of made-up passages, and of queries about them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        spread = (1 / np.sqrt(1 + np.arange(DIMENSION) / 8)).astype(np.float32)
        self.spread = spread / np.linalg.norm(spread)

    def draw(self, count: int) -> Floats:
        return self.rng.standard_normal((count, DIMENSION), dtype=np.float32) * self.spread

    def passages(self, count: int) -> Floats:
        topics = self.draw(max(4, count // 2000))
        chances = 1 / np.arange(1, len(topics) + 1) ** 0.7
        documents = -(-count // PER_DOCUMENT)
        about = self.rng.choice(len(topics), documents, p=chances / chances.sum())
        found = np.repeat(0.55 * topics[about] + 0.65 * self.draw(documents), PER_DOCUMENT, axis=0)[:count]
        for start in range(0, count, 100_000):
            part = found[start : start + 100_000]
            part += 0.6 * self.draw(len(part))
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return found

    def queries(self, passages: Floats, count: int) -> Floats:
        found = passages[self.rng.choice(len(passages), count, replace=False)] + self.draw(count)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def per_second(search: Callable[[Floats, int], object], queries: Floats, *, at_once: int) -> float:
    """Queries a second, so many in one call."""
    parts = [queries[start : start + at_once] for start in range(0, len(queries), at_once)]
    search(parts[0], vectors.NEAREST)
    began = time.process_time()
    for part in parts:
        search(part, vectors.NEAREST)
    return len(queries) / (time.process_time() - began)


def show_size(count: int, kinds: Sequence[Kind]) -> None:
    """One size: flat, and what compares fewer. Vectors are made anew for each kind, so that few copies are kept."""
    for kind in kinds:
        made = Made(np.random.default_rng(count))
        stored = made.passages(count)
        tried, queries = made.queries(stored, 200), made.queries(stored, QUERIES)
        began = time.process_time()
        found, _ = vectors.build(kind, stored, queries=tried)
        seconds = time.process_time() - began
        exact = vectors.exact_of(found) or vectors.flat(stored)
        del stored
        speeds = {
            at_once: (
                per_second(exact.search, asked, at_once=at_once),
                per_second(found.search, asked, at_once=at_once),
            )
            for at_once, asked in ((1, queries[:ALONE]), (QUERIES, queries))
        }
        told = "  ".join(
            f"{'alone' if at_once == 1 else 'together'} {fast:,.0f} /s, flat {slow:,.0f} /s ({fast / slow:.1f} x)"
            for at_once, (slow, fast) in speeds.items()
        )
        print(
            f"{count:>9,} {kind:<5} recall {found.recall(queries, exact):.3f}  "
            f"{size_of(found) / count:,.0f} bytes each, flat {4 * DIMENSION:,}  {told}  built in {seconds:,.0f} s",
            flush=True,
        )


def size_of(stored: vectors.VectorIndex) -> int:
    """Bytes of vectors and what belongs to them."""
    with tempfile.TemporaryDirectory() as folder:
        vectors.write(stored, Path(folder) / "vectors")
        return (Path(folder) / "vectors").stat().st_size


def show_queries(kind: Kind) -> None:
    """Whole queries among 100,000 passages, one by one."""
    rng = np.random.default_rng(0)
    embedder = load_embedder()
    words = np.array([f"{'aeiou'[n % 5]}{n:x}" for n in range(WORDS)])
    chances = 1 / np.arange(1, WORDS + 1)
    chances /= chances.sum()
    texts = [" ".join(row) for row in words[rng.choice(WORDS, (PASSAGES, PASSAGE_WORDS), p=chances)]]
    chunks = [Chunk(f"d{n // PER_DOCUMENT}#{n}", f"d{n // PER_DOCUMENT}", text) for n, text in enumerate(texts)]
    made = Made(rng)
    stored = made.passages(PASSAGES)
    meta = IndexMeta(
        embedder=embedder.name, digest=embedder.digest, dimension=DIMENSION, passages=PASSAGES, chunk_tokens=160,
        chunk_overlap=32,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.process_time()
        save(build(meta, chunks, stored, wanted=kind, ask=lambda asked: made.queries(stored, len(asked))), folder)
        written = time.process_time()
        index = load(folder, embedder=embedder.name, digest=embedder.digest)
        index.lexical  # noqa: B018 - it is read when it is first asked for
        read = time.process_time()
    settings = Retrieval(search="hybrid")
    searcher = Searcher(index, settings.search)
    selection = Selection(index, settings, embedder.ruler.count_many)
    phases: dict[str, list[float]] = {"embed": [], "search": [], "prompt": [], "all": [], "by the clock": []}
    for row in rng.choice(WORDS, (210, QUESTION_WORDS), p=chances):
        question = f"What of {' '.join(words[row])}?"
        clock, marks = time.perf_counter(), [time.process_time()]
        asked = embedder.questions([question])
        marks.append(time.process_time())
        (ranked,) = searcher.rank([question], asked, selection.deep)
        marks.append(time.process_time())
        with_passages(question, [passage.text for passage in selection.choose(asked[0], ranked)])
        marks.append(time.process_time())
        taken = [*np.diff(marks), marks[-1] - marks[0], time.perf_counter() - clock]
        for phase, seconds in zip(phases, taken, strict=True):
            phases[phase].append(float(seconds) * 1000)
    told = ", ".join(
        f"{phase} {np.median(taken[10:]):.1f} ({np.quantile(taken[10:], 0.95):.1f})" for phase, taken in phases.items()
    )
    print(
        f"{PASSAGES:,} passages, {index.meta.vectors}, hybrid: median (95th percentile) in ms: {told}; "
        f"built and written in {written - began:.0f} s, read in {read - written:.1f} s",
        flush=True,
    )


def main() -> None:
    """Print everything; the largest graph takes half an hour to build on one core."""
    faiss.omp_set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--kinds", nargs="+", choices=["hnsw", "ivfpq"], default=["hnsw", "ivfpq"])
    parser.add_argument("--queries", nargs="*", choices=["flat", "hnsw"], default=["flat", "hnsw"])
    arguments = parser.parse_args()
    for kind in arguments.queries:
        show_queries(kind)
    for count in arguments.sizes or (10_000, 31_623, 100_000, 316_228, 1_000_000):
        show_size(count, arguments.kinds)


if __name__ == "__main__":
    main()
