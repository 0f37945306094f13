"""The two steps of retrieval: documents into an index, and examples into the passages found for them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rag import index as indexes
from rag.chunking import Chunk, cut_spans, parents_of, passages_of
from rag.corpus import Corpus, read_corpus
from rag.disturbed import disturb
from rag.embed import DEFAULT_EMBEDDER, Embedder, load_embedder
from rag.index import IndexMeta
from rag.search import Searcher
from rag.spans import Chunking
from workbench.errors import ConfigError
from workbench.examples import read_examples
from workbench.run import Passage, Retrieved
from workbench.table import listed
from workbench.usecase import Example
from workbench.workspace import Step, write_jsonl

TIMED = 60
"""Requests whose time is taken one by one; enough for a median and a 95th percentile."""
WARM_UP = 3
"""Requests before those, whose time does not count."""
SHOWN = 100
"""Unreadable files that a step names; the others are only counted."""
REPORT_EVERY = 200
"""Documents between two lines of progress."""

RANKED = 50
"""Passages whose order is kept for each example."""

PARENTS = "parents.jsonl"
"""The longer stretches that passages were cut out of, one a line, as passages are written."""
RETRIEVED = "retrieved.jsonl"


class Embedders:
    """Embedders that were loaded by this process, so that several steps share one."""

    def __init__(self) -> None:
        self._loaded: dict[str, Embedder] = {}

    def get(self, name: str) -> Embedder:
        """The embedder of this name, loaded once."""
        if name not in self._loaded:
            self._loaded[name] = load_embedder(name)
        return self._loaded[name]


class Stopwatch:
    """Seconds by phase, for a step's facts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent within to the phase ``name``."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 4)


def make_index(step: Step, *, embedders: Embedders) -> None:
    """Do an ``index`` step: documents into passages, vectors and what they were made with.

    Raises DataError where no document can be read, NotFound where the embedder is not there, and
    ConfigError where the passages are to be longer than the embedder reads.
    """
    inputs, watch = step.record.inputs, Stopwatch()
    chunking = chunking_of(inputs)
    step.progress("reading documents")
    with watch.phase("reading"):
        corpus = read_corpus(step.file("documents"))
    step.progress("loading the embedder")
    with watch.phase("loading"):
        embedder = embedders.get(inputs.get("embedder", DEFAULT_EMBEDDER))
    require_readable(chunking, embedder)
    with watch.phase("chunking"):
        chunks, parents = chunk_all(step, corpus, chunking, embedder)
    with watch.phase("embedding"):
        vectors = embedder.passages(
            [chunk.text for chunk in chunks],
            progress=lambda done, total: step.progress("embedding passages", step=done, total=total),
        )
    meta = IndexMeta(
        embedder=embedder.name,
        digest=embedder.digest,
        dimension=embedder.dimension,
        passages=len(chunks),
        chunk_tokens=chunking.tokens,
        chunk_overlap=chunking.overlap,
        chunking=chunking.kind,
        parent_tokens=chunking.parent_tokens,
        duplicates=dict(corpus.duplicates),
    )
    with watch.phase("writing"):
        if chunking.parent_tokens is not None:
            write_jsonl(step.path(PARENTS), [asdict(parent) for parent in parents])
        indexes.save(indexes.build(meta, chunks, vectors), step.folder)
    step.note(**facts(corpus), passages=len(chunks), embedder=embedder.digest, phase_seconds=watch.seconds)
    print(said(corpus, passages=len(chunks)))


def require_readable(chunking: Chunking, embedder: Embedder) -> None:
    """Raise ConfigError where a passage could be longer than what the embedder reads of it."""
    if embedder.longest is not None and chunking.tokens > embedder.longest:
        raise ConfigError(
            f"Passages of {chunking.tokens} tokens are longer than the {embedder.longest} that "
            f"{embedder.name} reads; the rest of each would never be found.",
            f"Set chunk_tokens to {embedder.longest} or less, or choose an embedder that reads more.",
        )


def chunking_of(inputs: Mapping[str, Any]) -> Chunking:
    """How an ``index`` step's inputs say that documents are cut.

    Raises ConfigError as ``Chunking`` does.
    """
    return Chunking(
        tokens=inputs["chunk_tokens"],
        overlap=inputs["chunk_overlap"],
        kind=inputs.get("chunking", "sections"),
        parent_tokens=inputs.get("parent_tokens"),
    )


def chunk_all(step: Step, corpus: Corpus, chunking: Chunking, embedder: Embedder) -> tuple[list[Chunk], list[Chunk]]:
    """The passages of all documents, in their order, and the longer stretches that they were cut out of."""
    chunks: list[Chunk] = []
    parents: list[Chunk] = []
    total = len(corpus.documents)
    for done, document in enumerate(corpus.documents, start=1):
        found = cut_spans(document, chunking, ruler=embedder.ruler)
        chunks += passages_of(document, found)
        parents += parents_of(document, found)
        if done % REPORT_EVERY == 0 or done == total:
            step.progress("cutting documents into passages", step=done, total=total)
    return chunks, parents


def facts(corpus: Corpus) -> dict[str, Any]:
    """What a step says about the documents: how many, which could not be read and why, how many repeat others."""
    return {
        "documents": len(corpus.documents),
        "duplicates": len(corpus.duplicates),
        "unreadable": len(corpus.unreadable),
        "unreadable_files": [{"name": item.name, "reason": item.reason} for item in corpus.unreadable[:SHOWN]],
    }


def said(corpus: Corpus, *, passages: int) -> str:
    """The same in one line."""
    parts = [f"{passages:,} passages of {len(corpus.documents):,} documents"]
    if corpus.duplicates:
        parts.append(f"repeats left out: {len(corpus.duplicates):,}")
    if corpus.unreadable:
        named = listed((f"{item.name} {item.reason}" for item in corpus.unreadable), most=3)
        parts.append(f"not read: {len(corpus.unreadable):,} ({named})")
    return "; ".join(parts)


def retrieve(step: Step, *, embedders: Embedders) -> None:
    """Do a ``retrieve`` step: the passages found for every example, in the order of the examples.

    The document that has an example's own id is passed over for that example: nobody retrieves his own answer.
    The passages found for an example do not depend on which examples are timed. Where ``gold`` is asked for, they are
    those of the documents that the example names as its evidence, if it names any. Raises ConfigError where
    the index was built with another embedder than the one of that name now. Where passages are to be changed, nothing
    is searched: see ``rag.disturbed``.
    """
    if "disturbed" in step.record.inputs:
        disturb(step)
        return
    needed, watch = step.needed("index"), Stopwatch()
    step.progress("loading the embedder")
    with watch.phase("loading"):
        embedder = embedders.get(indexes.read_meta(needed.folder).embedder)
        index = indexes.load(needed.folder, embedder=embedder.name, digest=embedder.digest)
    examples = read_examples(step.file("examples"))
    questions = [example.question for example in examples]
    k = int(step.record.inputs["passages"])
    searcher = Searcher(index, step.record.inputs.get("search", "dense"))
    own = [index.document(example.id) for example in examples]
    with watch.phase("embedding"):
        vectors = embedder.questions(
            questions,
            progress=lambda done, total: step.progress("embedding questions", step=done, total=total),
        )
    with watch.phase("searching"):
        ranked = searcher.rank(questions, vectors, max(k, RANKED), without=own)
        rankings = [tuple(index.chunks[place].id for place, _ in one[:RANKED]) for one in ranked]
        found = [tuple(index.passage(place, score) for place, score in one[:k]) for one in ranked]
        handed = [False] * len(examples)
        if step.record.inputs.get("gold"):
            right = [index.within(vectors[n], example.evidence, k) for n, example in enumerate(examples)]
            step.note(handed=sum(map(bool, right)))
            found = [own or searched for own, searched in zip(right, found, strict=True)]
            handed = [bool(own) for own in right]
    with watch.phase("timing"):
        timed = time_alone(step, questions[:TIMED], searcher=searcher, embedder=embedder, k=k)
    seconds = [*timed, *[None] * (len(examples) - len(timed))]
    rows = zip(examples, found, rankings, seconds, handed, strict=True)
    write_jsonl(step.path(RETRIEVED), [_record(*row) for row in rows])
    cut_off = sum(embedder.count_tokens(text) > embedder.longest for text in questions) if embedder.longest else 0
    step.note(
        examples=len(examples),
        own_document_excluded=sum(document is not None for document in own),
        questions_cut=cut_off,
        phase_seconds=watch.seconds,
    )
    print(f"{k} passages for each of {len(examples):,} examples")


def time_alone(step: Step, questions: list[str], *, searcher: Searcher, embedder: Embedder, k: int) -> list[float]:
    """Seconds to embed and search each question by itself, after a few that warm up."""
    seconds = []
    for n, question in enumerate(questions[:WARM_UP] + questions):
        started = time.perf_counter()
        searcher.find([question], embedder.questions([question]), k)
        seconds.append(time.perf_counter() - started)
        if n % 10 == 0:
            step.progress("timing requests one by one", step=max(0, n - WARM_UP), total=len(questions))
    return seconds[-len(questions) :]


def _record(
    example: Example, passages: tuple[Passage, ...], ranking: tuple[str, ...], seconds: float | None, handed: bool
) -> dict[str, Any]:
    found = Retrieved(example=example.id, passages=passages, ranking=ranking, seconds=seconds, handed=handed)
    return found.model_dump(mode="json", exclude=None if handed else {"handed"})
