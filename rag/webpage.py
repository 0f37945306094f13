"""A web page becomes text: headings, lists and tables kept, what surrounds them left out. The only importer of bs4."""

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, NavigableString, Tag, XMLParsedAsHTMLWarning
from bs4.element import PreformattedString

from rag.encodings import read_page
from rag.markdown import heading, table
from rag.parsed import Parsed
from workbench.errors import DataError

MOST_BYTES = 64 * 2**20
"""A page takes several times its size while it is read."""
AROUND = frozenset("script style noscript template nav header footer aside form button svg iframe object".split())
"""What is no part of what a page says."""
BLOCKS = frozenset(
    "address article blockquote body center dd details dialog div dl dt fieldset figcaption figure hgroup hr html main "
    "menu ol p section summary ul table tbody thead tfoot tr td th caption li pre".split()
)
HEADING = re.compile(r"h([1-6])")
INDENT = "  "
ITEM = re.compile(r"[ ]*(?:-|\d+\.) ")


def parse_webpage(data: bytes, name: str) -> Parsed:
    """The text of a page as Markdown: its main part where it names one, else all but navigation, header and footer.

    Raises DataError where it is too large, no text, or says nothing.
    """
    if len(data) > MOST_BYTES:
        raise DataError(
            f"{name} has {len(data) // 2**20:,} MB; pages of more than {MOST_BYTES // 2**20} MB are not read.",
            "Split it into several pages, or save it as text.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(read_page(data, name), "lxml")
    title = " ".join(soup.title.get_text().split()) if soup.title is not None else ""
    for one in soup.find_all(_is_around):
        one.extract()
    main = soup.find_all("main") or soup.find_all(attrs={"role": "main"})
    roots = [one for one in main if one.get_text(strip=True)] or [soup.body or soup]
    try:
        text = "\n\n".join(filter(None, ("\n\n".join(_blocks(root)) for root in roots)))
    except RecursionError:
        raise DataError(f"{name} is nested too deeply.", "Save it as text.") from None
    if not text:
        raise DataError(f"{name} has no text.", "Save the page with its content: what scripts would load is not there.")
    return Parsed(text=text, title=title)


def _is_around(tag: Tag) -> bool:
    if tag.name in AROUND:
        # The header of an article is where its title stands.
        return not (tag.name == "header" and tag.find(HEADING) and tag.find_parent(("main", "article")))
    style = str(tag.get("style", "")).replace(" ", "")
    hidden = tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or "display:none" in style
    return hidden or tag.get("role") in ("navigation", "banner", "contentinfo")


def _blocks(node: Tag, *, depth: int = 0) -> Iterator[str]:
    """The blocks of a part of the page in order; text that stands between blocks is one, too."""
    waiting: list[str] = []
    for child in node.children:
        if isinstance(child, NavigableString):
            if not isinstance(child, PreformattedString):
                waiting.append(str(child))
        elif isinstance(child, Tag):
            if child.name == "br":
                waiting.append("\v")
            elif _is_inline(child):
                waiting.append(_inline(child))
            else:
                yield from _joined(waiting)
                waiting = []
                yield from _block(child, depth=depth)
    yield from _joined(waiting)


def _is_inline(tag: Tag) -> bool:
    return not _is_block(tag) and tag.find(_is_block) is None


def _is_block(tag: Tag) -> bool:
    return tag.name in BLOCKS or HEADING.fullmatch(tag.name) is not None


def _joined(parts: list[str]) -> Iterator[str]:
    """Text with its spaces collapsed, but for the line breaks that were asked for."""
    lines = [" ".join(line.split(" ")).strip() for line in _collapsed("".join(parts)).split("\v")]
    text = "\n".join(filter(None, lines))
    if text:
        yield text


def _collapsed(text: str) -> str:
    return re.sub(r"[^\S\v]+", " ", text)


def _inline(tag: Tag) -> str:
    for one in tag.find_all("br"):
        one.replace_with("\v")
    return tag.get_text()


def _block(tag: Tag, *, depth: int) -> Iterator[str]:
    level = HEADING.fullmatch(tag.name)
    if level:
        text = " ".join(tag.get_text(" ").split())
        if text:
            yield heading(int(level[1]), text)
    elif tag.name == "pre":
        code = tag.get_text().strip("\n")
        if code.strip():
            yield f"```\n{code}\n```"
    elif tag.name == "table" and tag.find("table") is None:
        rows = [[cell.get_text(" ") for cell in row.find_all(("td", "th"))] for row in tag.find_all("tr")]
        caption = tag.find("caption")
        yield from filter(None, (caption.get_text(" ", strip=True) if caption is not None else "", _rows(rows)))
    elif tag.name in ("ul", "ol", "menu"):
        yield from _list(tag, depth=depth)
    else:
        yield from _blocks(tag, depth=depth)


def _rows(rows: list[list[str]]) -> str:
    """A table; one of a single column only arranges what stands in it."""
    if max((len(row) for row in rows), default=0) > 1:
        return table(rows)
    return "\n\n".join(" ".join(cell.split()) for row in rows for cell in row if cell.strip())


def _list(tag: Tag, *, depth: int) -> Iterator[str]:
    """The items of a list as one block, those of lists within it indented."""
    lines: list[str] = []
    for number, item in enumerate(tag.find_all("li", recursive=False), start=1):
        mark = f"{INDENT * depth}{f'{number}.' if tag.name == 'ol' else '-'} "
        first, *rest = list(_blocks(item, depth=depth + 1)) or [""]
        if first:
            lines += [first if ITEM.match(first) else mark + first, *rest]
    if lines:
        yield "\n".join(lines)
