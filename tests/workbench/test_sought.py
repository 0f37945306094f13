"""Whether a right passage was there, and was found: by evidence and, without any, by the answer's words."""

import json
from pathlib import Path

import pytest

from workbench.examples import Examples
from workbench.run import Passage, Retrieved
from workbench.sought import Held, Where, held, holds, look, seek, values_of
from workbench.usecase import Example, Message
from workbench.workspace import write_jsonl

TEXTS = {
    "lamp": ("Desk lamp\nIt is made of oak.", "The lamp costs 49 crowns."),
    "chair": ("Red chair\nIt costs 49 crowns, too.",),
    "ferry": ("The ferry leaves at nine.",),
}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    rows = [
        {"id": f"{name}#{n}", "document": name, "text": text}
        for name, own in TEXTS.items()
        for n, text in enumerate(own)
    ]
    write_jsonl(tmp_path / "passages.jsonl", rows)
    (tmp_path / "meta.json").write_text(json.dumps({"duplicates": {"old-lamp": "lamp"}}))
    return tmp_path


def asked(target: str, *evidence: str, name: str = "q") -> Example:
    return Example(id=name, messages=(Message(role="user", content="?"),), target=target, evidence=evidence)


def got(*names: str) -> tuple[Passage, ...]:
    found = []
    for name in names:
        document, _, number = name.partition("#")
        text = TEXTS[document][int(number or 0)]
        found.append(Passage(id=name, document=document, text=text, score=0.5))
    return tuple(found)


@pytest.mark.parametrize(
    ("example", "handed", "wanted"),
    [
        (asked("49 crowns", "lamp"), got("lamp#1"), "there"),
        (asked("49 crowns", "lamp"), got("lamp#0", "chair"), "missed"),  # Of two passages one holds the answer.
        (asked("a wooden one", "lamp"), got("lamp#0"), "there"),  # None does, so either will do.
        (asked("49 crowns", "Red chair"), got("chair"), "there"),  # Named by its title.
        (asked("49 crowns", "old-lamp"), got("lamp#1"), "there"),  # A repeat that was left out.
        (asked("49 crowns", "lamp", name="lamp"), got("lamp#1"), "absent"),  # Nor does it where it is the evidence.
        (asked("49 crowns", "sofa"), got("lamp#1", "chair"), "absent"),
        (asked("49 crowns", "lamp", "sofa"), got("ferry"), "missed"),
        (asked("49 crowns"), got("chair"), "there"),  # Without evidence, whoever holds the answer.
        (asked("at nine"), got("chair"), "missed"),
        (asked("at ten"), got("ferry"), "absent"),
        (asked("nine", name="ferry"), got("chair"), "absent"),  # Its own document does not count.
        (asked(""), got("ferry"), "unknown"),
        (asked("it is a long story that nobody would find told word by word in any passage"), got("ferry"), "unknown"),
        (asked('{"price": "49 crowns", "thing": "lamp"}'), got("lamp#1"), "there"),
        (asked('{"price": "49 crowns", "thing": "lamp"}'), got("chair"), "missed"),
    ],
)
def test_where_the_right_passage_was(index: Path, example: Example, handed: tuple[Passage, ...], wanted: Where) -> None:
    assert look(example, handed, held(index)) == wanted


def test_a_longer_stretch_than_the_passages_that_were_searched_counts(index: Path) -> None:
    whole = Passage(id="lamp", document="lamp", text=" ".join(TEXTS["lamp"]), score=1)
    assert look(asked("49 crowns", "lamp"), (whole,), held(index)) == "there"


def test_words_and_not_letters_are_looked_for() -> None:
    assert holds("It costs 1 490 crowns.", "490 crowns")
    assert not holds("It costs 1490 crowns.", "490 crowns")
    assert holds("The ANSWER  is\nyes.", "answer is Yes")
    assert not holds("anything", "")
    assert values_of('{"a": {"b": [1, "Two"]}, "c": null}') == ["1", "two"]
    assert values_of("[1]") == ["1"]


def test_all_examples_in_their_order_and_which_of_them_name_no_evidence(index: Path) -> None:
    examples = Examples((asked("49 crowns", "lamp", name="a"), asked("at nine", name="b")))
    found = {name: Retrieved(example=name, passages=got("lamp#1")) for name in ("a", "b")}
    made = seek(examples, found, index)
    assert made.where == ("there", "missed")
    assert made.by_answer == (1,)
    assert made.lenient == ()


def test_what_people_confirmed_stands_for_evidence_and_so_does_that_they_found_none(index: Path) -> None:
    examples = Examples(
        (asked("49 crowns", name="a"), asked("49 crowns", name="b"), asked("at nine", "ferry", name="c"))
    )
    found = {name: Retrieved(example=name, passages=got("chair")) for name in ("a", "b", "c")}
    made = seek(examples, found, index, confirmed={"a": ["lamp"], "b": []})
    assert made.where == ("missed", "absent", "missed")
    assert made.by_answer == ()
    assert seek(examples, found, index).where == ("there", "there", "missed")


def test_very_many_passages_are_not_looked_through(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.sought.MOST_BYTES", 10)
    made = seek(Examples((asked("49 crowns", "lamp"),)), {"q": Retrieved(example="q", passages=())}, index)
    assert made.where == ("unknown",)


def test_a_title_that_two_documents_have_names_neither() -> None:
    found = Held(texts={"a": (" one ",), "b": (" two ",)}, titles={}, duplicates={})
    assert found.documents(["Shared title"]) == set()
