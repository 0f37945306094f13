"""The rule that tells repeats from look-alikes."""

import pytest

from workbench.repeats import find_repeats
from workbench.usecase import Example, Message

FILLER = [
    ("walk once around the northern pond", "yes"),
    ("sing two verses for your uncle", "yes"),
    ("count every broken silver spoon", "yes"),
    ("jump before the hollow drum sounds", "yes"),
    ("paint narrow stripes, please", "yes"),
    ("knock at their last window", "yes"),
]


def examples(*rows: tuple[str, str], group: str = "") -> list[Example]:
    return [
        Example(id=str(n), messages=(Message(role="user", content=text),), target=target, group=group)
        for n, (text, target) in enumerate(rows)
    ]


LONG = "Hello, could you please tell me how much I would have to pay for"


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ((f"{LONG} it?", "12 euros"), (f"{LONG} it", "12 Euros"), "duplicate"),
        ((f"{LONG} it?", "12 euros"), (f"{LONG} it", "13 euros"), "conflict"),
        ((f"{LONG} Velora?", "12 euros"), (f"{LONG} Velaro?", "13 euros"), "templated"),
        ((f"{LONG} Velora?", "yes"), (f"{LONG} Velaro?", "yes"), "templated"),
        ((f"{LONG} Velora?", "12 euros"), (f"{LONG} Velaro?", "12 euros"), "duplicate"),
        ((f"{LONG} 3 of it?", "yes"), (f"{LONG} 4 of it?", "yes"), "templated"),
        ((f"{LONG} it?", "yes"), (f"{LONG} it", "yes"), "duplicate"),
        ((f"{LONG} it?", "12 euros"), (f"{LONG} it. {LONG[:38]} when?", "12 euros"), "duplicate"),
        ((f"{LONG} it?", "12 euros"), ("Could you please tell me how much", "12 euros"), None),
        (
            ("What colour is the old harbour?", "red"),
            ("What colour is the old harbour gate?", "red"),
            "review",
        ),
        (("What colour is the old harbour?", "red"), ("What colour is the old harbour gate?", "blue"), None),
        (("What colour is the old Velora?", "red"), ("What colour is the old Tamisk?", "red"), None),
    ],
)
def test_the_rule(one: tuple[str, str], other: tuple[str, str], relation: str | None) -> None:
    repeats = find_repeats(examples(*FILLER, one, other))
    found = [link.relation for link in repeats.links() if link.left[0] >= len(FILLER)]
    assert found == ([relation] if relation else [])


def test_equal_requests_are_one_whatever_their_case_or_spacing() -> None:
    repeats = find_repeats(examples(("Hi there", "a"), ("bye", "b"), ("hi  THERE", "A "), ("hi there", "c")))
    assert [dict(rows) for rows in repeats.rows] == [{"a": (0, 2), "c": (3,)}, {"b": (1,)}]
    assert repeats.families() == (0, 1, 0, 0)


def test_another_system_turn_makes_another_request() -> None:
    plain = examples(("Hello there, my friend", "a"))[0]
    turns = (Message(role="system", content="Be rude."), *plain.messages)
    other = plain.model_copy(update={"id": "x", "messages": turns})
    repeats = find_repeats([plain, other])
    assert len(repeats.rows) == 2
    assert [link.relation for link in repeats.links()] == ["duplicate"]


def test_families_join_groups_and_near_repeats() -> None:
    rows = examples((f"{LONG} it?", "a"), ("something else", "b"), (f"{LONG} it", "a"), ("a third", "c"))
    rows[1] = rows[1].model_copy(update={"group": "g"})
    rows[2] = rows[2].model_copy(update={"group": "g"})
    assert find_repeats(rows).families() == (0, 0, 0, 3)


def test_empty_requests_are_not_alike() -> None:
    repeats = find_repeats(examples(("", "a"), (" ", "b"), ("x", "a")))
    assert list(repeats.links()) == []
