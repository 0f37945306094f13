"""Turns of phrase for sentences that are put together from figures."""

from collections.abc import Iterable, Sequence


def listed(names: Sequence[str], *, word: str = "and") -> str:
    """Names with ``word`` before the last; ``names`` is not empty."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def agreeing(count: int, one: str, several: str) -> str:
    """The verb that agrees with a count."""
    return one if count == 1 else several


def joined(parts: Iterable[str]) -> str:
    """Those parts that are not empty, with semicolons between."""
    return "; ".join(part for part in parts if part)


def shortened(text: str, *, most: int = 160) -> str:
    """Text on one line, cut where it is longer than ``most`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1].rstrip()}…"


def points(share: float) -> str:
    """A difference in points: 0.31 is "31.0", with a true minus sign."""
    text = f"{abs(100 * share):.1f}"
    return f"\u2212{text}" if share < 0 and text != "0.0" else text


def percent(share: float) -> str:
    """A share in percent: 0.843 is "84.3 %"."""
    return f"{100 * share:.1f} %"


def signed(share: float) -> str:
    """A difference in points with its sign: "+31.0", "−4.2", "0.0"."""
    text = points(share)
    return f"+{text}" if share > 0 and text != "0.0" else text
