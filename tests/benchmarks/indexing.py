"""Indexing beside bare ``SentenceTransformer.encode`` of the same passages, after kill -9, with one new document, and
one very long one.

``python -m tests.benchmarks.indexing [--documents N] [--many N] [--megabytes N]``. The texts are made up, so nothing is
needed but the default embedder. Prints ratios within one run; ten minutes on two idle cores.
"""

from workbench.environment import prepare

prepare()

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from rag.cache import Cache
from rag.embed import BATCH, DEFAULT_EMBEDDER, Embedder, load_embedder
from rag.steps import Embedders, make_index
from workbench.workspace import Step, StepRecord, read_jsonl, write_atomically

ROUNDS = 3
SETTINGS = {"chunk_tokens": 160, "chunk_overlap": 32}
KILLED_AT = 0.5
"""The share of the passages that are kept when the step is killed."""

LONG = """
import resource, sys, time
from pathlib import Path
from rag.chunking import cut_spans
from rag.corpus import read_corpus
from rag.embed import load_embedder
from rag.spans import Chunking

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

ruler, empty, began = load_embedder().ruler, peak(), time.time()
(document,) = read_corpus(Path(sys.argv[1])).documents
read, began = time.time() - began, time.process_time()
cut = cut_spans(document, Chunking(160, 32), ruler=ruler).passages
spent = time.process_time() - began
print(f"{len(cut):,} passages; read in {read:.1f} s, cut in {spent:.1f} s of processor, ", end="")
print(f"{peak() - empty:.2f} GB above {empty:.2f} GB")
"""
"""A process of its own, so that the most memory it had is that of one text."""


def words(rng: np.random.Generator) -> list[str]:
    """A made-up vocabulary: syllables, joined."""
    syllables = ["".join(pair) for pair in zip("bdfgklmnprstvw" * 5, "aeiou" * 14, strict=True)]
    return ["".join(rng.choice(syllables, size=int(n))) for n in rng.integers(1, 5, size=5_000)]


def made_up(rng: np.random.Generator, vocabulary: Sequence[str], *, sentences: int) -> str:
    """A document with a heading every ten sentences; frequent words are frequent as in a language (Zipf)."""
    ranks = np.minimum(rng.zipf(1.3, size=15 * sentences) - 1, len(vocabulary) - 1)
    parts = []
    for n in range(sentences):
        if n % 10 == 0:
            parts.append(f"\n\n## {vocabulary[int(rng.integers(len(vocabulary)))].capitalize()}\n\n")
        parts.append(" ".join(vocabulary[rank] for rank in ranks[15 * n : 15 * n + 15]).capitalize() + ". ")
    return "".join(parts).strip()


def waiting(workspace: Path, name: str = "index-a") -> Step:
    """An index step over the documents of a workspace."""
    record = StepRecord(kind="index", key="a", title=name, inputs=SETTINGS, files={"documents": "documents"})
    step = Step(workspace / "steps" / name)
    write_atomically(step.folder / "step.json", record.model_dump_json())
    return step


def with_documents(workspace: Path, texts: Iterator[str]) -> Path:
    """A workspace that holds these texts as files."""
    folder = workspace / "documents"
    folder.mkdir(parents=True)
    for n, text in enumerate(texts):
        (folder / f"{n:05}.md").write_text(text)
    return workspace


class Loaded(Embedders):
    """One embedder that is there already, so that its loading is in no figure."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self._loaded[DEFAULT_EMBEDDER] = embedder


def show_throughput(place: Path, embedder: Embedder, *, documents: int) -> None:
    """Documents in a folder to a finished index, in turns with the bare embedding of the same passages."""
    rng = np.random.default_rng(0)
    vocabulary = words(rng)
    texts = [made_up(rng, vocabulary, sentences=int(rng.integers(5, 80))) for _ in range(documents)]
    rounds = []
    for n in range(ROUNDS):
        step = waiting(with_documents(place / f"round-{n}", iter(texts)))
        wall, cpu = time.perf_counter(), time.process_time()
        make_index(step, embedders=Loaded(embedder))
        own = time.perf_counter() - wall, time.process_time() - cpu
        passages = [str(one["text"]) for one in read_jsonl(step.path("passages.jsonl"))]
        wall, cpu = time.perf_counter(), time.process_time()
        embedder.model.encode_document(passages, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        bare = time.perf_counter() - wall, time.process_time() - cpu
        rounds.append((own, bare))
        seconds = step.record.facts["phase_seconds"]
        print(
            f"  {len(passages):,} passages: ours {own[0]:6.1f} s ({own[1]:.1f} s of processor), bare {bare[0]:6.1f} s "
            f"({bare[1]:.1f} s): {bare[0] / own[0]:.3f}, by processor {bare[1] / own[1]:.3f}   "
            f"reading {seconds['reading']:.2f}, cutting {seconds['chunking']:.2f}, writing {seconds['writing']:.2f} s",
            flush=True,
        )
    ratios = [median(bare[n] / own[n] for own, bare in rounds) for n in (0, 1)]
    print(f"  median: {ratios[0]:.3f} of bare throughput, by processor time {ratios[1]:.3f} (wanted: 0.95)")


def show_kill(place: Path, *, documents: int) -> None:
    """A step that is killed half-way and done again, in processes of its own."""
    rng = np.random.default_rng(1)
    vocabulary = words(rng)
    step = waiting(with_documents(place / "killed", (made_up(rng, vocabulary, sentences=40) for _ in range(documents))))
    line = [sys.executable, "-m", "rag", str(step.folder)]
    process = subprocess.Popen(line)
    done = 0
    while process.poll() is None:
        told = [one for one in step.read_progress() if one["phase"] == "embedding passages" and one["step"]]
        done = int(told[-1]["step"]) if told else 0
        if told and done >= KILLED_AT * told[-1]["total"]:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.05)
    subprocess.run(line, check=True)
    facts = step.record.facts
    twice = done + facts["passages_embedded"] - facts["passages"]
    print(
        f"  killed after {done:,} of {facts['passages']:,} passages; then {facts['passages_embedded']:,} were "
        f"embedded: {max(0, twice):,} twice ({max(0, twice) / facts['passages']:.1%}); status {step.status}"
    )


def show_one_new(place: Path, embedder: Embedder, *, documents: int) -> None:
    """Many short documents, and then one more."""
    rng = np.random.default_rng(2)
    vocabulary = words(rng)
    workspace = with_documents(place / "many", (made_up(rng, vocabulary, sentences=1) for _ in range(documents)))
    times = []
    for name, text in (("index-a", ""), ("index-b", ""), ("index-c", made_up(rng, vocabulary, sentences=1))):
        if text:
            (workspace / "documents" / "new.md").write_text(text)
        began = time.perf_counter()
        step = waiting(workspace, name)
        make_index(step, embedders=Loaded(embedder))
        times.append(time.perf_counter() - began)
        facts = step.record.facts
        print(
            f"  {facts['documents']:,} documents, {facts['documents_new']:,} new, {facts['passages_embedded']:,} "
            f"passages embedded: {times[-1]:.1f} s ({facts['phase_seconds']})",
            flush=True,
        )
    size = sum(path.stat().st_size for path in Cache(workspace / "cache").folder.rglob("*") if path.is_file())
    print(f"  one new document takes {times[2] / times[0]:.1%} of the first time; the cache has {size / 2**20:.0f} MB")


def show_long(place: Path, *, megabytes: int) -> None:
    """One long text read and cut, at several lengths: time and memory must grow as it does, and no faster."""
    rng = np.random.default_rng(3)
    text = made_up(rng, words(rng), sentences=10_000)
    for size in (megabytes // 8, megabytes // 2, megabytes):
        folder = place / f"long-{size}"
        folder.mkdir()
        with (folder / "long.txt").open("w") as out:
            while out.tell() < size * 2**20:
                out.write(f"{text}\n\n")
        done = subprocess.run([sys.executable, "-c", LONG, str(folder)], capture_output=True, text=True, check=True)
        print(f"  {size:4} MB: {done.stdout.strip()}", flush=True)
        (folder / "long.txt").unlink()


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=150)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=200)
    options = parser.parse_args()
    embedder = load_embedder()
    embedder.passages(["Warm up."] * BATCH)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if options.documents:
            print("\nIndexing beside bare SentenceTransformer.encode of the same passages", flush=True)
            show_throughput(place, embedder, documents=options.documents)
            print("\nKilled with -9 and done again", flush=True)
            show_kill(place, documents=options.documents)
        if options.many:
            print("\nOne new document among many", flush=True)
            show_one_new(place, embedder, documents=options.many)
        if options.megabytes:
            print("\nOne long text", flush=True)
            show_long(place, megabytes=options.megabytes)
    print(f"\nlargest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
