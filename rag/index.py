"""An index: passages with their vectors and their words, in a folder.

passages.jsonl   one passage a line, in the order of the vectors
parents.jsonl    the longer stretches that they were cut out of, where there are such
index.faiss      the vectors
words/           what passages are found by that hold a question's words
meta.json        what they were made with; written last
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag import lexical as by_words
from rag import vectors as by_vectors
from rag.chunking import Chunk
from rag.lexical import Lexical
from rag.vectors import Kind, VectorIndex
from workbench.candidate import VectorKind
from workbench.errors import ConfigError, NotFound
from workbench.model import Noun
from workbench.run import Passage
from workbench.workspace import disk_error, read_jsonl, write_atomically, write_jsonl

PASSAGES = "passages.jsonl"
PARENTS = "parents.jsonl"
VECTORS = "index.faiss"
WORDS = "words"
META = "meta.json"
PROBES, PROBE_WORDS = 200, 12
"""Passages by which search among vectors is tried out, and the words out of the middle of each that are asked for."""

Ask = Callable[[Sequence[str]], NDArray[np.float32]]
"""Makes the vectors of questions."""

Ranked = list[tuple[int, float]]
"""Places of passages with their scores, the best first."""


class IndexMeta(Noun):
    """What an index was made with."""

    embedder: str
    """The embedder's name."""
    digest: str
    """The embedder's digest: vectors of different digests cannot be compared."""
    dimension: int = Field(ge=1)
    """Length of the vectors."""
    passages: int = Field(ge=1)
    chunk_tokens: int
    chunk_overlap: int
    chunking: str = "sections"
    """How the documents were cut."""
    parent_tokens: int | None = None
    """Longest of the stretches that passages were cut out of, in ``parents.jsonl``; None: there are none."""
    duplicates: dict[str, str] = Field(default_factory=dict)
    """Ids of documents that were left out because they repeat another, and that other's id."""
    vectors: Kind = "flat"
    """How vectors are searched."""
    recall: float = Field(default=1.0, ge=0, le=1)
    """Share of the ten nearest passages that this finds, measured on words out of passages in place of questions."""


@dataclass(frozen=True)
class Index:
    """Passages with their vectors, ready to be searched."""

    meta: IndexMeta
    chunks: tuple[Chunk, ...]
    vectors: VectorIndex
    parents: Mapping[str, Chunk] = field(default_factory=dict)
    """The longer stretches by their ids."""
    folder: Path | None = None
    """Where it was read from; None: it was just built."""

    @cached_property
    def lexical(self) -> Lexical:
        """The passages by their words. Raises ConfigError where what was written of them is damaged."""
        if self.folder is None:
            return Lexical.of([chunk.text for chunk in self.chunks])
        found = by_words.read(self.folder / WORDS)
        if found is None or len(found) != len(self.chunks):
            raise _broken(self.folder, f"{WORDS}/ cannot be read or is of other passages")
        return found

    @cached_property
    def lengths(self) -> Counter[str]:
        """How many passages each document has."""
        return Counter(chunk.document for chunk in self.chunks)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where the passages of each document stand among all passages."""
        found: dict[str, list[int]] = {}
        for place, chunk in enumerate(self.chunks):
            found.setdefault(chunk.document, []).append(place)
        return found

    @cached_property
    def titled(self) -> dict[str, str]:
        """Documents by what stands above their first line break, where that is no other's: their title."""
        lines = {name: self.chunks[places[0]].text.partition("\n")[0].strip() for name, places in self.places.items()}
        counts = Counter(lines.values())
        return {line: name for name, line in lines.items() if line and counts[line] == 1}

    def document(self, identity: str) -> str | None:
        """The document of this id, or the one that it repeats; None where there is neither."""
        kept = self.meta.duplicates.get(identity, identity)
        return kept if kept in self.lengths else None

    def within(self, query: NDArray[np.float32], names: Sequence[str], k: int) -> tuple[Passage, ...]:
        """The ``k`` passages nearest to a query, of the documents that are named by id or title; () without any.

        ``query`` has shape (dimension,) and length 1.
        """
        return tuple(self.passage(place, score) for place, score in self.nearest_within(query, names)[:k])

    def nearest_within(self, query: NDArray[np.float32], names: Sequence[str]) -> Ranked:
        """Places and similarities of all passages of the documents that are named by id or title, nearest first."""
        known = dict.fromkeys(self.document(name) or self.titled.get(name.strip()) for name in names)
        places = [place for name in known if name is not None for place in self.places[name]]
        return sorted(zip(places, self.similar(query, places), strict=True), key=lambda one: -one[1])

    def similar(self, query: NDArray[np.float32], places: Sequence[int]) -> list[float]:
        """The similarities of a query to some passages, in their order."""
        found: list[float] = (self.vectors.at(places) @ query).tolist()
        return found

    def rank(self, queries: NDArray[np.float32], k: int, *, without: Sequence[str | None]) -> list[Ranked]:
        """Places and similarities of the ``k`` nearest passages of each query, the nearest first.

        ``queries`` has one row of length 1 a query; ``without`` names for each query a document that is passed
        over, or None. Raises ConfigError where the queries are of another dimension than the index.
        """
        if queries.ndim != 2 or queries.shape[1] != self.meta.dimension:
            raise ConfigError(
                f"Questions are vectors of shape {queries.shape}, but the index holds vectors of length "
                f"{self.meta.dimension}.",
                "Search with the embedder that the index was built with, or build the index again.",
            )
        most = max((self.lengths[document] for document in without if document is not None), default=0)
        wanted = min(k + most, len(self.chunks))
        scores, rows = self.vectors.search(queries, wanted)
        return [
            [
                (place, score)
                for place, score in zip(rows[n].tolist(), scores[n].tolist(), strict=True)
                if place >= 0 and self.chunks[place].document != document
            ][:k]
            for n, document in enumerate(without)
        ]

    def passage(self, place: int, score: float) -> Passage:
        """The passage at a place, with what it scored."""
        return passage_of(self.chunks[place], score)

    def around(self, place: int) -> Chunk:
        """The longer stretch that the passage at a place was cut out of, or the passage where there is none."""
        chunk = self.chunks[place]
        return self.parents.get(chunk.parent, chunk)


def passage_of(chunk: Chunk, score: float) -> Passage:
    """A stretch of a document as it is handed over, with what it scored."""
    return Passage(
        id=chunk.id, document=chunk.document, text=chunk.text, score=score, page=chunk.page, heading=chunk.heading
    )


def build(
    meta: IndexMeta,
    chunks: Sequence[Chunk],
    made: NDArray[np.float32],
    *,
    parents: Sequence[Chunk] = (),
    wanted: VectorKind = "auto",
    ask: Ask | None = None,
) -> Index:
    """An index over passages and their vectors, one row of length 1 each; how these are searched is put into ``meta``.

    Where not every vector is compared, what is found is measured with words out of the middle of passages, of which
    ``ask`` makes the vectors as of questions; without it passages themselves are asked for.
    """
    kind = by_vectors.kind_for(wanted, vectors=len(chunks), dimension=meta.dimension)
    if kind == "flat":
        return Index(meta, tuple(chunks), by_vectors.flat(made), _by_id(parents))
    probed = np.linspace(0, len(chunks) - 1, min(PROBES, len(chunks))).astype(int).tolist()
    queries = made[probed] if ask is None else ask([_middle(chunks[place].text) for place in probed])
    stored, recall = by_vectors.build(kind, made, queries=queries)
    return Index(meta.model_copy(update={"vectors": kind, "recall": recall}), tuple(chunks), stored, _by_id(parents))


def _middle(text: str) -> str:
    """Some words out of the middle of a passage."""
    words = text.split()
    start = max(0, (len(words) - PROBE_WORDS) // 2)
    return " ".join(words[start : start + PROBE_WORDS])


def _by_id(chunks: Sequence[Chunk]) -> dict[str, Chunk]:
    return {chunk.id: chunk for chunk in chunks}


def save(index: Index, folder: Path) -> None:
    """Write an index into a folder; a crash leaves no ``meta.json`` behind, or the old one.

    Raises WorkbenchError where the disk is full or the folder is not writable.
    """
    write_jsonl(folder / PASSAGES, (asdict(chunk) for chunk in index.chunks))
    if index.parents:
        write_jsonl(folder / PARENTS, (asdict(parent) for parent in index.parents.values()))
    partial = folder / f".{VECTORS}.part"
    try:
        by_vectors.write(index.vectors, partial)
        partial.replace(folder / VECTORS)
        by_words.write(index.lexical, folder / WORDS)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise disk_error(folder / VECTORS, error) from error
    write_atomically(folder / META, index.meta.model_dump_json(indent=1))


def load(folder: Path, *, embedder: str, digest: str) -> Index:
    """Read the index in a folder, to be searched with the embedder of this name and digest.

    Raises NotFound where there is none, and ConfigError where it was built with another embedder or its
    parts do not belong together.
    """
    meta = read_meta(folder)
    if meta.digest != digest:
        raise ConfigError(
            f"The index in {folder} was built with another embedder: {meta.embedder} ({_short(meta.digest)}), "
            f"not {embedder} ({_short(digest)}).",
            "Search with that embedder, or remove the folder and run again to build the index anew.",
        )
    chunks = tuple(Chunk(**record) for record in read_jsonl(folder / PASSAGES))
    parents = _by_id([Chunk(**record) for record in read_jsonl(folder / PARENTS)])
    stored = by_vectors.read(folder / VECTORS)
    if stored is None:
        raise _broken(folder, f"{VECTORS} cannot be read")
    if stored.kind != meta.vectors or stored.dimension != meta.dimension:
        raise _broken(
            folder, f"{VECTORS} holds something else than vectors of length {meta.dimension} ({meta.vectors})"
        )
    if not len(chunks) == len(stored) == meta.passages:
        raise _broken(folder, f"{len(chunks):,} passages, {len(stored):,} vectors, {meta.passages:,} expected")
    if any(chunk.parent and chunk.parent not in parents for chunk in chunks):
        raise _broken(folder, f"{PARENTS} lacks a stretch that a passage was cut out of")
    return Index(meta, chunks, stored, parents, folder)


def bytes_per_vector(index: Index, folder: Path) -> int:
    """Bytes that a vector takes in memory and on disk, its links or its share of the centres included."""
    return round((folder / VECTORS).stat().st_size / len(index.chunks))


def said(index: Index, folder: Path) -> str:
    """How vectors are searched, where not every one is compared, to follow what is said of the passages."""
    if index.meta.vectors == "flat":
        return ""
    return (
        f"; searched by {index.meta.vectors}, which finds {index.meta.recall:.1%} of the {by_vectors.NEAREST} nearest "
        f"at {bytes_per_vector(index, folder):,} bytes a vector"
    )


def recall(index: Index, queries: NDArray[np.float32]) -> float | None:
    """Share of the nearest passages that search finds for some questions; None where exact vectors are not kept."""
    exact = by_vectors.exact_of(index.vectors)
    if exact is None or not len(queries):
        return None
    if exact is index.vectors:
        return 1.0
    return index.vectors.recall(queries[:PROBES], exact)


def read_meta(folder: Path) -> IndexMeta:
    """What the index in a folder was made with.

    Raises NotFound where there is no index, and ConfigError where the file is malformed.
    """
    path = folder / META
    try:
        return IndexMeta.parse(json.loads(path.read_text(encoding="utf-8")), where=str(path))
    except FileNotFoundError:
        raise NotFound(f"There is no index in {folder}.", "Run the step that builds it first.") from None
    except ValueError:
        raise _broken(folder, f"{META} is not valid JSON") from None


def _broken(folder: Path, what: str) -> ConfigError:
    return ConfigError(f"The index in {folder} is broken: {what}.", "Remove the folder and run again.")


def _short(digest: str) -> str:
    kind, _, rest = digest.partition(":")
    return f"{kind}:{rest[:12]}"
