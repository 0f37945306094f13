"""A preference: what one annotator chose between two answers that were shown blind."""

from typing import Literal, get_args

from pydantic import Field

from workbench.model import Noun

Choice = Literal["left", "right", "tie", "neither", "skip"]
"""neither: both are bad; skip: the annotator would rather not say, and somebody else may."""
Kind = Literal["person", "model"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
COUNTED: tuple[Choice, ...] = ("left", "right", "tie", "neither")
"""The choices that are labels: a skipped pair is none."""
MIRRORED: dict[Choice, Choice] = {
    "left": "right",
    "right": "left",
    "tie": "tie",
    "neither": "neither",
    "skip": "skip",
}
"""Each choice as it would be had the answers stood the other way round."""


class Preference(Noun):
    """One annotator's choice between two candidates' answers to one request."""

    queue: str
    example: str
    left: str
    """The candidate whose answer stood on the left."""
    right: str
    choice: Choice
    annotator: str
    by: Kind = "person"
    """What the annotator is."""
    shown_at: float | None = None
    """Seconds since 1970."""
    seconds: float | None = Field(default=None, ge=0)
    """From showing to choosing."""
    reason: str = ""
    repeat: bool = False
    """Shown to the same annotator for the second time, sides swapped: it measures the annotator, not the candidates."""

    @property
    def preferred(self) -> str | None:
        """The candidate that was chosen; None where none was."""
        return {"left": self.left, "right": self.right}.get(self.choice)
