"""Where documents were cut, kept in parts, one line a document."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.chunking import Cut
from rag.document import Document
from rag.parts import FLUSH_SECONDS, KEY_BYTES, MANY, PART, opened, put_together, sealed
from rag.spans import Span
from workbench.workspace import write_atomically


class Cuts:
    """Where documents were cut, by the hash of their title and text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new: dict[str, str] = {}
        self._known: dict[str, str] = {}
        for path in sorted(folder.glob("*.jsonl")):
            self._known.update(_lines(opened(path) or ""))
        self._flushed = time.monotonic()

    @staticmethod
    def key(document: Document) -> str:
        """What a document's cut is found by."""
        return hashlib.sha256(f"{document.title}\0{document.text}".encode()).hexdigest()[: 2 * KEY_BYTES]

    def get(self, document: Document) -> Cut | None:
        """How a document was cut; None where it was not."""
        line = self._known.get(self.key(document))
        return None if line is None else _cut_of(json.loads(line))

    def add(self, document: Document, cut: Cut) -> None:
        """Keep how a document was cut; it is written soon."""
        self._new[self.key(document)] = json.dumps(_record_of(cut), ensure_ascii=False)
        if len(self._new) >= PART or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        if self._new:
            _write_part(self._folder, self._new)
        self._known.update(self._new)
        self._new = {}
        self._flushed = time.monotonic()

    def tidy(self) -> None:
        """Put small parts together, where there are many."""
        self.flush()
        texts = {path: opened(path) or "" for path in self._folder.glob("*.jsonl")}
        small = {path: text for path, text in texts.items() if 0 < text.count("\n") < PART // 2}
        if len(small) > MANY:
            lines = {key: line for text in small.values() for key, line in _lines(text)}
            put_together(small, lambda: _write_part(self._folder, lines))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """The key of each line, and what stands behind it."""
    for line in text.split("\n"):
        key, tab, rest = line.partition("\t")
        if tab:
            yield key, rest


def _write_part(folder: Path, lines: Mapping[str, str]) -> Path:
    text = "".join(f"{key}\t{line}\n" for key, line in lines.items())
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.jsonl"
    write_atomically(path, sealed(text))
    return path


def _record_of(cut: Cut) -> list[Any]:
    """A cut as a list of its texts, each once, its passages and its parents, as numbers."""
    texts = list(dict.fromkeys(text for span in (*cut.passages, *cut.parents) for text in (span.prefix, span.heading)))
    number = {text: n for n, text in enumerate(texts)}
    lists = [
        [[one.start, one.end, number[one.prefix], number[one.heading], one.parent] for one in spans]
        for spans in (cut.passages, cut.parents)
    ]
    return [texts, *lists]


def _cut_of(record: list[Any]) -> Cut:
    texts, *lists = record
    passages, parents = (
        tuple(Span(start, end, texts[prefix], texts[heading], parent) for start, end, prefix, heading, parent in spans)
        for spans in lists
    )
    return Cut(passages, parents)
