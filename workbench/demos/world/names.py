"""Made-up names, split for good into those the base model may see and those kept for use cases."""

import zlib
from random import Random

_ONSETS = "b d f g h j k l m n p r s t v w z br dr fl gr kl pr sk st tr".split()
_VOWELS = "a e i o u ai ea io".split()
_CODAS = ["", "", "", "l", "n", "r", "s", "x", "th", "m", "k"]

RESERVED_SHARE = 8
"""One name in eight is reserved: never shown to the base model in training."""


def is_reserved(name: str) -> bool:
    """Whether ``name`` is kept out of the base model's training."""
    return zlib.crc32(name.lower().encode()) % RESERVED_SHARE == 0


def draw_name(rng: Random, *, reserved: bool) -> str:
    """One capitalised made-up name of two or three syllables from the wanted part of all names."""
    while True:
        syllables = rng.choice((2, 2, 3))
        parts = [rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)]
        name = ("".join(parts) + rng.choice(_CODAS)).capitalize()
        if len(name) <= 9 and is_reserved(name) == reserved:
            return name


def draw_names(rng: Random, count: int, *, reserved: bool) -> list[str]:
    """``count`` different names."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[draw_name(rng, reserved=reserved)] = None
    return list(found)
