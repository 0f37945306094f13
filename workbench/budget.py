"""A budget of time as it is typed and as it is said."""

import re

from workbench.errors import ConfigError

SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Of each unit that may be typed; seconds where there is none."""
TYPED = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)")


def seconds_of(text: str) -> float:
    """The seconds of a typed budget: 90s, 20m, 1h, 1h30m, 600.

    Raises ConfigError for anything else, and for no time at all.
    """
    asked = text.strip().lower()
    parts = TYPED.findall(asked)
    whole = "".join(f"{number}{unit}" for number, unit in parts) == re.sub(r"\s", "", asked)
    bare = sum(not unit for _, unit in parts)
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if not parts or not whole or (bare and len(parts) > 1) or seconds <= 0:
        raise ConfigError(f"{text!r} is no budget of time.", "Say it as 90s, 20m, 1h or 1h30m.")
    return seconds


def told(seconds: float) -> str:
    """A time as it is said in a sentence: 45 seconds, 20 minutes, 1.5 hours."""
    if seconds < 90:
        return _counted(round(seconds), "second")
    if seconds < 5400:
        return _counted(round(seconds / 60, 1), "minute")
    return _counted(round(seconds / 3600, 1), "hour")


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
