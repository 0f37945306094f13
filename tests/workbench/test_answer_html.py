"""Answers on the screen: rendered alike, harmless, and without a word of whose they are."""

import time

import pytest

from workbench.answer_html import answer_html, differing_html, masked, telling_names


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "![x](http://evil.example/x.png)",
        "[x](javascript:alert(1))",
        "<http://evil.example>",
        "[r]\n\n[r]: http://evil.example",
        "<img src=x onerror=alert(1)>",
        "`<b>`",
    ],
)
def test_nothing_is_fetched_and_nothing_runs(text: str) -> None:
    shown = answer_html(text)
    for bad in ("<script", "<img", "<a", "<b>", "href", "src="):
        assert bad not in shown.replace("&lt;img src=", "")


@pytest.mark.parametrize("text", ["a\u202eb", "a&#x202E;b", "a\x1b[31mb", "a\u200bb", "a&ZeroWidthSpace;b"])
def test_what_cannot_be_seen_is_shown_as_a_mark(text: str) -> None:
    for shown in (answer_html(text), differing_html(text, "x")):
        assert not {"\u202e", "\x1b", "\u200b"} & set(shown)


def test_markdown_is_rendered() -> None:
    shown = answer_html("# Title\n\n- **one**\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("<h1>Title</h1>", "<strong>one</strong>", "<td>1</td>"):
        assert part in shown


def test_words_that_differ_are_marked() -> None:
    assert "<mark> dog</mark>" in differing_html("The dog sat.", "The cat sat.")
    assert "<mark>" not in differing_html("The same.", "The same.")


def test_hostile_answers_take_no_time() -> None:
    began = time.process_time()
    differing_html("a b " * 20_000, "c d " * 20_000)
    answer_html("|" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|\n" * 5_000)
    answer_html("x" * 1_000_000)
    assert time.process_time() - began < 20


def test_names_that_tell_are_masked() -> None:
    names = telling_names(["sft-2", "rag"], ["models/Qwen2.5-0.5B", "models/base"])
    assert masked("I am Qwen2.5, a rag, by sft-2 at base.", names) == "I am ▮▮▮, a rag, by ▮▮▮ at base."
    assert telling_names(["rag"], ["one-2", "one-2"]) == ()
