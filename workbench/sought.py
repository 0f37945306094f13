"""Whether a passage that answers an example was there to be found, and was found."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from workbench.carried_checks import Column, column
from workbench.confirmed import with_confirmed
from workbench.examples import Examples
from workbench.model import Noun
from workbench.run import Passage, Retrieved
from workbench.similarity import WORDS, normalise
from workbench.statistics.arrays import Floats
from workbench.usecase import Example
from workbench.workspace import read_jsonl

MOST_WORDS = 12
"""Of an answer that is looked for word for word: longer ones are told in words of their own."""
MOST_BYTES = 256 * 1024 * 1024
"""Of passages that are looked through for answers while a page waits."""

Where = Literal["there", "missed", "absent", "unknown"]
"""there: a right passage was handed over; missed: there is one, and it was not; absent: there is none among the
documents; unknown: nothing says which passage would be right."""


class Sought(Noun):
    """What became of the right passages of every example of one candidate, in the order of the examples."""

    where: tuple[Where, ...]
    by_answer: tuple[int, ...]
    """Positions of the examples that name no evidence: a passage that holds the answer stands in for it."""
    lenient: tuple[Column, ...] = ()
    """Values by the lenient metric, run by run; empty where the answers were not read leniently."""


def values_of(answer: str) -> list[str]:
    """What an answer says, as words: the values of the fields of a JSON object, else the answer itself."""
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        read = None
    said = list(_leaves(read)) if isinstance(read, dict) else [answer]
    return [words for one in said if (words := plain(one))]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


def plain(text: str) -> str:
    """The words of a text and nothing else, in lower case."""
    return " ".join(WORDS.findall(normalise(text)))


def holds(text: str, answer: str) -> bool:
    """Whether all that an answer says stands in a text, word for word; an answer that says nothing stands in none."""
    return _stand_in(f" {plain(text)} ", values_of(answer))


def _stand_in(words: str, values: Sequence[str]) -> bool:
    return bool(values) and all(f" {value} " in words for value in values)


@dataclass(frozen=True)
class Held:
    """The passages of an index by document, as words, to be looked through."""

    texts: Mapping[str, tuple[str, ...]]
    """By document, the words of each passage with blanks around them."""
    titles: Mapping[str, str]
    """Documents by the line above their first line break, where that is no other's."""
    duplicates: Mapping[str, str]
    """Documents that were left out since they repeat another, and that other."""

    def documents(self, names: Collection[str]) -> set[str]:
        """The documents of some ids or titles, as far as they are there."""
        known = {self.titles.get(name.strip(), self.duplicates.get(name, name)) for name in names}
        return {name for name in known if name in self.texts}

    def right(self, example: Example) -> set[str] | None:
        """The words of the passages that answer an example; None where nothing says which.

        Those of the documents that it names as its evidence, and of these the ones that hold the answer where any does.
        Without evidence those of all documents but its own that hold the answer, if it is short enough to be quoted.
        """
        values = values_of(example.target)
        if example.evidence:
            # Nobody retrieves his own answer.
            names = sorted(self.documents(example.evidence) - {example.id})
            named = [text for name in names for text in self.texts[name]]
            return {text for text in named if _stand_in(text, values)} or set(named)
        if not values or max(len(value.split()) for value in values) > MOST_WORDS:
            return None
        every = [text for text in self.whole if _stand_in(self.whole_text[text], values)]
        return {text for name in every for text in self.texts[name] if name != example.id and _stand_in(text, values)}

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """All documents by name."""
        return tuple(self.texts)

    @cached_property
    def whole_text(self) -> Mapping[str, str]:
        """All passages of each document in a row, to pass over most documents at once."""
        return {name: "".join(texts) for name, texts in self.texts.items()}


@lru_cache(maxsize=2)
def held(index: Path) -> Held:
    """The passages in an index's folder, which is never changed once it is done."""
    texts: dict[str, list[str]] = {}
    firsts: dict[str, str] = {}
    for record in read_jsonl(index / "passages.jsonl"):
        firsts.setdefault(record["document"], record["text"].partition("\n")[0].strip())
        texts.setdefault(record["document"], []).append(f" {plain(record['text'])} ")
    counts = Counter(firsts.values())
    meta = index / "meta.json"
    repeats = json.loads(meta.read_text(encoding="utf-8")).get("duplicates", {}) if meta.exists() else {}
    return Held(
        texts={name: tuple(own) for name, own in texts.items()},
        titles={line: name for name, line in firsts.items() if line and counts[line] == 1},
        duplicates=repeats,
    )


def look(example: Example, handed: Sequence[Passage], found: Held) -> Where:
    """What became of the right passages of an example, of which ``handed`` were put into the prompt."""
    right = found.right(example)
    if right is None:
        return "unknown"
    if not right:
        return "absent"
    documents = found.documents(example.evidence) if example.evidence else None
    values = values_of(example.target)
    told = any(_stand_in(text, values) for text in right)
    for passage in handed:
        words = f" {plain(passage.text)} "
        of_them = documents is None or passage.document in documents
        # What is handed over may be longer than a passage that was searched: the stretch around it, or all of it.
        if of_them and (_stand_in(words, values) if told else True):
            return "there"
    return "missed"


def seek(
    examples: Examples,
    retrieved: Mapping[str, Retrieved],
    index: Path,
    *,
    confirmed: Mapping[str, Sequence[str]] = MappingProxyType({}),
    lenient: Floats | None = None,
) -> Sought:
    """What became of the right passages of all examples: ``retrieved`` by example from the index in a folder.

    ``confirmed``: documents that people confirmed for examples which name none, () where they found none; ``lenient``:
    values by the lenient metric (runs, examples). Very many passages are not looked through: then nothing is known.
    """
    known = with_confirmed(examples, confirmed)
    nothing = {name for name, documents in confirmed.items() if not documents}
    if (index / "passages.jsonl").stat().st_size > MOST_BYTES:
        where: tuple[Where, ...] = tuple("unknown" for _ in examples)
    else:
        looked = _looked(index, tuple(known), tuple(retrieved[one.id] for one in examples))
        absent: Where = "absent"
        where = tuple(absent if one.id in nothing else place for one, place in zip(known, looked, strict=True))
    return Sought(
        where=where,
        by_answer=tuple(n for n, one in enumerate(known) if not one.evidence and one.id not in nothing),
        lenient=() if lenient is None else tuple(map(column, lenient)),
    )


@lru_cache(maxsize=32)
def _looked(index: Path, examples: tuple[Example, ...], retrieved: tuple[Retrieved, ...]) -> tuple[Where, ...]:
    found = held(index)
    return tuple(look(one, got.passages, found) for one, got in zip(examples, retrieved, strict=True))
