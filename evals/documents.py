"""The documents of an index by id and by title: which of them hold an example's evidence."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evals.retrieval import Evidence
from workbench.usecase import Example
from workbench.workspace import read_jsonl

UNNAMED = "it names no evidence"
ELSEWHERE = "its evidence is not among the documents"
NONE_OF_THEM = "a person found no passage that supports it"


@dataclass(frozen=True)
class Documents:
    """What the documents of an index are called."""

    ids: frozenset[str]
    repeats: Mapping[str, str]
    """Documents that were left out since they repeat another, and that other's id."""
    titled: Mapping[str, str]
    """Documents by the first line of their first passage, where that is no other's: their title."""

    @classmethod
    def read(cls, folder: Path) -> "Documents":
        """Those of the index in a step's folder."""
        first: dict[str, str] = {}
        for record in read_jsonl(folder / "passages.jsonl"):
            first.setdefault(record["document"], record["text"].partition("\n")[0].strip())
        counts = Counter(first.values())
        meta = folder / "meta.json"
        repeats = json.loads(meta.read_text(encoding="utf-8"))["duplicates"] if meta.exists() else {}
        titled = {line: name for name, line in first.items() if line and counts[line] == 1}
        return cls(frozenset(first), repeats, titled)

    def find(self, name: str) -> str | None:
        """The document of this id or title, or the one that it repeats; None where there is neither."""
        kept = self.repeats.get(name, name)
        return kept if kept in self.ids else self.titled.get(name.strip())

    def evidence(self, example: Example, confirmed: Mapping[str, list[str]]) -> Evidence:
        """The documents that support an example: those that it names, else those that people confirmed."""
        if not example.evidence and not confirmed.get(example.id):
            return Evidence(reason=NONE_OF_THEM if example.id in confirmed else UNNAMED)
        names = example.evidence or confirmed[example.id]
        found = frozenset(document for name in names if (document := self.find(name)) is not None)
        # Nobody retrieves his own answer.
        found -= {self.find(example.id)}
        return Evidence(found, "" if found else ELSEWHERE)
