"""How a document is to be cut, how long texts are, and where a passage lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.errors import ConfigError

CountTokens = Callable[[str], int]

LONGEST_TOKEN = 16
"""Characters. A text counts at least one token for every so many, and a longer one is cut before it is counted."""
ChunkingKind = Literal["sections", "fixed"]


@dataclass(frozen=True)
class Chunking:
    """How passages are cut: at most ``tokens`` long, of which up to ``overlap`` repeat the passage before.

    Raises ConfigError where the overlap would leave no room for anything new, or a parent no room for a passage.
    """

    tokens: int
    overlap: int = 0
    kind: ChunkingKind = "sections"
    """sections: at headings and between sentences; fixed: as long as may be, wherever between two words that ends."""
    parent_tokens: int | None = None
    """Passages are cut out of stretches of so many tokens, which can be handed over in their place; None: they are
    not."""

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.tokens:
            raise ConfigError(
                f"Passages of {self.tokens} tokens cannot overlap by {self.overlap}.",
                "Choose an overlap (chunk_overlap) well below the length (chunk_tokens).",
            )
        if self.parent_tokens is not None and self.parent_tokens <= self.tokens:
            raise ConfigError(
                f"Passages of {self.tokens} tokens cannot be cut out of stretches of {self.parent_tokens}.",
                "Choose stretches (parent_tokens) of several times the length of a passage (chunk_tokens).",
            )

    @property
    def of_parents(self) -> "Chunking | None":
        """How the stretches are cut that passages are cut out of; None where there are none."""
        return None if self.parent_tokens is None else Chunking(self.parent_tokens, kind=self.kind)


@dataclass(frozen=True)
class Ruler:
    """How long texts are, in the tokens of one tokenizer."""

    count_many: Callable[[Sequence[str]], Sequence[int]]
    """The tokens of each of some texts."""
    adds_up: bool = False
    """Whether the tokens of whole words are the same whatever stands beside them, so that counts may be added up."""

    @classmethod
    def of(cls, count: CountTokens) -> "Ruler":
        """A ruler from what counts the tokens of one text."""
        return cls(lambda texts: [count(text) for text in texts])


@dataclass(frozen=True, slots=True)
class Span:
    """Where a passage lies in its document's whole text, and the line of headings that is put above it."""

    start: int
    end: int
    prefix: str = ""
    heading: str = ""
    parent: int = 0
    """The number of its parent in the document, from 1; 0 where it has none."""
