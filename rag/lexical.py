"""Passages are found by their words: BM25. The only importer of bm25s."""

import re
import unicodedata
from collections.abc import Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

TOKEN = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W぀-ヿ㐀-鿿가-힯]+")
"""A word, or one sign of a script that puts no spaces between words."""


def tokens(text: str) -> list[str]:
    """The words of a text, without case, in Unicode form NFKC; of no language in particular."""
    return TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


class Lexical:
    """Passages by their words, ready to be searched: BM25 as in Lucene, k1 = 1.5, b = 0.75 (Robertson et al. 1994)."""

    def __init__(self, texts: Sequence[str]) -> None:
        # A corpus without a single word has one that nobody asks for.
        words = [tokens(text) or [""] for text in texts]
        self._ranker = bm25s.BM25(method="lucene")
        self._ranker.index(words, show_progress=False)

    def search(self, question: str, k: int) -> list[tuple[int, float]]:
        """Places and scores of the ``k`` best passages, the best first; only those that share a word."""
        asked = tokens(question)
        if not asked:
            return []
        scores: NDArray[np.float32] = self._ranker.get_scores(asked)
        found = np.flatnonzero(scores > 0)
        # Of equals the earlier one, whatever the sort.
        best = found[np.lexsort((found, -scores[found]))][:k]
        return [(int(place), float(scores[place])) for place in best]
