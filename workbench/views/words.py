"""Figures and times as words on a page."""

import re
import time

from workbench.candidate import Approach
from workbench.chart_parts import MARKS
from workbench.workspace import Status

STATES: dict[Status, str] = {
    "waiting": "waiting",
    "running": "under way",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
}


COLOURS: dict[Approach, str] = {
    "prompting": "gray",
    "RAG": "blue",
    "fine-tuning": "orange",
    "RAG + fine-tuning": "green",
}
"""The theme's names of the colours that the charts have, too."""


def mark(approach: Approach) -> str:
    """An approach's shape in its colour."""
    return f":{COLOURS[approach]}[{MARKS[approach]}]"


def marked(approach: Approach, name: str = "") -> str:
    """A candidate's name, or else its approach, in bold behind the approach's shape."""
    return f"{mark(approach)} **{plain(name) if name else approach}**"


def duration(seconds: float) -> str:
    """A time a person would say: 0.4 s, 45 s, 9 minutes, 2 hours."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} hours"
    return f"{seconds / 86400:.0f} days"


def ago(moment: float, *, now: float | None = None) -> str:
    """How long something is past: just now, 5 minutes ago, 2 days ago."""
    passed = (time.time() if now is None else now) - moment
    return "just now" if passed < 60 else f"{duration(passed)} ago"


def memory(megabytes: float) -> str:
    """Memory or disk: 812 MB, 2.1 GB."""
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 step, 3 steps."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def plain(text: str) -> str:
    """Text in which Markdown finds nothing to do: somebody else's words are shown as they are."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:])", r"\\\1", text)


def slug(text: str) -> str:
    """A use case's short name from a file's: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64]
