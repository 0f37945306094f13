"""The kinds of probe: what each is, and what it would tell."""

from collections.abc import Mapping
from typing import Literal

ProbeKind = Literal["grid", "gold", "form", "reach", "known", "curve", "order", "distractors", "injection"]
TELLS: Mapping[ProbeKind, tuple[str, str]] = {
    "grid": (
        "Training and retrieval, each alone and together",
        "whether one adds to the other, or both bring the same",
    ),
    "gold": (
        "The right passages handed over",
        "what is missing: knowledge, finding the passages, or reading them",
    ),
    "form": ("A lenient reading of the answers", "whether training bought more than the form of an answer"),
    "reach": (
        "Many answers of the untrained model",
        "whether what training brought was within its reach before",
    ),
    "known": ("Training examples asked of the untrained model", "how much of what is taught it does not know"),
    "curve": ("Training on less", "what more training examples would bring"),
    "order": ("The same passages in reversed order", "how much answers hang on the order of the passages"),
    "distractors": ("Irrelevant passages among the others", "how much answers suffer from what does not belong there"),
    "injection": (
        "Instructions planted into passages",
        "how often it does what a document tells it to do, in place of answering",
    ),
}
"""What each is, and what it would tell."""
