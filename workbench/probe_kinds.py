"""The kinds of probe: what each is, and what it would tell."""

from collections.abc import Mapping
from typing import Literal

ProbeKind = Literal["grid", "gold", "form", "reach", "known", "curve"]
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
}
"""What each is, and what it would tell."""
