"""Frozen examples: the same examples come back, and a changed file is noticed."""

from pathlib import Path

import pytest

from workbench.errors import DataError, NotFound, WorkbenchError
from workbench.examples import Examples, content_id, digest, read_examples, write_examples
from workbench.usecase import Example, Message


def example(name: str, question: str = "Wie geht's?\n\u2028ñ", target: str = '{"a": 1}') -> Example:
    turns = (Message(role="system", content="Be kind."), Message(role="user", content=question))
    return Example(id=name, messages=turns, target=target, evidence=("d1",), group="g", tags=("t",), split="dev")


THREE = (example("a"), example("b", "two"), example("c", target=""))


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    write_examples(path, THREE)
    back = read_examples(path)
    assert back.items == THREE
    assert back.numbers == (1, 2, 3)
    assert digest(back) == digest(THREE)
    assert [entry.name for entry in tmp_path.iterdir()] == ["dev.jsonl"]


def test_nothing_is_a_valid_split(tmp_path: Path) -> None:
    write_examples(tmp_path / "dev.jsonl", ())
    assert len(read_examples(tmp_path / "dev.jsonl")) == 0


def test_the_digest_sees_every_change() -> None:
    changed = [
        THREE[:2],
        THREE[::-1],
        (*THREE[:2], THREE[2].model_copy(update={"target": " "})),
        (*THREE[:2], THREE[2].model_copy(update={"group": ""})),
        (*THREE[:2], THREE[2].model_copy(update={"split": "test"})),
    ]
    assert len({digest(each) for each in [THREE, *changed]}) == 6
    assert digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"id": "x", ', r"Line 2 of .*dev\.jsonl is not valid JSON: .* column 13"),
        (b'{"id": "x"}', r"Line 2 of .*is not an example: messages: field required"),
        (b"\xff", "Line 2 of .*is not UTF-8"),
        (b'{"id": "x", "messages": [], "target": "", "colour": 1}', "colour: unknown key"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, problem: str) -> None:
    path = tmp_path / "dev.jsonl"
    write_examples(path, THREE[:1])
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(DataError, match=problem):
        read_examples(path)


def test_repeated_ids_are_refused(tmp_path: Path) -> None:
    write_examples(tmp_path / "dev.jsonl", [THREE[0], THREE[1], THREE[0]])
    with pytest.raises(DataError, match=r"id 'a' more than once \(lines 1, 3\)"):
        read_examples(tmp_path / "dev.jsonl")


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        read_examples(tmp_path / "dev.jsonl")
    with pytest.raises(DataError, match="cannot be read"):
        read_examples(tmp_path)
    with pytest.raises(WorkbenchError, match="cannot be written"):
        write_examples(tmp_path / "nowhere" / "dev.jsonl", THREE)


def test_a_write_that_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    def breaking() -> object:
        yield THREE[0]
        raise OSError(28, "No space left on device")

    path = tmp_path / "dev.jsonl"
    write_examples(path, THREE)
    with pytest.raises(WorkbenchError, match="No space left"):
        write_examples(path, breaking())  # type: ignore[arg-type]
    assert read_examples(path).items == THREE
    assert len(list(tmp_path.iterdir())) == 1


def test_ids_from_content_depend_on_content_alone() -> None:
    one = example("a")
    assert content_id(one) == content_id(one.model_copy(update={"id": "z", "group": "h", "split": "test"}))
    assert content_id(one) != content_id(example("a", target="other"))
    assert content_id(one) != content_id(example("a", question="other"))


def test_choosing_keeps_the_line_numbers() -> None:
    examples = Examples(THREE, (3, 5, 9), source="dev.jsonl")
    assert examples.at([2, 0]).numbers == (9, 3)
    assert examples[1:].numbers == (5, 9)
    assert examples[0] is THREE[0]
    assert examples.ids == ("a", "b", "c")
    assert {each.split for each in examples.as_split("train")} == {"train"}
    assert Examples(THREE).at([1]).numbers == ()
