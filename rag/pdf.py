"""A PDF becomes text page by page, without what repeats on every page. The only importer of pypdf."""

import io
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import Destination

from rag.markdown import heading
from rag.parsed import Parsed
from workbench.errors import DataError
from workbench.table import listed

# What pypdf says of files that are a little wrong is nothing a user can act upon.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

EDGE = 3
"""Lines at the top and at the bottom of a page among which a running header or footer is looked for."""
REPEATED_SHARE, REPEATED_LEAST = 0.6, 3
"""A line at the edge of so many of the pages, and of no fewer than this, is a running header or footer."""
NUMBER = re.compile(r"\d{1,5}")
HYPHEN = re.compile(r"(\w*[^\W\d_])[-\u00ad\u2010]\n[ \t]*([^\W\d_]\w*)")
"""A word that goes on in the next line."""
ENDED = tuple('.!?:;…。！？"”»)]')


def parse_pdf(data: bytes, name: str, *, extract: Callable[[], Sequence[str]] | None = None) -> Parsed:
    """The text of a PDF, its pages and its bookmarks as headings.

    ``extract`` gives the texts of its pages, where that is not to be pypdf. Raises DataError where it needs a
    password, is damaged, or has no text because its pages are pictures.
    """
    try:
        reader = opened(data, name)
        pages = [page.extract_text() for page in reader.pages] if extract is None else extract()
        pictures = [not text.strip() and _has_pictures(page) for text, page in zip(pages, reader.pages, strict=True)]
        marks = dict(_bookmarks(reader, reader.outline, level=1))
        title = " ".join(str(reader.metadata.title or "").split()) if reader.metadata is not None else ""
    # A damaged file shows in whichever part of the library meets it first, as any kind of exception.
    except (MemoryError, DataError):
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()[0].rstrip(".") if isinstance(error, PyPdfError) and str(error) else ""
        raise DataError(
            f"{name} cannot be read as a PDF: {reason or type(error).__name__}.", "Save or print it to PDF again."
        ) from None
    return assembled(pages, name, pictures=pictures, marks=marks, title=title)


def opened(data: bytes, name: str) -> PdfReader:
    """A reader of a PDF that needs no password.

    Raises DataError where it does, and what pypdf raises where it is damaged.
    """
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        try:
            allowed = bool(reader.decrypt(""))
        except DependencyError:
            allowed = False
        if not allowed:
            raise DataError(f"{name} is encrypted.", "Save a copy without the password.")
    return reader


def single_pages(data: bytes, name: str) -> Iterator[bytes]:
    """Each page of a PDF as a PDF of its own.

    Raises as ``opened`` does.
    """
    reader = opened(data, name)
    for page in reader.pages:
        writer, out = PdfWriter(), io.BytesIO()
        writer.add_page(page)
        writer.write(out)
        yield out.getvalue()


def assembled(
    pages: Sequence[str],
    name: str,
    *,
    pictures: Sequence[bool] = (),
    marks: Mapping[tuple[int, str], int] | None = None,
    title: str = "",
) -> Parsed:
    """The texts of pages as one, with where each begins.

    ``pictures`` says which pages hold pictures and no text; ``marks`` are the levels of headings by page, from 0, and
    text. Raises DataError where no page has text.
    """
    if not any(page.strip() for page in pages):
        raise DataError(f"{name} {_no_text(sum(pictures), len(pages))}.", "Make its text readable with an OCR program.")
    cleaned = [_with_headings(page, n, marks or {}) for n, page in enumerate(without_repeats(pages))]
    parts: list[str] = []
    starts: list[int] = []
    length, before = 0, ""
    for body in map(str.strip, cleaned):
        # A sentence may go on from one page to the next.
        gap = "" if not before or not body else "\n\n" if before.endswith(ENDED) or body.startswith("#") else "\n"
        starts.append(length + len(gap))
        parts += (gap, body)
        length += len(gap) + len(body)
        before = body or before
    text, places = unhyphenated("".join(parts), starts)
    lacking = [n for n, picture in enumerate(pictures, start=1) if picture]
    gaps = ((f"page {listed(lacking)}", "has no text, it is a picture; run OCR first"),) if lacking else ()
    return Parsed(text=text, title=title, pages=tuple(places), gaps=gaps)


def _no_text(pictures: int, pages: int) -> str:
    if not pages:
        return "has no pages"
    if not pictures:
        return "has no text"
    which = "its page is a picture" if pages == 1 else f"{pictures:,} pages are pictures"
    return f"has no text: {which}; run OCR first"


def _has_pictures(page: Any, *, within: int = 3) -> bool:
    """Whether a page, or a form upon it, holds pictures."""
    objects = (page.get("/Resources") or {}).get("/XObject") or {}
    for one in (objects[key].get_object() for key in objects):
        if one.get("/Subtype") == "/Image" or (within and _has_pictures(one, within=within - 1)):
            return True
    return False


def _bookmarks(reader: PdfReader, outline: Any, *, level: int) -> Iterator[tuple[tuple[int, str], int]]:
    """Page and text of each bookmark, with its level."""
    for item in outline:
        if isinstance(item, Destination):
            page = reader.get_destination_page_number(item)
            if page is not None:
                yield (page, _plain(str(item.title or ""))), level
        else:
            yield from _bookmarks(reader, item, level=level + 1)


def _with_headings(page: str, number: int, marks: Mapping[tuple[int, str], int]) -> str:
    """A page's text with those lines as headings that are its bookmarks, too."""
    if not any(where == number for where, _ in marks):
        return page
    lines = []
    for line in page.split("\n"):
        level = marks.get((number, _plain(line)))
        lines.append(line if level is None or not line.strip() else f"\n{heading(level, line)}\n")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def without_repeats(pages: Sequence[str]) -> list[str]:
    """Pages without the lines that run along the top or bottom of most of them, page numbers among them."""
    split = [[line for line in page.split("\n") if line.strip()] for page in pages]
    top: Counter[str] = Counter()
    bottom: Counter[str] = Counter()
    for number, lines in enumerate(split):
        top.update({key for line in lines[:EDGE] for key in _keys(line, number)})
        bottom.update({key for line in lines[-EDGE:] for key in _keys(line, number)})
    least = max(REPEATED_LEAST, REPEATED_SHARE * sum(map(bool, split)))
    found = []
    for number, (page, lines) in enumerate(zip(pages, split, strict=True)):
        first = _running([any(top[key] >= least for key in _keys(line, number)) for line in lines[:EDGE]])
        below = reversed(lines[first:][-EDGE:])
        last = _running([any(bottom[key] >= least for key in _keys(line, number)) for line in below])
        found.append(_without(page, first, last))
    return found


def _keys(line: str, page: int) -> Iterator[str]:
    """A line as it is, and with each number in it told by how far it is from the page's own: page numbers go along."""
    flat = " ".join(line.split())
    yield flat
    for match in NUMBER.finditer(flat):
        yield f"{flat[: match.start()]}<{int(match[0]) - page}>{flat[match.end() :]}"


def _running(repeated: Sequence[bool]) -> int:
    """How many lines from the edge of a page on are repeated."""
    return repeated.index(False) if False in repeated else len(repeated)


def _without(page: str, first: int, last: int) -> str:
    """A page without so many of its first and last lines that are not blank."""
    kept = page.split("\n")
    filled = [n for n, line in enumerate(kept) if line.strip()]
    begin = filled[first - 1] + 1 if first else 0
    end = filled[len(filled) - last] if last else len(kept)
    return "\n".join(kept[begin:end])


def unhyphenated(text: str, starts: Sequence[int]) -> tuple[str, list[int]]:
    """A text whose words are whole again where a line ended within them, and where its pages begin then.

    The hyphen stays where the word is written with one elsewhere, before a capital letter, and after a number.
    """
    known = Counter(re.findall(r"\w+(?:-\w+)*", text))
    parts: list[str] = []
    done = 0
    places = list(starts)
    shift, page = 0, 0
    for match in HYPHEN.finditer(text):
        head, tail = match[1], match[2]
        keeps = tail[0].isupper() or (known[f"{head}-{tail}"] and not known[head + tail])
        joined = f"{head}-{tail}" if keeps else head + tail
        while page < len(places) and starts[page] <= match.start():
            places[page] += shift
            page += 1
        # A page that begins within the word begins after it.
        while page < len(places) and starts[page] < match.end():
            places[page] = match.start() + shift + len(joined)
            page += 1
        parts += (text[done : match.start()], joined)
        shift += len(joined) - (match.end() - match.start())
        done = match.end()
    places[page:] = [place + shift for place in places[page:]]
    return "".join([*parts, text[done:]]), places
