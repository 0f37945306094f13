"""Web pages: what they say, in the form that passages are cut by, and nothing that surrounds it."""

import pytest

from rag.chunking import cut
from rag.document import Document
from rag.spans import Chunking
from rag.webpage import parse_webpage
from workbench.errors import DataError

PAGE = """<!doctype html><html><head><title>Shop -
 Hours</title><style>x{}</style></head><body>
<nav><a href=/>Home</a></nav><header>Banner</header>
<div><h1>Opening <em>hours</em></h1><p>Monday   to<br>Friday: <b>nine</b> to five.</p> loose text <span>in span</span>
<ul><li>One</li><li>Two <b>x</b><ul><li>Two a</li><li>Two b</li></ul></li><li><p>Three</p><p>more</p></li></ul>
<ol><li>First</li><li>Second</li></ol>
<table><caption>Prices</caption><tr><th>Item</th><th>Price|x</th></tr><tr><td>Lamp</td><td>49</td></tr></table>
<pre>code
  line</pre><!-- remark --><script>alert(1)</script><p style="display: none">hidden</p><p hidden>too</p>
<h3></h3><a href=x><div>block in link</div></a></div><footer>imprint</footer></body></html>"""


def test_headings_lists_and_tables_stay_and_the_rest_goes() -> None:
    found = parse_webpage(PAGE.encode(), "a.html")
    assert found.title == "Shop - Hours"
    assert found.text == (
        "# Opening hours\n\nMonday to\nFriday: nine to five.\n\nloose text in span\n\n"
        "- One\n- Two x\n  - Two a\n  - Two b\n- Three\nmore\n\n1. First\n2. Second\n\nPrices\n\n"
        "| Item | Price\\|x |\n| --- | --- |\n| Lamp | 49 |\n\n```\ncode\n  line\n```\n\nblock in link"
    )


def test_the_main_part_is_taken_where_a_page_names_one_with_the_header_of_its_article() -> None:
    page = (
        "<div>Around</div><main><article><header><h1>Title</h1></header><p>Text.</p></article></main><div>Around</div>"
    )
    assert parse_webpage(page.encode(), "a.html").text == "# Title\n\nText."
    empty = "<main></main><p>All there is.</p>"
    assert parse_webpage(empty.encode(), "a.html").text == "All there is."


def test_tables_that_only_arrange_are_read_as_text() -> None:
    page = "<table><tr><td><p>One.</p><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>"
    assert parse_webpage(page.encode(), "a.html").text == "One.\n\n| a | b |\n| --- | --- |"
    assert parse_webpage(b"<table><tr><td>One.</td></tr><tr><td>Two.</td></tr></table>", "a").text == "One.\n\nTwo."


def test_passages_stand_under_the_headings_of_the_page() -> None:
    page = "<h1>Shop</h1><h2>Hours</h2><p>Monday nine to five.</p><h2>Returns</h2><p>Thirty days with receipt.</p>"
    found = parse_webpage(page.encode(), "a.html")
    chunks = cut(Document("a", found.text), Chunking(8), count_tokens=lambda text: len(text.split()))
    assert [chunk.heading for chunk in chunks] == ["Shop > Hours", "Shop > Returns"]


def test_pages_that_cannot_be_read_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="has no text"):
        parse_webpage(b"<nav>Home</nav><script>render()</script>", "a.html")
    with pytest.raises(DataError, match="nested too deeply"):
        parse_webpage(b"<div>" * 5000 + b"x", "a.html")
    monkeypatch.setattr("rag.webpage.MOST_BYTES", 10)
    with pytest.raises(DataError, match="are not read"):
        parse_webpage(b"<p>0123456789", "a.html")
