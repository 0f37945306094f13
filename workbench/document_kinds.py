"""Which kinds of files documents come in."""

from importlib.metadata import PackageNotFoundError, version

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
