"""A document becomes passages with stable ids: cut at headings and sentences, or into equal lengths.

Nothing here knows of embedders: how long texts are says a ``Ruler``, which the caller brings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.document import Document
from rag.knife import Knife
from rag.sentences import Section, sections
from rag.spans import Chunking, CountTokens, Ruler, Span


@dataclass(frozen=True)
class Chunk:
    """A passage as it is indexed: its text, and where it was cut from."""

    id: str
    """The document's id, ``#``, and the position in the document from 1; for a parent ``#p`` in place of ``#``."""
    document: str
    text: str
    page: int | None = None
    """The page that it begins on; None where the document has no pages."""
    heading: str = ""
    """The headings that it begins under, the outermost first, with `` > `` between."""
    parent: str = ""
    """The longer stretch that it was cut out of, where there are such."""


@dataclass(frozen=True)
class Cut:
    """How a document is cut: its passages, and the longer stretches that they lie in."""

    passages: tuple[Span, ...]
    parents: tuple[Span, ...] = ()


def cut(document: Document, chunking: Chunking, *, count_tokens: CountTokens) -> list[Chunk]:
    """The passages of a document: each a stretch of its text, beneath the headings that it stands under.

    A document within the budget is one passage. A longer one is cut at headings, then between sentences
    (before a new paragraph where that leaves at least half a passage); a sentence longer than the budget is
    cut between words, and a word longer than that between characters. Passages of fixed length are cut between
    words alone. The passages depend on this document alone, every word of it is in one of them, and none is longer
    than the budget.
    """
    return passages_of(document, cut_spans(document, chunking, ruler=Ruler.of(count_tokens)))


def cut_with_parents(
    document: Document, chunking: Chunking, *, count_tokens: CountTokens
) -> tuple[list[Chunk], list[Chunk]]:
    """The longer stretches of a document, and the passages that lie in them, each with the id of its own."""
    found = cut_spans(document, chunking, ruler=Ruler.of(count_tokens))
    return parents_of(document, found), passages_of(document, found)


def passages_of(document: Document, found: Cut) -> list[Chunk]:
    """The passages of a document that was cut."""
    whole = document.whole
    return [_chunk(document, whole, span, f"#{n}") for n, span in enumerate(found.passages, start=1)]


def parents_of(document: Document, found: Cut) -> list[Chunk]:
    """The longer stretches of a document that was cut; none where it was cut without."""
    whole = document.whole
    return [_chunk(document, whole, span, f"#p{n}") for n, span in enumerate(found.parents, start=1)]


def _chunk(document: Document, whole: str, span: Span, place: str) -> Chunk:
    body = whole[span.start : span.end]
    return Chunk(
        id=f"{document.id}{place}",
        document=document.id,
        text=f"{span.prefix}\n{body}" if span.prefix else body,
        page=document.page(span.start - (len(whole) - len(document.text))),
        heading=span.heading,
        parent=f"{document.id}#p{span.parent}" if span.parent else "",
    )


def cut_spans(document: Document, chunking: Chunking, *, ruler: Ruler) -> Cut:
    """Where ``cut`` and ``cut_with_parents`` cut a document."""
    text = document.whole
    found = list(sections(text, document.title, body=len(text) - len(document.text)))
    if chunking.of_parents is None:
        return Cut(tuple(_spans(text, found, Knife(text, chunking, ruler))))
    parents = tuple(_spans(text, found, Knife(text, chunking.of_parents, ruler)))
    knife = Knife(text, chunking, ruler)
    passages: list[Span] = []
    for number, parent in enumerate(parents, start=1):
        inner = [part for one in found if (part := one.within(parent.start, parent.end)) is not None]
        passages += (
            Span(one.start, one.end, one.prefix, one.heading, number)
            for one in _spans(text, inner, knife, start=parent.start, end=parent.end)
        )
    return Cut(tuple(passages), parents)


def _spans(
    text: str, found: Sequence[Section], knife: Knife, *, start: int = 0, end: int | None = None
) -> Iterator[Span]:
    """The passages of some sections that lie side by side from ``start`` to ``end``; one, where it has room for all."""
    end = len(text) if end is None else end
    if knife.has_room(start, end):
        yield Span(start, end, "", found[0].heading)
    elif knife.chunking.kind == "fixed":
        yield from knife.lengths(found, start, end)
    else:
        for section in found:
            yield from knife.passages(section)
