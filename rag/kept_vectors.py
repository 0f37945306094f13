"""What passages were embedded into, kept in parts of safetensors."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rag.parts import FLUSH_SECONDS, KEY_BYTES, MANY, PART, put_together
from workbench.workspace import write_atomically

Vectors = NDArray[np.float32]


def passage_key(text: str) -> bytes:
    """What a passage's vector is found by."""
    return hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).digest()


class PassageVectors:
    """What passages were embedded into, by the hashes of their texts."""

    def __init__(self, folder: Path, embedder: str, dimension: int) -> None:
        self._folder = folder
        self._embedder = embedder
        self._dimension = dimension
        self._new: list[tuple[list[bytes], Vectors]] = []
        self._flushed = time.monotonic()

    def fill(self, wanted: Mapping[bytes, int], into: Vectors) -> NDArray[np.bool_]:
        """Write the vectors that are there into the rows that ``wanted`` names; returns which rows those are."""
        found = np.zeros(len(into), dtype=np.bool_)
        for path in sorted(self._folder.glob("*.safetensors")):
            part = self._read(path, wanted)
            if part is None:
                continue
            keys, vectors = part
            rows = [(row, place) for place, key in enumerate(keys) if (row := wanted.get(key)) is not None]
            if rows:
                to, from_ = (list(numbers) for numbers in zip(*rows, strict=True))
                into[to] = vectors[from_]
                found[to] = True
        return found

    def add(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Keep the vectors of some passages; they are written soon."""
        self._new.append((list(keys), vectors))
        many = sum(len(keys) for keys, _ in self._new) >= PART
        if many or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        if self._new:
            keys = [key for keys, _ in self._new for key in keys]
            self._write(keys, np.concatenate([vectors for _, vectors in self._new]))
        self._new = []
        self._flushed = time.monotonic()

    def tidy(self) -> None:
        """Put small parts together, where there are many."""
        self.flush()
        row = KEY_BYTES + 4 * self._dimension
        paths = [path for path in self._folder.glob("*.safetensors") if path.stat().st_size < PART // 2 * row]
        small = {path: part for path in paths if (part := self._read(path, None)) is not None}
        if len(small) <= MANY:
            return
        rows = {key: vector for keys, vectors in small.values() for key, vector in zip(keys, vectors, strict=True)}
        put_together(small, lambda: self._write(list(rows), np.stack(list(rows.values()))))

    def _write(self, keys: Sequence[bytes], vectors: Vectors) -> Path:
        names = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, KEY_BYTES)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        seal = _seal(names, rows)
        path = self._folder / f"{seal[:32]}.safetensors"
        write_atomically(
            path, save({"keys": names, "vectors": rows}, metadata={"embedder": self._embedder, "sha256": seal})
        )
        return path

    def _read(self, path: Path, wanted: Mapping[bytes, int] | None) -> tuple[list[bytes], Vectors] | None:
        """Keys and vectors of a part, marked as used now; None where it is damaged, foreign, or holds none wanted."""
        try:
            with safe_open(str(path), framework="numpy") as part:
                about = part.metadata() or {}
                keys = part.get_tensor("keys")
                flat = keys.tobytes()
                names = [flat[start : start + KEY_BYTES] for start in range(0, len(flat), KEY_BYTES)]
                if wanted is not None and wanted.keys().isdisjoint(names):
                    return None
                vectors = part.get_tensor("vectors")
            os.utime(path)
        except (OSError, SafetensorError):
            return None
        fits = vectors.shape == (len(names), self._dimension) and vectors.dtype == np.float32
        own = about.get("embedder") == self._embedder and about.get("sha256") == _seal(keys, vectors)
        return (names, vectors) if fits and own and keys.dtype == np.uint8 else None


def _seal(keys: NDArray[np.uint8], vectors: Vectors) -> str:
    seen = hashlib.sha256(keys.tobytes())
    seen.update(vectors.tobytes())
    return seen.hexdigest()
