"""Budgets as they are typed and as they are said."""

import pytest

from workbench.budget import seconds_of, told
from workbench.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("20m", 1200), ("1h", 3600), ("1h30m", 5400), ("1.5h", 5400), (" 600 ", 600), ("2M", 120)],
)
def test_typed(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "20 minutes", "-5m", "0", "0m", "1h 30", "5d", "m"])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(ConfigError, match="no budget of time"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (45.4, "45 seconds"), (1200, "20 minutes"), (90, "1.5 minutes"), (5400, "1.5 hours")],
)
def test_said(seconds: float, words: str) -> None:
    assert told(seconds) == words
