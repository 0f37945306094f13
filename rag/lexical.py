"""Passages are found by their words: BM25. The only importer of bm25s.

No word is cut to its stem and none is left out as too common: that takes knowing the language. Where it is English it
was measured to find a little more by words alone, and nothing more by both.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

TOKEN = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W぀-ヿ㐀-鿿가-힯]+")
"""A word, or one sign of a script that puts no spaces between words."""


def tokens(text: str) -> list[str]:
    """The words of a text, without case, in Unicode form NFKC; of no language in particular."""
    return TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


Weights = NDArray[np.float32]
"""What a question's words weigh in each passage (passages,); 0 where it shares none."""


@dataclass(frozen=True)
class Lexical:
    """Passages by their words, ready to be searched: BM25 as in Lucene, k1 = 1.5, b = 0.75 (Robertson et al. 1994)."""

    ranker: bm25s.BM25

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Lexical":
        """Some passages."""
        # A corpus without a single word has one that nobody asks for.
        words = [tokens(text) or [""] for text in texts]
        ranker = bm25s.BM25(method="lucene")
        ranker.index(words, show_progress=False)
        return cls(ranker)

    def __len__(self) -> int:
        """How many passages there are."""
        return int(self.ranker.scores["num_docs"])

    def weigh(self, question: str) -> Weights:
        """What the words of a question weigh in each passage."""
        known = self.ranker.get_tokens_ids(tokens(question))
        if not known:
            return np.zeros(len(self), dtype=np.float32)
        found: Weights = self.ranker.get_scores_from_ids(known)
        return found

    def search(self, question: str, k: int) -> list[tuple[int, float]]:
        """Places and weights of the ``k`` best passages, the best first; only those that share a word."""
        return heaviest(self.weigh(question), k)


def heaviest(weights: Weights, k: int) -> list[tuple[int, float]]:
    """Places and weights of the ``k`` passages that weigh most, if anything; of equals the earlier one first."""
    # To sort all passages takes longer than to weigh them: only those that can be among the first are.
    least = np.partition(weights, -k)[-k] if k < len(weights) else 0.0
    places = np.flatnonzero((weights >= least) & (weights > 0))
    best = places[np.lexsort((places, -weights[places]))][:k]
    return [(int(place), float(weights[place])) for place in best]


def write(lexical: Lexical, folder: Path) -> None:
    """Write what passages are found by into a folder: arrays without pickle, and JSON; raises OSError."""
    lexical.ranker.save(folder, show_progress=False, allow_pickle=False)


def read(folder: Path) -> Lexical | None:
    """What was written into a folder; None where that is damaged or not there."""
    try:
        return Lexical(bm25s.BM25.load(folder, show_progress=False, allow_pickle=False))
    except (OSError, ValueError, TypeError, EOFError):
        return None
