"""Passages are found by their vectors: exact search by inner product. The only importer of faiss.

passages.jsonl   one passage a line, in the order of the vectors
index.faiss      the vectors
meta.json        what they were made with; written last
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.chunking import Chunk
from workbench.errors import ConfigError, NotFound
from workbench.model import Noun
from workbench.run import Passage
from workbench.workspace import disk_error, read_jsonl, write_atomically, write_jsonl

PASSAGES = "passages.jsonl"
VECTORS = "index.faiss"
META = "meta.json"


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


@dataclass(frozen=True)
class Index:
    """Passages with their vectors, ready to be searched."""

    meta: IndexMeta
    chunks: tuple[Chunk, ...]
    vectors: faiss.IndexFlatIP

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
        known = dict.fromkeys(self.document(name) or self.titled.get(name.strip()) for name in names)
        places = [place for name in known if name is not None for place in self.places[name]]
        scored = [(float(query @ self.vectors.reconstruct(place)), place) for place in places]
        nearest = sorted(scored, key=lambda one: -one[0])[:k]
        return tuple(self.passage(place, score) for score, place in nearest)

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
        scores, rows = self.vectors.search(np.ascontiguousarray(queries, dtype=np.float32), wanted)
        return [
            [
                (place, score)
                for place, score in zip(rows[n].tolist(), scores[n].tolist(), strict=True)
                if self.chunks[place].document != document
            ][:k]
            for n, document in enumerate(without)
        ]

    def passage(self, place: int, score: float) -> Passage:
        """The passage at a place, with what it scored."""
        chunk = self.chunks[place]
        return Passage(
            id=chunk.id,
            document=chunk.document,
            text=chunk.text,
            score=score,
            page=chunk.page,
            heading=chunk.heading,
        )


def build(meta: IndexMeta, chunks: Sequence[Chunk], vectors: NDArray[np.float32]) -> Index:
    """An exact index over passages and their vectors, one row of length 1 each."""
    flat = faiss.IndexFlatIP(meta.dimension)
    flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return Index(meta, tuple(chunks), flat)


def save(index: Index, folder: Path) -> None:
    """Write an index into a folder; a crash leaves no ``meta.json`` behind, or the old one.

    Raises WorkbenchError where the disk is full or the folder is not writable.
    """
    write_jsonl(folder / PASSAGES, (asdict(chunk) for chunk in index.chunks))
    partial = folder / f".{VECTORS}.part"
    try:
        faiss.write_index(index.vectors, str(partial))
        partial.replace(folder / VECTORS)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        cause = error if isinstance(error, OSError) else OSError(str(error).strip().splitlines()[-1])
        raise disk_error(folder / VECTORS, cause) from error
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
    try:
        flat = faiss.read_index(str(folder / VECTORS))
    except RuntimeError as error:
        raise _broken(folder, f"{VECTORS} cannot be read") from error
    if not isinstance(flat, faiss.IndexFlatIP) or flat.d != meta.dimension:
        raise _broken(folder, f"{VECTORS} holds something else than vectors of length {meta.dimension}")
    if not len(chunks) == flat.ntotal == meta.passages:
        raise _broken(folder, f"{len(chunks):,} passages, {flat.ntotal:,} vectors, {meta.passages:,} expected")
    return Index(meta, chunks, flat)


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
