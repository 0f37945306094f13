"""Preference pairs: read from any file, checked for what would mislead training, split without leaking."""

import json
from pathlib import Path

import pytest

from workbench.case import create_case
from workbench.create import add_pairs
from workbench.errors import ConfigError, DataError, NotFound
from workbench.pair_intake import check_pairs, hold_out, to_pairs
from workbench.pairs import Pair, read_pairs, write_pairs
from workbench.textfiles import read_csv, read_jsonl
from workbench.usecase import Example, Message, UseCase


def pair(name: str, *, asks: str = "What?", chosen: str = "This.", rejected: str = "That, or so.") -> Pair:
    return Pair(id=name, messages=(Message(role="user", content=asks),), chosen=chosen, rejected=rejected)


def example(asks: str) -> Example:
    return Example(id="t", messages=(Message(role="user", content=asks),), target="x")


def test_plain_columns_become_pairs() -> None:
    table = read_csv("question,chosen,rejected\nWhat?,This.,That.\nWho?,Me,me \n", "pairs.csv")
    found, same = to_pairs(table)
    assert same == 0
    assert [(one.messages[-1].content, one.chosen, one.rejected) for one in found] == [
        ("What?", "This.", "That."),
        ("Who?", "Me", "me "),
    ]
    named, _ = to_pairs(read_csv("a,b,c\n1,2,3\n", "x.csv"), prompt="a", chosen="b", rejected="c")
    assert (named[0].chosen, named[0].rejected) == ("2", "3")


def test_whole_conversations_become_pairs() -> None:
    def turns(answer: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": "What?"}, {"role": "assistant", "content": answer}]

    line = json.dumps({"chosen": turns("This."), "rejected": turns("That.")})
    (found,), _ = to_pairs(read_jsonl(line + "\n", "pairs.jsonl"))
    assert (found.messages[-1].content, found.chosen, found.rejected) == ("What?", "This.", "That.")
    broken = json.dumps({"chosen": turns("This."), "rejected": turns("That.")[:1]})
    with pytest.raises(DataError, match="does not end with the assistant"):
        to_pairs(read_jsonl(broken + "\n", "pairs.jsonl"))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="rejected"):
        to_pairs(read_csv("prompt,chosen\nWhat?,This.\n", "pairs.csv"))


def test_what_would_mislead_is_left_out_or_said() -> None:
    table = read_csv("prompt,chosen,rejected\nWhat?,This.,This.\nWho?,Me.,You.\n", "pairs.csv")
    pairs, same = to_pairs(table)
    pairs += [pair("a"), pair("b"), pair("c", chosen="That, or so.", rejected="This."), pair("d", asks="Leaked?")]
    kept, found = check_pairs(pairs, held_out=[example("leaked?")], same=same)
    assert [one.id for one in kept] == [pairs[0].id, "a", "c"]
    assert (found.pairs, found.same, found.repeated, found.leaked, found.contradictions) == (3, 1, 1, 1, 2)
    assert found.chosen_longer == pytest.approx(1 / 3)
    said = " ".join(found.remarks())
    assert all(
        word in said for word in ("very same answer", "earlier pair", "test or dev", "contradict", "3 pairs are few")
    )


def test_longer_preferred_answers_are_told() -> None:
    long = [pair(f"p{n}", asks=f"{n}?", chosen="A long answer.", rejected="Short.") for n in range(30)]
    _, found = check_pairs(long, held_out=[])
    assert found.chosen_longer == 1
    (remark,) = found.remarks()
    assert "the longer one in 100.0 %" in remark


def test_one_request_is_never_on_both_sides() -> None:
    pairs = [pair(f"p{n}", asks=f"Question {n // 3}?", rejected=f"{n}") for n in range(60)]
    learned, unseen = hold_out(pairs, share=0.25)
    assert len(unseen) == 15
    assert not {one.messages for one in learned} & {one.messages for one in unseen}
    assert hold_out(pairs[::-1], share=0.25)[1] == unseen[::-1]


def test_equal_answers_are_no_pair() -> None:
    with pytest.raises(ConfigError, match="the same"):
        Pair.parse(pair("a").model_dump() | {"rejected": "This. "}, where="a pair")


def test_frozen_pairs_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    assert read_pairs(path) == []
    write_pairs(path, [pair("a"), pair("b")])
    assert read_pairs(path) == [pair("a"), pair("b")]
    with pytest.raises(DataError, match="'a'"):
        write_pairs(path, [pair("a"), pair("a")])


def test_a_file_is_added_to_a_use_case(tmp_path: Path) -> None:
    case = create_case(tmp_path, UseCase(name="one"), {"train": [], "test": [example("Leaked?")]})
    path = tmp_path / "pairs.csv"
    path.write_text("prompt,chosen,rejected\nWhat?,This.,That.\nLeaked?,Yes,No\n")
    assert add_pairs(case, path).pairs == 1
    assert [one.chosen for one in read_pairs(case.pairs_path)] == ["This."]
    assert case.pair_requests_path.exists()
    path.write_text("prompt,chosen,rejected\nLeaked?,Yes,No\n")
    with pytest.raises(DataError, match="no pair that can be trained on"):
        add_pairs(case, path)
    assert len(read_pairs(case.pairs_path)) == 1, "what was there stays"
    with pytest.raises(NotFound):
        add_pairs(case, tmp_path / "nowhere.csv")
