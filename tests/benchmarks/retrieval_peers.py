"""The same documents and questions through another retrieval pipeline, with the same embedder, in the same process.

``python -m tests.benchmarks.retrieval_peers [FOLDER] [--articles FILE N]``: FOLDER holds ``documents.jsonl`` (id, text)
and ``questions.jsonl`` (question, document); without it the bundled ``product-facts``. ``--articles FILE N`` adds the
first N rows of a JSONL file (id, title, text) as distractors. Beside the peer as it comes stands the peer with passages
as long as ours, since as it comes its passages are longer than the embedder reads: the rest of each costs no time and
is never found. Recall is by document. Targets: recall@5 no lower, indexing and a query no slower. Nothing is asserted.

The peer is LlamaIndex, which the workbench does not need: ``pip install llama-index-core
llama-index-embeddings-huggingface`` into an environment that has the workbench, too. Without it nothing is run.
"""

import argparse
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np

from rag.chunking import cut_spans, passages_of
from rag.corpus import Document, read_corpus
from rag.embed import Embedder, find_embedder, load_embedder
from rag.index import IndexMeta, build, load, save
from rag.search import Searcher
from rag.spans import Chunking
from workbench.candidate import SearchWay
from workbench.demos import product_facts

PEER = ("llama_index.core", "llama_index.embeddings.huggingface")
TOKENS, OVERLAP, DEEP = 160, 32, 50
"""Passages are taken as deep as it takes to tell five documents apart, whatever the length of passages."""
Find = Callable[[str], Sequence[str]]
"""The documents of the best passages for a question, the best first."""


@dataclass(frozen=True)
class Seconds:
    """How long something took."""

    work: float
    """Of one core."""
    clock: float


class Watch:
    """Counts from when it was made."""

    def __init__(self) -> None:
        self._work, self._clock = time.process_time(), time.perf_counter()

    def read(self) -> Seconds:
        return Seconds(time.process_time() - self._work, time.perf_counter() - self._clock)


@dataclass(frozen=True)
class Asked:
    """A question and the document that answers it."""

    question: str
    document: str


def ours(documents: Sequence[Document], embedder: Embedder, folder: Path, *, way: SearchWay) -> tuple[Find, Seconds]:
    """The workbench: cut, embedded, written, read again."""
    watch = Watch()
    chunking = Chunking(TOKENS, OVERLAP)
    chunks = [chunk for one in documents for chunk in passages_of(one, cut_spans(one, chunking, ruler=embedder.ruler))]
    meta = IndexMeta(
        embedder=embedder.name, digest=embedder.digest, dimension=embedder.dimension, passages=len(chunks),
        chunk_tokens=TOKENS, chunk_overlap=OVERLAP,
    )  # fmt: skip
    save(build(meta, chunks, embedder.passages([chunk.text for chunk in chunks]), ask=embedder.questions), folder)
    searcher = Searcher(load(folder, embedder=embedder.name, digest=embedder.digest), way)
    took = watch.read()

    def find(question: str) -> list[str]:
        (found,) = searcher.find([question], embedder.questions([question]), DEEP)
        return [passage.document for passage in found]

    return find, took


def peer(documents: Sequence[Document], folder: Path, *, chunk: int | None) -> tuple[Find, Seconds]:
    """LlamaIndex as it comes, or with passages of so many tokens; written, too."""
    from llama_index.core import Document as Text
    from llama_index.core import VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    embedding = HuggingFaceEmbedding(model_name=str(find_embedder("sentence-transformers/all-MiniLM-L6-v2").folder))
    embedding.get_text_embedding("loaded and warm")
    splitter = SentenceSplitter() if chunk is None else SentenceSplitter(chunk_size=chunk, chunk_overlap=OVERLAP)
    texts = [Text(text=one.whole, doc_id=one.id) for one in documents]
    watch = Watch()
    index = VectorStoreIndex.from_documents(texts, embed_model=embedding, transformations=[splitter])
    index.storage_context.persist(str(folder))
    took = watch.read()
    retriever = index.as_retriever(similarity_top_k=DEEP)

    def find(question: str) -> list[str]:
        return [str(one.node.ref_doc_id) for one in retriever.retrieve(question)]

    return find, took


def show(pipelines: Mapping[str, tuple[Find, Seconds]], asked: Sequence[Asked]) -> None:
    """A row for each: recall, and the milliseconds of one core's work and of the clock.

    Every question is put to all of them in turn, so that what else the machine does falls on each alike.
    """
    for find, _ in pipelines.values():
        for one in asked[:5]:
            find(one.question)
    ranks: dict[str, list[int]] = {name: [] for name in pipelines}
    taken: dict[str, list[Seconds]] = {name: [] for name in pipelines}
    for one in asked:
        for name, (find, _) in pipelines.items():
            watch = Watch()
            found = list(dict.fromkeys(find(one.question)))
            taken[name].append(watch.read())
            ranks[name].append(found.index(one.document) + 1 if one.document in found else 10**9)
    for name, (_, indexing) in pipelines.items():
        at = np.array(ranks[name])
        recall = "  ".join(f"recall@{k} {np.mean(at <= k):.3f}" for k in (1, 5))
        work, clock = [1000 * each.work for each in taken[name]], [1000 * each.clock for each in taken[name]]
        print(
            f"  {name:<30} {recall}  MRR {np.mean(1 / at):.3f}  "
            f"indexing {indexing.work:.1f} s (clock {indexing.clock:.1f})  query {np.median(work):.1f} ms, "
            f"95th percentile {np.quantile(work, 0.95):.1f} (clock {np.median(clock):.1f})",
            flush=True,
        )


def material(arguments: argparse.Namespace) -> tuple[list[Document], list[Asked]]:
    """The documents and the questions about them."""
    if arguments.folder is None:
        demo = product_facts.build(Random(0))
        documents = [Document(name, text) for name, text in demo.documents.items()]
        return documents, [Asked(one.question, one.evidence[0]) for one in demo.test]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "documents.jsonl").write_bytes((arguments.folder / "documents.jsonl").read_bytes())
        if arguments.articles is not None:
            with Path(arguments.articles[0]).open(encoding="utf-8") as source:
                (Path(name) / "more.jsonl").write_text("".join(islice(source, int(arguments.articles[1]))))
        documents = list(read_corpus(Path(name)).documents)
    with (arguments.folder / "questions.jsonl").open(encoding="utf-8") as source:
        return documents, [Asked(row["question"], row["document"]) for row in map(json.loads, source)]


def main() -> None:
    """Print everything, or why nothing is run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--articles", nargs=2)
    arguments = parser.parse_args()
    missing = [name for name in PEER if not importlib.util.find_spec(name.split(".")[0])]
    if missing:
        sys.exit(f"Nothing was run: the peer is not installed ({', '.join(missing)}). See the top of {__file__}.")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    documents, asked = material(arguments)
    embedder = load_embedder()
    embedder.questions(["loaded and warm"])
    print(f"{len(documents):,} documents, {len(asked):,} questions")
    pipelines: dict[str, tuple[Find, Seconds]] = {}
    ways: tuple[SearchWay, ...] = ("dense", "hybrid")
    with tempfile.TemporaryDirectory() as name:
        for way in ways:
            pipelines[f"workbench, {way}"] = ours(documents, embedder, Path(name) / way, way=way)
        for told, chunk in (("LlamaIndex as it comes", None), (f"LlamaIndex, passages of {TOKENS}", TOKENS)):
            pipelines[told] = peer(documents, Path(name) / told, chunk=chunk)
        show(pipelines, asked)


if __name__ == "__main__":
    main()
