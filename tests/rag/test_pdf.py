"""PDFs: page by page, without running headers and hyphens at line ends; and what cannot be read."""

import pytest

from rag.chunking import cut
from rag.document import Document
from rag.pdf import parse_pdf, unhyphenated, without_repeats
from rag.spans import Chunking
from tests.rag.files import pdf, rewritten
from workbench.errors import DataError


def test_pages_are_read_in_order_and_their_places_kept() -> None:
    data = pdf([["The lamp costs nine crowns."], [], ["The café is (always) open."]], title="Price list")
    found = parse_pdf(data, "a.pdf")
    assert found.title == "Price list"
    assert found.text == "The lamp costs nine crowns.\n\nThe café is (always) open."
    document = Document("a", found.text, pages=found.pages)
    assert [document.page(found.text.index(word)) for word in ("lamp", "open")] == [1, 3]
    assert found.gaps == ()


def test_passages_of_a_pdf_name_the_page_they_begin_on() -> None:
    things = (("lamp", "chair", "desk"), ("oak", "steel", "bread"), ("ferry", "bridge", "shop"), ("a", "b", "c"))
    pages = [[f"Page {n} says {word} and more." for word in words] for n, words in enumerate(things, start=1)]
    found = parse_pdf(pdf(pages), "a.pdf")
    chunks = cut(
        Document("a", found.text, pages=found.pages), Chunking(14), count_tokens=lambda text: len(text.split())
    )
    assert len(chunks) > 4
    for chunk in chunks:
        assert chunk.text.startswith(f"Page {chunk.page} ")


def test_what_runs_along_every_page_is_left_out() -> None:
    bodies = [f"{word}\n\nPrices\n{7 * n * n} 9 12" for n, word in enumerate(("lamp", "chair", "desk", "oak"))]
    pages = [f"The Shop Ltd. 2026\n\n{body}\n  \nPage {n} of 9" for n, body in enumerate(bodies, start=3)]
    assert [page.strip() for page in without_repeats(pages)] == bodies
    assert without_repeats([*pages, ""])[-1] == ""
    assert without_repeats(pages[:2]) == pages[:2], "too few pages to tell"
    figures = [f"{3 * n} {7 * n * n}\nnine {n}" for n in range(5)]
    assert without_repeats(figures) == [f"{3 * n} {7 * n * n}" for n in range(5)], "only what goes along with the pages"


def test_words_are_whole_again_and_pages_begin_where_they_did() -> None:
    text = "The har-\nbour is well-\nknown. A well-known place, North-\nSouth. Twenty-\ntwo ferries, 3-\n4 boats."
    assert unhyphenated(text, [])[0] == (
        "The harbour is well-known. A well-known place, North-South. Twentytwo ferries, 3-\n4 boats."
    )
    first, second = "It is a har-", "bour of ships. And more ex-\nample."
    whole, places = unhyphenated(f"{first}\n{second}\nlast", [0, len(first) + 1, len(first) + len(second) + 2])
    assert whole == "It is a harbour of ships. And more example.\nlast"
    assert [whole[place:][:4] for place in places] == ["It i", " of ", "last"]


def test_bookmarks_are_headings() -> None:
    data = rewritten(pdf([["Hours", "Nine to five."], ["Returns", "Thirty days."]]), marks={"Hours": 0, "Returns": 1})
    found = parse_pdf(data, "a.pdf")
    assert found.text == "# Hours\n\nNine to five.\n\n# Returns\n\nThirty days."
    assert found.text[found.pages[1] :].startswith("# Returns")


def test_a_scan_says_that_its_pages_are_pictures() -> None:
    with pytest.raises(DataError, match="has no text: 12 pages are pictures; run OCR first"):
        parse_pdf(pdf([None] * 12), "a.pdf")
    with pytest.raises(DataError, match="its page is a picture"):
        parse_pdf(pdf([None]), "a.pdf")
    with pytest.raises(DataError, match=r"a\.pdf has no text\."):
        parse_pdf(pdf([[], []]), "a.pdf")
    found = parse_pdf(pdf([["Text."], None, None]), "a.pdf")
    assert found.text == "Text."
    assert found.gaps == (("page 2, 3", "has no text, it is a picture; run OCR first"),)


def test_passwords_and_damage_are_refused() -> None:
    data = pdf([["Secret."]])
    with pytest.raises(DataError, match="is encrypted"):
        parse_pdf(rewritten(data, password="secret"), "a.pdf")
    assert parse_pdf(rewritten(data, password=""), "a.pdf").text == "Secret.", "whoever opens it may read it"
    for broken in (b"%PDF-1.7", data[:200], b"no pdf at all"):
        with pytest.raises(DataError, match="cannot be read as a PDF"):
            parse_pdf(broken, "a.pdf")
