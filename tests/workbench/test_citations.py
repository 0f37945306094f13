"""Marks in answers: which passages they cite, and what is left without them."""

import pytest

from workbench.citations import cited, marks, supporting, without_marks
from workbench.run import Passage


@pytest.mark.parametrize(
    ("text", "numbers", "bare"),
    [
        ("49 crowns [2]", (2,), "49 crowns"),
        ("49 crowns [2].", (2,), "49 crowns."),
        ("It costs 49 crowns [1][3]. It is red [2].", (1, 3, 2), "It costs 49 crowns. It is red."),
        ("It costs 49. [1] It is red. [1, 2]", (1, 2), "It costs 49. It is red."),
        ("Red [Passage 2]", (2,), "Red"),
        ("[2]", (2,), ""),
        ('{"price": "49"} [2]', (2,), '{"price": "49"}'),
        ('{"sizes": [1, 2]}', (1, 2), '{"sizes": [1, 2]}'),
        ('[{"a": [1]}]', (1,), '[{"a": [1]}]'),
        ("no marks (2) here", (), "no marks (2) here"),
        ("", (), ""),
    ],
)
def test_marks(text: str, numbers: tuple[int, ...], bare: str) -> None:
    assert marks(text) == numbers
    assert without_marks(text) == bare
    assert without_marks(bare) == bare


def test_numbers_that_no_passage_has_cite_nothing() -> None:
    assert cited("It is so [2][9][0][2]", ["a#1", "b#1"]) == ("b#1",)


def passage(document: str, text: str, heading: str = "") -> Passage:
    return Passage(id=f"{document}#1", document=document, text=text, score=1.0, heading=heading)


PASSAGES = [
    passage("chairs", "The chair is blue."),
    passage("lamps", "A lamp is a light."),
    passage("lamps", "The lamp costs\n49 crowns."),
]


def test_the_passage_that_holds_the_answer_is_cited() -> None:
    assert supporting(PASSAGES, ["lamps"], "49 crowns.") == 3
    assert supporting(PASSAGES, ["lamps"], "not said") == 2
    assert supporting(PASSAGES, ["desks"], "49 crowns") is None
    assert supporting(PASSAGES, [], "49 crowns") is None


def test_evidence_may_be_named_by_title() -> None:
    titled = [passage("d-1", "Old lamps\n\nThey shine."), passage("d-2", "Long text.", heading="New lamps > Prices")]
    assert supporting(titled, ["Old lamps"], "x") == 1
    assert supporting(titled, ["New lamps"], "x") == 2
