"""Text that others wrote, made safe to look at."""

import pytest

from workbench.plaintext import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gpj\u202eexe", "gpj⟨U+202E⟩exe"),
        ("\u2066isolated\u2069", "⟨U+2066⟩isolated⟨U+2069⟩"),
        ("no\u200bthing", "no⟨U+200B⟩thing"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("a\x00b", "a⟨U+0000⟩b"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
    ],
)
def test_what_is_hidden_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["two\nlines\tand a tab", "Grüße, 你好, שלום", "👩\u200d👩\u200d👧", "نمی\u200cخواهم"])
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text


def test_line_ends_of_other_systems_are_line_ends() -> None:
    assert visible("a\r\nb\rc") == "a\nb⟨U+000D⟩c"
