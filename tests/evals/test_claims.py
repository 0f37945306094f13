"""What answers claim, and what of it passages support."""

import pytest

from evals.claims import Claim, claims
from evals.grounding import (
    citation_precision,
    citation_recall,
    grounded,
    nothing_to_check,
    said_measures,
    supported,
    supports,
)
from workbench.measures import SAID


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("49 crowns [2]", [("49 crowns", (2,))]),
        ("It costs 4.5 crowns [1]. It is red [2][3].", [("It costs 4.5 crowns.", (1,)), ("It is red.", (2, 3))]),
        ("It costs 49. [1] It is red.", [("It costs 49.", (1,)), ("It is red.", ())]),
        ("A. Miller wrote it. Later e.g. in 1912.", [("A. Miller wrote it.", ()), ("Later e.g. in 1912.", ())]),
        ('{"price": "49 crowns", "sizes": [1, 2], "note": null} [2]', [("49 crowns", (2,)), ("1", (2,)), ("2", (2,))]),
        ("- red\n- blue [1]", [("- red", ()), ("- blue", (1,))]),
        ("It is red.\n[2]", [("It is red.", (2,))]),
        ("[2]", []),
        ("", []),
        ("赤い。青い。", [("赤い。", ()), ("青い。", ())]),
    ],
)
def test_claims(text: str, found: list[tuple[str, tuple[int, ...]]]) -> None:
    assert [(one.text.strip(), one.cites) for one in claims(text)] == found


def test_words_support_what_stands_there() -> None:
    passage = "The Adalune lamp is made of oak and costs 49 crowns."
    assert supports(passage, "49 crowns")
    assert supports(passage, "It is made of oak.", question="What is the lamp made of?")
    assert not supports(passage, "94 crowns")
    assert not supports(passage, "It is made of steel.", question="What is the lamp made of?")
    assert not supports(passage, "...")
    assert not supports("", "49 crowns")


def test_numbers_are_never_forgiven() -> None:
    passage = "The bridge was opened in 1912 by the mayor of the old town."
    assert supports(passage, "The bridge was opened 1912 by the mayor, town")
    assert not supports(passage, "The bridge was opened in 1921 by the mayor of the old town")


def test_citations_and_claims() -> None:
    texts = ["The lamp costs 49 crowns.", "The chair is blue."]
    said = claims("It costs 49 crowns [1]. The chair is blue [1]. It weighs 7 kilos [9].")
    table = supported(texts, said)
    assert grounded(table) == pytest.approx(2 / 3)
    assert citation_precision(said, table) == pytest.approx(1 / 3)
    assert citation_recall(said, table) == pytest.approx(1 / 3)
    both = claims("The chair is blue [1][2].")
    assert citation_precision(both, supported(texts, both)) == 0.5
    assert citation_recall(both, supported(texts, both)) == 1


def test_an_answer_without_marks_cites_nothing() -> None:
    said = (Claim("The chair is blue."),)
    found = said_measures(said, [[True]], reason="", cite=True)
    assert found["citation_precision"].value is None
    assert found["citation_precision"].reason == "it cites nothing"
    assert found["citation_recall"].value == 0
    unasked = said_measures(said, [[True]], reason="", cite=False)
    assert unasked["grounded"].value == 1
    assert unasked["citation_recall"].value is None


@pytest.mark.parametrize(
    ("text", "passages", "why"),
    [
        ("", ["x"], "it says nothing"),
        ("I do not know.", ["x"], "it says that it does not know"),
        ("49 crowns", [], "no passage was in its prompt"),
        ("49 crowns", ["x"], ""),
    ],
)
def test_what_claims_nothing_is_not_counted(text: str, passages: list[str], why: str) -> None:
    assert nothing_to_check(text, passages) == why
    if why:
        found = said_measures(claims(text), supported(passages, claims(text)), reason=why, cite=True)
        assert set(found) == set(SAID)
        assert all(one.value is None and one.reason == why for one in found.values())
