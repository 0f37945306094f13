"""The two steps of retrieval: documents into an index, and examples into the passages found for them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rag import index as indexes
from rag.cache import Cache
from rag.corpus import Corpus, read_corpus
from rag.disturbed import disturb
from rag.embed import DEFAULT_EMBEDDER, Embedder, load_embedder
from rag.gold import Gold, told_apart
from rag.index import IndexMeta, Ranked
from rag.indexing import cut_all, embed_all, new_documents
from rag.queries import Searches, read_queries, searches
from rag.rerank import load_reranker
from rag.search import Searcher
from rag.selection import Selection
from rag.spans import Chunking
from workbench.candidate import Retrieval
from workbench.confirmed import with_confirmed
from workbench.errors import ConfigError
from workbench.examples import read_examples
from workbench.phrases import agreeing
from workbench.run import Passage, Retrieved, Rewritten
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

RETRIEVED = "retrieved.jsonl"
APART = "apart.jsonl"
MODEL = "model"
"""The folder in which an embedder that was tuned is left."""


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

    What the workspace's cache holds of earlier indexes is used, so that only new documents are parsed, cut and
    embedded. Raises DataError where no document can be read, NotFound where the embedder is not there, and
    ConfigError where the passages are to be longer than the embedder reads.
    """
    inputs, watch = step.record.inputs, Stopwatch()
    chunking = chunking_of(inputs)
    cache, began = Cache(step.workspace / "cache"), time.time()
    step.progress("reading documents")
    with watch.phase("reading"):
        corpus = read_corpus(step.file("documents"), keep=cache.parsed, progress=shown(step, "reading documents"))
    step.progress("loading the embedder")
    with watch.phase("loading"):
        embedder = embedders.get(embedder_of(step))
    require_readable(chunking, embedder)
    cuts = cache.cuts(chunking, embedder=embedder.digest)
    kept = cache.vectors(embedder=embedder.digest, dimension=embedder.dimension)
    with watch.phase("chunking"):
        chunks, parents = cut_all(
            corpus.documents,
            chunking,
            embedder=embedder,
            kept=cuts,
            progress=shown(step, "cutting documents into passages"),
        )
    with watch.phase("embedding"):
        embedded = embed_all(
            chunks,
            embedder=embedder,
            kept=kept,
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
        wanted = inputs.get("vectors", "auto")
        index = indexes.build(meta, chunks, embedded.vectors, parents=parents, wanted=wanted, ask=embedder.questions)
        indexes.save(index, step.folder)
        cuts.tidy()
        kept.tidy()
        cache.trim(since=began)
    new = new_documents(chunks, embedded.fresh)
    step.note(
        **facts(corpus),
        passages=len(chunks),
        documents_new=new,
        passages_embedded=int(embedded.fresh.sum()),
        embedder=embedder.digest,
        vectors=index.meta.vectors,
        recall=index.meta.recall,
        bytes_per_vector=indexes.bytes_per_vector(index, step.folder),
        phase_seconds=watch.seconds,
    )
    print(said(corpus, passages=len(chunks), new=new) + indexes.said(index, step.folder))


def shown(step: Step, phase: str) -> Callable[[int, int], None]:
    """Tells how far a phase is, every so many documents and at the end."""

    def tell(done: int, total: int) -> None:
        if done % REPORT_EVERY == 0 or done == total:
            step.progress(phase, step=done, total=total)

    return tell


def embedder_of(index: Step) -> str:
    """The embedder of an index: the folder of the one that was tuned for it, or the one that is named."""
    if "embedder" in index.record.needs:
        return str(index.needed("embedder").path(MODEL))
    return str(index.record.inputs.get("embedder", DEFAULT_EMBEDDER))


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


def facts(corpus: Corpus) -> dict[str, Any]:
    """What a step says about the documents: how many, which could not be read and why, how many repeat others."""
    return {
        "documents": len(corpus.documents),
        "duplicates": len(corpus.duplicates),
        "unreadable": len(corpus.unreadable),
        "unreadable_files": [{"name": item.name, "reason": item.reason} for item in corpus.unreadable[:SHOWN]],
    }


def said(corpus: Corpus, *, passages: int, new: int) -> str:
    """The same in one line, with how many documents are ``new``: had to be embedded, where others had not."""
    total = len(corpus.documents)
    parts = [f"{passages:,} passages of {total:,} documents"]
    if new < total:
        parts.append(f"{new:,} of {total:,} documents {agreeing(new, 'is', 'are')} new" if new else "none is new")
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
    the index was built with another embedder than the one of that name now, and what ``load_reranker`` raises. Where
    passages are to be changed, nothing is searched: see ``rag.disturbed``.
    """
    if "disturbed" in step.record.inputs:
        disturb(step)
        return
    needed, watch = step.needed("index"), Stopwatch()
    settings = retrieval_of(step, needed)
    step.progress("loading the embedder and the passages")
    with watch.phase("loading"):
        embedder = embedders.get(embedder_of(needed))
        index = indexes.load(needed.folder, embedder=embedder.name, digest=embedder.digest)
        reranker = load_reranker(settings.reranker) if settings.reranker is not None else None
        documents = whole_documents(step) if settings.whole_documents else None
    examples = with_confirmed(read_examples(step.file("examples")), step.record.inputs.get("evidence", {}))
    requests = [example.question for example in examples]
    rewritten = read_queries(step)
    asked = searches(examples, rewritten)
    searcher = Searcher(index, settings.search)
    selection = Selection(index, settings, embedder.ruler.count_many, reranker, documents)
    own = [index.document(example.id) for example in examples]
    with watch.phase("embedding"):
        every = embedder.questions(
            asked.every,
            progress=lambda done, total: step.progress("embedding questions", step=done, total=total),
        )
        vectors = asked.requests(every)
    with watch.phase("searching"):
        ranked = searcher.rank(asked.every, every, selection.deep, without=asked.for_each(own))
        ranked = asked.together(ranked, every, way=settings.search)
    with watch.phase("reranking"):
        ranked = reread(step, requests, ranked, selection=selection)
    rankings = [tuple(index.chunks[place].id for place, _ in one[:RANKED]) for one in ranked]
    with watch.phase("choosing"):
        found = [
            selection.everything(own[n]) if selection.all_fit else selection.choose(vectors[n], one)
            for n, one in enumerate(ranked)
        ]
        handed = [False] * len(examples)
        if settings.gold:
            right = [
                selection.hand_over(index.nearest_within(vectors[n], example.evidence))
                for n, example in enumerate(examples)
            ]
            step.note(handed=sum(map(bool, right)))
            found = [own or searched for own, searched in zip(right, found, strict=True)]
            handed = [bool(own) for own in right]
        if beside := step.record.inputs.get("beside"):
            gold = Gold(index)
            apart = [
                told_apart(gold, example, vectors[n], ranked[n], beside=int(beside), hand_over=selection.hand_over)
                for n, example in enumerate(examples)
            ]
            write_jsonl(step.path(APART), [one.model_dump(mode="json") for one in apart])
    with watch.phase("timing"):
        timed = time_alone(step, asked.texts[:TIMED], searcher=searcher, embedder=embedder, selection=selection)
    seconds = [*timed, *[None] * (len(examples) - len(timed))]
    rows = zip(examples, found, rankings, seconds, handed, strict=True)
    write_jsonl(step.path(RETRIEVED), [with_rewriting(_record(*row), rewritten) for row in rows])
    cut_off = sum(embedder.count_tokens(text) > embedder.longest for text in asked.every) if embedder.longest else 0
    step.note(
        examples=len(examples),
        own_document_excluded=sum(document is not None for document in own),
        questions_cut=cut_off,
        nothing_found=sum(not passages for passages in found),
        recall=indexes.recall(index, vectors),
        phase_seconds=watch.seconds,
    )
    print(told(found, settings))


def retrieval_of(step: Step, index: Step) -> Retrieval:
    """The settings by which a ``retrieve`` step searches an index: those of either that are not left as they were."""
    known = index.record.inputs | step.record.inputs
    return Retrieval.parse({name: known[name] for name in Retrieval.model_fields if name in known}, where=step.name)


def whole_documents(step: Step) -> dict[str, str]:
    """The texts of all documents that a step is given, by id, in their order."""
    corpus = read_corpus(step.file("documents"), keep=Cache(step.workspace / "cache").parsed)
    return {document.id: document.whole for document in corpus.documents}


def reread(step: Step, questions: list[str], ranked: list[Ranked], *, selection: Selection) -> list[Ranked]:
    """The rankings in the reranker's order, where there is one."""
    found = []
    for n, (question, one) in enumerate(zip(questions, ranked, strict=True), start=1):
        found.append(selection.reread(question, one))
        if selection.reranker is not None and n % 10 == 0:
            step.progress("reading what was found again", step=n, total=len(questions))
    return found


def told(found: Sequence[tuple[Passage, ...]], settings: Retrieval) -> str:
    """What was found, in one line."""
    nothing = sum(not passages for passages in found)
    if settings.whole_documents or settings.least_score is not None or settings.budget_tokens is not None:
        counts = [len(passages) for passages in found] or [0]
        said = f"{min(counts)} to {max(counts)} passages for each of {len(found):,} examples"
    else:
        said = f"{settings.passages} passages for each of {len(found):,} examples"
    return f"{said}; none for {nothing:,}" if nothing else said


def time_alone(
    step: Step, asked: Sequence[Sequence[str]], *, searcher: Searcher, embedder: Embedder, selection: Selection
) -> list[float]:
    """Seconds to embed, search by all its texts and choose for each request by itself, after a few that warm up."""
    seconds = []
    for n, texts in enumerate([*asked[:WARM_UP], *asked]):
        started = time.perf_counter()
        if selection.all_fit:
            selection.everything(None)
        else:
            vectors = embedder.questions(texts)
            each = searcher.rank(texts, vectors, selection.deep)
            (ranked,) = Searches((tuple(texts),)).together(each, vectors, way=searcher.way)
            selection.choose(vectors[0], selection.reread(texts[0], ranked))
        seconds.append(time.perf_counter() - started)
        if n % 10 == 0:
            step.progress("timing requests one by one", step=max(0, n - WARM_UP), total=len(asked))
    return seconds[-len(asked) :]


def with_rewriting(record: dict[str, Any], rewritten: Mapping[str, Rewritten]) -> dict[str, Any]:
    """A record of what was found with what was searched for beside the request, and the seconds that this took."""
    one = rewritten.get(record["example"])
    if one is None:
        return record
    known = record["seconds"] is not None and one.seconds is not None
    return record | {
        "rewritten": one.model_dump(mode="json"),
        "seconds": record["seconds"] + one.seconds if known else None,
    }


def _record(
    example: Example, passages: tuple[Passage, ...], ranking: tuple[str, ...], seconds: float | None, handed: bool
) -> dict[str, Any]:
    found = Retrieved(example=example.id, passages=passages, ranking=ranking, seconds=seconds, handed=handed)
    return found.model_dump(mode="json", exclude={"rewritten"} | (set() if handed else {"handed"}))
