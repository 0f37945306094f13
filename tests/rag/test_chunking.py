"""Passages: nothing is lost, nothing is too long, nothing depends on other documents."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from rag.chunking import cut, cut_spans, cut_with_parents
from rag.document import Document
from rag.spans import Chunking, CountTokens, Ruler
from workbench.errors import ConfigError


def words(text: str) -> int:
    return len(text.split())


def pieces(text: str) -> int:
    """Like a subword tokenizer: words and marks, long words in parts of four letters."""
    return sum(-(-len(word) // 4) for word in re.findall(r"\w+|[^\w\s]", text))


def characters(text: str) -> int:
    """Spaces count, too: a whole has more tokens than its sentences."""
    return -(-len(text) // 3)


def texts(text: str, tokens: int, overlap: int = 0, *, title: str = "", count: CountTokens = words) -> list[str]:
    return [c.text for c in cut(Document("d", text, title), Chunking(tokens, overlap), count_tokens=count)]


def random_text(rng: np.random.Generator) -> str:
    """Headings, paragraphs, lists, code, overlong sentences and overlong words in any order; every word is unique."""
    number = iter(range(10**6))

    def sentence() -> str:
        length = int(rng.choice([1, 3, 8, 15, 60]))
        some = " ".join(f"w{next(number)}{'x' * int(rng.choice([0, 0, 2, 9]))}" for _ in range(length))
        return some.capitalize() + str(rng.choice([".", "!", "?", "", "…", '."']))

    blocks = []
    for _ in range(int(rng.integers(1, 12))):
        kind = rng.choice(["heading", "paragraph", "list", "code", "word"], p=[0.3, 0.4, 0.1, 0.1, 0.1])
        if kind == "heading":
            blocks.append(f"{'#' * int(rng.integers(1, 4))} Head{next(number)} w{next(number)}")
        elif kind == "list":
            blocks.append("\n".join(f"- {sentence()}" for _ in range(4)))
        elif kind == "code":
            blocks.append(f"```\n# {sentence()}\n{sentence()}\n```")
        elif kind == "word":
            blocks.append("y" * 150)
        else:
            blocks.append(" ".join(sentence() for _ in range(int(rng.integers(1, 9)))))
    return str(rng.choice(["\n", "\n\n", "\n \n\n"])).join(blocks)


@pytest.mark.parametrize("count", [words, pieces, characters])
@pytest.mark.parametrize("overlap", [0, 7])
def test_no_word_is_lost_and_no_passage_is_too_long(count: CountTokens, overlap: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        text, tokens = random_text(rng), int(rng.integers(16, 60))
        passages = texts(text, tokens, overlap, title="The title", count=count)
        assert all(passages)
        assert max(map(count, passages)) <= tokens
        together = "".join("".join(passages).split())
        for word in re.findall(r"w\d+x*", f"The title {text}"):
            assert word in together
        assert together.count("y") >= text.count("y")
        assert "The title" in passages[0]


def test_without_overlap_every_word_is_there_once() -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        text = re.sub(r"^#+ .*$", "", random_text(rng), flags=re.MULTILINE)
        assert Counter(" ".join(texts(text, 20)).split()) == Counter(text.split())


def test_a_document_within_the_budget_is_one_passage() -> None:
    text = "# Lamp\n\nIt costs 49 crowns.\n\n## Colour\n\nBlue."
    assert texts(text, 16) == [text]
    assert texts("It costs 49 crowns.", 16, title="Lamp") == ["Lamp\n\nIt costs 49 crowns."]
    assert texts("The lamp costs 49 crowns.", 16, title="lamp") == ["The lamp costs 49 crowns."]


def test_passages_end_with_sentences_and_repeat_whole_ones() -> None:
    text = "One two three four. Five six seven. Eight nine ten eleven twelve. Done now."
    assert texts(text, 8) == ["One two three four. Five six seven.", "Eight nine ten eleven twelve. Done now."]
    assert texts(text, 8, 3) == [
        "One two three four. Five six seven.",
        "Five six seven. Eight nine ten eleven twelve.",
        "Done now.",
    ]


def test_sentences_are_not_cut_at_abbreviations_and_numbers() -> None:
    text = (
        "Dr. J. Smith paid 3.50 crowns, e.g. for tea. He left (at last!) at 5 p.m. on Sunday. Why? 東京です。大阪です。"
    )
    assert texts(text, 3)[0] == "Dr. J. Smith"
    assert texts(text, 9) == [
        "Dr. J. Smith paid 3.50 crowns, e.g. for tea.",
        "He left (at last!) at 5 p.m. on Sunday.",
        "Why? 東京です。大阪です。",
    ]


def test_headings_go_with_their_text_and_above_what_follows() -> None:
    text = (
        "# Shop\n\n## Hours\n\nMonday nine to five. Closed on every Sunday of the year.\n\n"
        "### Summer\n\nAlways open.\n\n## Returns\n\nThirty days with a receipt, as the law says it must be."
    )
    assert texts(text, 12) == [
        "# Shop\n\n## Hours\n\nMonday nine to five.",
        "Shop > Hours\nClosed on every Sunday of the year.",
        "Shop > Hours\n### Summer\n\nAlways open.",
        "Shop\n## Returns\n\nThirty days with a receipt, as the law says",
        "Shop > Returns\nit must be.",
    ]


def test_a_heading_is_not_repeated_as_overlap() -> None:
    text = "# Shop\n## Hours\nMonday. Nine to five. Closed on every Sunday of the whole year."
    assert texts(text, 14, 6) == [
        "# Shop\n## Hours\nMonday. Nine to five.",
        "Shop > Hours\nNine to five. Closed on every Sunday of the whole year.",
    ]


def test_a_comment_in_code_is_no_heading() -> None:
    text = "# Use\n\nRun this one.\n\n```\n# not a heading\nmake demo\n```\n\nThen read on and on."
    assert not [
        passage for passage in texts(text, 8) if " > not a heading" in passage or "not a heading\nThen" in passage
    ]


def test_a_new_passage_begins_with_a_paragraph_where_that_is_cheap() -> None:
    text = "One two three four five.\n\nSix seven eight. Nine ten eleven twelve. Thirteen."
    assert texts(text, 9) == ["One two three four five.", "Six seven eight. Nine ten eleven twelve. Thirteen."]


def test_ids_are_the_document_and_the_position() -> None:
    chunks = cut(Document("faq/a.md", "One two. " * 30), Chunking(20), count_tokens=words)
    assert [chunk.id for chunk in chunks] == ["faq/a.md#1", "faq/a.md#2", "faq/a.md#3"]
    assert {chunk.document for chunk in chunks} == {"faq/a.md"}


def test_an_overlap_that_leaves_no_room_is_refused() -> None:
    for tokens, overlap in [(32, 32), (32, 40), (32, -1)]:
        with pytest.raises(ConfigError, match="chunk_overlap"):
            Chunking(tokens, overlap)


@pytest.mark.parametrize(
    "text",
    ["." * 200_000, "# " * 100_000, "\n# " + "x " * 100_000, " \n" * 100_000 + "x", "a. " * 60_000, "|\n" * 100_000],
)
def test_odd_texts_take_no_time(text: str) -> None:
    assert max(map(words, texts(f"Begin. {text}", 64, 16))) <= 64


def test_a_passage_names_the_headings_that_it_begins_under() -> None:
    text = (
        "Read this.\n\n# Shop\n\n## Hours\n\nMonday nine to five. Closed on every Sunday of the year.\n\n"
        "## Returns\n\nThirty days."
    )
    for kind, expected in (
        ("sections", ["Doc", "Doc > Shop > Hours", "Doc > Shop > Hours", "Doc > Shop > Returns"]),
        ("fixed", ["Doc", "Doc > Shop > Hours"]),
    ):
        chunks = cut(Document("d", text, "Doc"), Chunking(12, kind=kind), count_tokens=words)  # type: ignore[arg-type]
        assert [chunk.heading for chunk in chunks] == expected, kind
    (short,) = cut(Document("d", "# Lamp\n\nBlue.\n\n## Price\n\nNine."), Chunking(50), count_tokens=words)
    assert short.heading == "Lamp"
    (bare,) = cut(Document("d", "Blue."), Chunking(50), count_tokens=words)
    assert bare.heading == ""


def test_a_passage_names_the_page_that_it_begins_on() -> None:
    pages = [" ".join(f"p{page}w{n}" for n in range(30)) + "." for page in range(1, 5)]
    text = "\n\n".join(pages)
    places = tuple(text.index(page) for page in pages)
    for title in ("", "The title"):
        for kind in ("sections", "fixed"):
            chunking = Chunking(21, 5, kind=kind)  # type: ignore[arg-type]
            chunks = cut(Document("d", text, title, places), chunking, count_tokens=words)
            for chunk in chunks:
                first = re.search(r"p(\d)w", chunk.text)
                assert first is not None
                assert chunk.page == int(first[1])
            assert {chunk.page for chunk in chunks} == {1, 2, 3, 4}
    assert cut(Document("d", text), Chunking(20), count_tokens=words)[0].page is None
    empty_first = Document("d", text, pages=(0, *places))
    assert cut(empty_first, Chunking(20), count_tokens=words)[0].page == 2, "the first page is empty"


def test_passages_of_fixed_length_are_as_long_as_may_be() -> None:
    text = "# Shop\n\nOne two three. Four five six seven.\n\n# End\n\nEight nine ten."
    fixed = Chunking(5, 2, kind="fixed")
    found = [chunk.text for chunk in cut(Document("d", text), fixed, count_tokens=words)]
    assert [" ".join(passage.split()) for passage in found] == [
        "# Shop One two three.",
        "two three. Four five six",
        "five six seven. # End",
        "# End Eight nine ten.",
    ]
    rng = np.random.default_rng(3)
    for count in (words, pieces, characters):
        for _ in range(8):
            text = random_text(rng)
            passages = cut(Document("d", text), Chunking(24, kind="fixed"), count_tokens=count)
            assert max(count(passage.text) for passage in passages) <= 24
            assert "".join("".join(p.text for p in passages).split()) == "".join(text.split())


def test_every_passage_lies_in_its_parent() -> None:
    rng = np.random.default_rng(4)
    for kind in ("sections", "fixed"):
        for _ in range(10):
            document = Document("d", random_text(rng), "The title", (0, 40))
            chunking = Chunking(20, 4, kind=kind, parent_tokens=80)  # type: ignore[arg-type]
            parents, passages = cut_with_parents(document, chunking, count_tokens=pieces)
            assert parents == [
                replace(parent, parent="")
                for parent in cut(document, Chunking(80, kind=kind), count_tokens=pieces)  # type: ignore[arg-type]
                for parent in [replace(parent, id=parent.id.replace("#", "#p"))]
            ]
            own = {parent.id: "".join(parent.text.split()) for parent in parents}
            assert list(dict.fromkeys(passage.parent for passage in passages)) == list(own)
            for passage in passages:
                assert pieces(passage.text) <= 20
                body = passage.text if passage.text in document.whole else passage.text.partition("\n")[2]
                assert "".join(body.split()) in own[passage.parent]
    assert cut_with_parents(Document("d", "Short."), Chunking(20), count_tokens=words)[0] == []
    with pytest.raises(ConfigError, match="parent_tokens"):
        Chunking(64, parent_tokens=64)


def test_counts_that_add_up_cut_alike() -> None:
    rng = np.random.default_rng(5)
    for kind in ("sections", "fixed"):
        for _ in range(10):
            document, chunking = Document("d", random_text(rng)), Chunking(30, 8, kind=kind)  # type: ignore[arg-type]
            adding = Ruler(lambda texts: [pieces(text) for text in texts], adds_up=True)
            assert cut_spans(document, chunking, ruler=adding) == cut_spans(document, chunking, ruler=Ruler.of(pieces))
