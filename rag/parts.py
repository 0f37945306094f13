"""Parts of a cache: files that are written whole, sealed, and put together where there are many small ones."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

FLUSH_SECONDS = 5.0
"""Work that is lost at most where a process is killed, and one batch."""
PART = 4096
"""Documents or passages in a part; smaller ones are put together when there are many."""
MANY = 16
KEY_BYTES = 16


def sealed(text: str) -> str:
    """A text below the hash of itself, by which damage shows."""
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def opened(path: Path) -> str | None:
    """A sealed text, marked as used now; None where there is none or it is damaged."""
    try:
        seal, _, text = path.read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(text.encode()).hexdigest() != seal:
            return None
        os.utime(path)
    except (OSError, UnicodeDecodeError):
        return None
    return text


def put_together(small: Iterable[Path], write: Callable[[], Path]) -> None:
    """Remove parts after the one that holds all of theirs was written."""
    whole = write()
    for path in small:
        if path != whole:
            path.unlink(missing_ok=True)
