"""Which kinds of files documents come in."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from workbench.errors import DataError

READING = 1
"""Raised by one whenever the code that parses files changes what comes out of it."""
PLAIN_SUFFIXES = (".txt", ".md", ".csv", ".jsonl")
"""Kinds that are read as they are; what comes out of all others hangs on what parses them."""
DOCUMENT_SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx", ".csv", ".jsonl", ".zip")
LAYOUT_SUFFIXES = (".pptx", ".xlsx")
"""Kinds that are read where the optional packages for layout are installed."""
LAYOUT_PACKAGE = "markitdown"
"""What reads those, and the tables of .pdf files."""
LAYOUT_EXTRA = "pip install 'llm-workbench[layout]'"

KINDS = ".txt, .md, .html, .pdf, .docx, .csv and .jsonl files, and .zip files of those"
"""The kinds in words; a .csv or .jsonl file needs a column with text."""


def layout_version() -> str | None:
    """The version of the package that reads layout and tables; None where it is not installed."""
    try:
        return version(LAYOUT_PACKAGE)
    except PackageNotFoundError:
        return None


def readable_suffixes() -> tuple[str, ...]:
    """The endings of all files that can be read here."""
    return DOCUMENT_SUFFIXES + (LAYOUT_SUFFIXES if layout_version() else ())


def is_readable(name: str) -> bool:
    """Whether a file of this name is of a kind that can be read here."""
    return Path(name).suffix.lower() in readable_suffixes()


def not_readable(name: str) -> DataError:
    """What to say of a file that is of no such kind."""
    if Path(name).suffix.lower() in LAYOUT_SUFFIXES:
        return DataError(f"{name!r} needs an optional package to be read.", f"{LAYOUT_EXTRA}, or save it as PDF.")
    return DataError(f"{name!r} is not a document that can be read.", f"Use {KINDS}.")


def reading_of(folder: Path) -> str:
    """What decides, beside the files of a folder, what is read in it; empty where nothing does."""
    suffixes = {path.suffix.lower() for path in files_of(folder)}
    parsed = suffixes & set(DOCUMENT_SUFFIXES + LAYOUT_SUFFIXES) - set(PLAIN_SUFFIXES)
    if not parsed:
        return ""
    layout = layout_version() if parsed & {".pdf", ".zip", *LAYOUT_SUFFIXES} else None
    return f"{READING}, {LAYOUT_PACKAGE} {layout}" if layout else str(READING)


def files_of(folder: Path) -> Iterator[Path]:
    """The files below a folder that are looked at: all but hidden ones."""
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
