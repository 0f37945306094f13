"""What documents became, kept for a whole workspace: nothing is parsed, cut or embedded a second time.

    <workspace>/cache/parsed/<key>.json                    what a file was parsed into
    <workspace>/cache/cut/<settings>/<part>.jsonl          where documents were cut
    <workspace>/cache/vectors/<embedder>/<part>.safetensors   what passages were embedded into

All of it is found by the hash of what it was made from and of how, so a document that moved or came back costs nothing.
Parts are written whole or not at all while a step works, so a step that was killed goes on where it was. A part that is
damaged, or of another making, is passed over. The folder may be removed at any time; what was not used for longest goes
where it grows too large.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.kept_cuts import Cuts
from rag.kept_vectors import PassageVectors
from rag.parsed import Parsed
from rag.parts import opened, sealed
from rag.spans import Chunking
from workbench.workspace import digest, write_atomically

CUT_VERSION = 1
"""Raised by one whenever the code that cuts documents changes where it cuts."""
MOST_BYTES = 8 * 2**30
"""Above this, what was not used for longest is removed, but for what the step itself used."""
ABANDONED_SECONDS = 24 * 3600
"""The age from which a file that was never finished is removed."""


@dataclass(frozen=True)
class Cache:
    """The cache of a workspace."""

    folder: Path

    def parsed(self, data: bytes, by: str, parse: Callable[[], Parsed]) -> Parsed:
        """What a file was parsed into, or is now; ``by`` names the parser and its version."""
        path = self.folder / "parsed" / f"{digest([hashlib.sha256(data).hexdigest(), by])}.json"
        kept = opened(path)
        if kept is not None:
            return Parsed.model_validate_json(kept)
        found = parse()
        write_atomically(path, sealed(found.model_dump_json()))
        return found

    def cuts(self, chunking: Chunking, *, embedder: str) -> Cuts:
        """Where documents were cut with these settings and the tokenizer of the embedder with this digest."""
        settings = digest({"version": CUT_VERSION, "embedder": embedder, **asdict(chunking)})
        return Cuts(self.folder / "cut" / settings[:32])

    def vectors(self, *, embedder: str, dimension: int) -> PassageVectors:
        """What passages were embedded into by the embedder with this digest."""
        return PassageVectors(self.folder / "vectors" / digest(embedder)[:32], embedder, dimension)

    def trim(self, *, since: float, most: int = MOST_BYTES) -> int:
        """Remove what was not used for longest until no more than ``most`` bytes are left; returns how many went.

        What was used ``since`` then, in seconds since 1970, stays; so does what another process is writing.
        """
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in _files(self.folder))
        size, removed = sum(size for _, size, _ in files), 0
        for used, bytes_, path in files:
            unfinished = path.suffix == ".part"
            if used < (time.time() - ABANDONED_SECONDS if unfinished else since) and (unfinished or size > most):
                path.unlink(missing_ok=True)
                size -= bytes_
                removed += bytes_
        return removed


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
