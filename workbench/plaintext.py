"""Text that others wrote, made safe to look at: nothing invisible, nothing that turns the reading direction."""

import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control characters other than tab and line feed, marks and overrides of direction, and what has no width."""


def visible(text: str) -> str:
    """The text with every hidden character shown as its code point, such as ⟨U+202E⟩.

    A right-to-left override would show ``gpj.exe`` as ``exe.jpg``, and a zero-width space would make two
    different answers look alike.
    """
    return HIDDEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text.replace("\r\n", "\n"))
