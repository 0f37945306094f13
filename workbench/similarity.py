"""Which requests are nearly the same: MinHash proposes pairs, their true overlap decides.

Sources: Broder 1997 (resemblance and containment of shingle sets), Indyk and Motwani 1998 (banding),
Hernandez and Stolfo 1995 (the sorted neighbourhood that bounds the work in crowded buckets).
"""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

SHINGLE = 5
"""Words, or characters in short texts, in one shingle."""
SHORT = 50
"""Texts of fewer words are compared by characters: five words would be too much of them."""
PERMUTATIONS = 256
BANDS, BAND_ROWS = 42, 6
"""A pair that shares .8 of its shingles is missed with probability (1 - .8^6)^42 = 3e-6, one that
shares .5 with .52. Fewer, longer bands would put the threshold nearer to .7 and lose true duplicates."""
NEIGHBOURS = 50
"""Places looked ahead in a bucket: bounds the work on templated data, where thousands share one."""
CROWD = 30
"""Most similar texts that are verified for each text, where it has more."""
LEAST_ESTIMATE = 0.4
"""Pairs below this estimate are not verified; at a true .5 it lies 3 standard errors away."""
LEAST_JACCARD = 0.5
LEAST_CONTAINMENT = 0.8
LEAST_CONTAINED = 4
"""Word shingles (so 8 words) of the shorter text, below which being contained says nothing."""
BOILERPLATE_TEXTS = 20
BOILERPLATE_WORDS, BOILERPLATE_LETTERS = 0.05, 0.2
"""Five words, or letters, in a row that more than 20 texts and more than this share of all texts have
are an instruction or a template, and say nothing about the request."""
BOILERPLATE_PART = 0.1
"""Part of all shingles from which there is boilerplate at all: letters that are common in a language
or a trade make up less (1 to 7 % of four real data sets; templates 18 to 70 %)."""
LEAST_SPECIFIC = 5
"""Shingles that have to be left for boilerplate to be disregarded."""

MULTIPLIERS = np.random.default_rng(1).integers(2**63, 2**64 - 1, 8, dtype=np.uint64) | np.uint64(1)
"""Odd constants that turn a few numbers into one; fixed, so that the same file gives the same findings."""

Hashes = NDArray[np.uint32]
Number = TypeVar("Number", bound=np.integer[Any])
WORDS = re.compile(r"\w+")
WITH_DIGITS = re.compile(r"\w*\d\w*(?:[.,]\d+)*")
CAPITALISED = re.compile(r"(?<![.!?:\n] )(?<![\n\"'(])(?<!^)\b[^\W\d_a-z]\w*")


def normalise(text: str) -> str:
    """NFKC, lower case, single spaces: what two texts that a reader would call equal share."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


@dataclass(frozen=True)
class Pair:
    """Two texts, by position, that share much: ``left`` < ``right``."""

    left: int
    right: int
    jaccard: float
    """Shared shingles over all shingles of both, boilerplate left out; 0 to 1."""
    containment: float
    """Shared word shingles over those of the shorter text; 0 where it is too short to tell."""


def near_pairs(texts: Sequence[str]) -> list[Pair]:
    """All pairs of normalised texts that share half of their shingles, or of which one contains the other.

    Returned are pairs with a true Jaccard similarity >= .5 or a containment >= .8, ordered by
    position. Pairs are proposed by MinHash and so missed with the probabilities above; a text that is
    like more than ``CROWD`` others is paired with those it is most like.
    """
    order = sorted(range(len(texts)), key=lambda n: texts[n])
    pairs = []
    for pair in _pairs([texts[n] for n in order]):
        left, right = sorted((order[pair.left], order[pair.right]))
        pairs.append(Pair(left, right, jaccard=pair.jaccard, containment=pair.containment))
    return sorted(pairs, key=lambda pair: (pair.left, pair.right))


def _pairs(texts: Sequence[str]) -> list[Pair]:
    """The pairs among texts in sorted order, so that the order of the rows does not decide what is found."""
    words = _without_boilerplate([_word_hashes(text) for text in texts], share=BOILERPLATE_WORDS)
    short = [n for n, text in enumerate(texts) if len(WORDS.findall(text)) < SHORT]
    letters = _without_boilerplate([_letter_hashes(texts[n]) for n in short], share=BOILERPLATE_LETTERS)
    shingles = list(words)
    for n, own in zip(short, letters, strict=True):
        shingles[n] = own
    proposed = _distinct(np.concatenate((_proposed_by_minhash(shingles), _proposed_by_words(words))))
    pairs = []
    for left, right in zip(*(side.tolist() for side in np.divmod(proposed, len(texts))), strict=True):
        jaccard = _jaccard(shingles[left], shingles[right])
        containment = _containment(words[left], words[right])
        if jaccard >= LEAST_JACCARD or containment >= LEAST_CONTAINMENT:
            pairs.append(Pair(left, right, jaccard=jaccard, containment=containment))
    return pairs


@dataclass(frozen=True)
class Specifics:
    """What a request, as written, asks about: what tells two fillings of one template apart."""

    numbers: tuple[str, ...]
    """Every number, and every word with a digit in it, sorted."""
    names: frozenset[str]
    """Capitalised words within a sentence, in lower case."""
    words: frozenset[str]
    """All words, in lower case."""

    def agree(self, other: "Specifics") -> bool:
        """Whether both have the same numbers and each has the names of the other, in any case of letters."""
        same_names = self.names <= other.words and other.names <= self.words
        return self.numbers == other.numbers and same_names


def specifics(text: str) -> Specifics:
    """The numbers and names in a text."""
    lower = text.lower()
    return Specifics(
        numbers=tuple(sorted(WITH_DIGITS.findall(lower))),
        names=frozenset(name.lower() for name in CAPITALISED.findall(text)) - {"i"},
        words=frozenset(WORDS.findall(lower)),
    )


def _word_hashes(text: str) -> Hashes:
    units = np.fromiter((zlib.crc32(word.encode()) for word in WORDS.findall(text)), np.uint64)
    return _shingle_hashes(units)


def _letter_hashes(text: str) -> Hashes:
    return _shingle_hashes(np.frombuffer(text.ljust(SHINGLE).encode("utf-32-le"), np.uint32))


def _shingle_hashes(units: NDArray[np.unsignedinteger]) -> Hashes:
    """The distinct 32-bit hashes of each ``SHINGLE`` units in a row, by multiply-shift."""
    if len(units) < SHINGLE:
        return np.empty(0, np.uint32)
    windows = np.lib.stride_tricks.sliding_window_view(units.astype(np.uint64), SHINGLE)
    return _distinct(((windows * MULTIPLIERS[:SHINGLE]).sum(axis=1) >> np.uint64(32)).astype(np.uint32))


def _distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The different values, sorted: ``numpy.unique`` (2.4) hashes and takes 10 to 100 times as long."""
    ordered = np.sort(values)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]]


def _without_boilerplate(shingles: list[Hashes], *, share: float) -> list[Hashes]:
    most = max(BOILERPLATE_TEXTS, share * len(shingles))
    if len(shingles) <= most:
        return shingles
    values, counts = np.unique(np.concatenate(shingles), return_counts=True)
    common = counts > most
    if counts[common].sum() < BOILERPLATE_PART * counts.sum():
        return shingles
    boilerplate = values[common]
    left = [np.setdiff1d(own, boilerplate, assume_unique=True) for own in shingles]
    return [few if len(few) >= LEAST_SPECIFIC else own for few, own in zip(left, shingles, strict=True)]


def _proposed_by_minhash(shingles: list[Hashes]) -> NDArray[np.int64]:
    """Pairs that agree in a whole band of their signatures, as left * texts + right."""
    if len(shingles) < 2:
        return np.empty(0, np.int64)
    own = (hashes.tolist() for hashes in shingles)
    # The shingles are hashed already: MinHash has only to permute them.
    minhashes = MinHash.generator(own, num_perm=PERMUTATIONS, seed=1, hashfunc=int)
    signatures = np.stack([minhash.hashvalues for minhash in minhashes])
    bands = signatures[:, : BANDS * BAND_ROWS].reshape(-1, BANDS, BAND_ROWS).astype(np.uint64)
    keys = (bands * MULTIPLIERS[:BAND_ROWS]).sum(axis=2)
    texts = np.arange(len(shingles))
    # Members of a crowded bucket that agree in the next band, too, come to stand side by side.
    buckets = [
        _neighbours(keys[:, band], texts, then_by=keys[:, (band + 1) % BANDS], total=len(texts))
        for band in range(BANDS)
    ]
    found = _distinct(np.concatenate(buckets))
    left, right = np.divmod(found, len(texts))
    estimates = np.empty(len(found))
    for start in range(0, len(found), 8192):
        part = slice(start, start + 8192)
        estimates[part] = (signatures[left[part]] == signatures[right[part]]).mean(axis=1)
    likely = estimates >= LEAST_ESTIMATE
    return _nearest(found[likely], estimates[likely], total=len(texts))


def _proposed_by_words(words: list[Hashes]) -> NDArray[np.int64]:
    """Pairs that have at least ``LEAST_CONTAINED - 1`` word shingles in common."""
    kept = [hashes if len(hashes) >= LEAST_CONTAINED else hashes[:0] for hashes in words]
    texts = np.repeat(np.arange(len(kept)), [len(hashes) for hashes in kept])
    if not len(texts):
        return np.empty(0, np.int64)
    shared = _neighbours(np.concatenate(kept), texts, then_by=texts, total=len(kept))
    pairs, counts = np.unique(shared, return_counts=True)
    enough = counts >= LEAST_CONTAINED - 1
    return _nearest(pairs[enough], counts[enough], total=len(kept))


def _nearest(pairs: NDArray[np.int64], scores: NDArray[np.generic], *, total: int) -> NDArray[np.int64]:
    """The pairs that are, for at least one of their texts, among its ``CROWD`` with the highest scores."""
    ends = np.concatenate(np.divmod(pairs, total))
    order = np.lexsort((-np.tile(scores.astype(np.float64), 2), ends))
    rank = np.empty(len(ends), np.int64)
    rank[order] = np.arange(len(ends)) - np.searchsorted(ends[order], ends[order])
    near = rank < CROWD
    return pairs[near[: len(pairs)] | near[len(pairs) :]]


def _neighbours(
    keys: NDArray[np.generic], texts: NDArray[np.int64], *, then_by: NDArray[np.generic], total: int
) -> NDArray[np.int64]:
    """Pairs of texts with equal keys that stand at most ``NEIGHBOURS`` apart once sorted.

    Each as left * ``total`` + right, where ``total`` is the number of texts.
    """
    order = np.lexsort((then_by, keys))
    keys, texts = keys[order], texts[order]
    found = []
    for step in range(1, min(NEIGHBOURS, len(keys) - 1) + 1):
        equal = keys[step:] == keys[:-step]
        if not equal.any():
            break
        one, other = texts[:-step][equal], texts[step:][equal]
        found.append(np.minimum(one, other) * total + np.maximum(one, other))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _shared(one: Hashes, other: Hashes) -> int:
    both = np.concatenate((one, other))
    both.sort()
    return int(np.count_nonzero(both[1:] == both[:-1]))


def _jaccard(one: Hashes, other: Hashes) -> float:
    shared = _shared(one, other)
    return shared / max(1, len(one) + len(other) - shared)


def _containment(one: Hashes, other: Hashes) -> float:
    shorter = min(len(one), len(other))
    return _shared(one, other) / shorter if shorter >= LEAST_CONTAINED else 0.0
