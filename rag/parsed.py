"""What a file of one document says, wherever it lies."""

from pydantic import Field

from workbench.model import Noun


class Parsed(Noun):
    """The text of one file and where its pages begin."""

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    """Where each page begins in the text, the first at 0; empty where there are no pages."""
    gaps: tuple[tuple[str, str], ...] = Field(default=())
    """Parts that could not be read, such as ``page 3``, each with its reason."""
