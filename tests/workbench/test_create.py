"""A user's files become a use case, whose training examples can be retrieved from."""

from pathlib import Path

import pytest

from workbench.case import Case, presets
from workbench.create import Files, create_from_files, mend_case, retrieve_solved_examples
from workbench.errors import DataError
from workbench.usecase import UseCase
from workbench.workspace import read_jsonl

THINGS = ("kettle", "lamp", "bicycle", "window", "carpet", "engine", "ladder", "piano", "violin", "camera")


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("text,category\n" + "\n".join(f"{text},{category}" for text, category in rows), encoding="utf-8")
    return path


def made(folder: Path, *, test: list[tuple[str, str]], solved: bool = True) -> Case:
    train = [(f"How do I repair the {thing}?", f"repair_{thing}") for thing in THINGS]
    files = Files(
        train=table(folder / "train.csv", train), test=table(folder / "test.csv", test), solved_examples=solved
    )
    return create_from_files(folder, UseCase(name="repairs"), files).case


def test_solved_examples_are_documents_under_their_own_ids(tmp_path: Path) -> None:
    case = made(tmp_path, test=[("Where is the nearest harbour?", "harbour")])
    documents = {record["id"]: record["text"] for record in read_jsonl(case.solved_examples)}
    assert documents == {
        example.id: f"{example.question}\nAnswer: {example.target}" for example in case.examples("train")
    }


def test_without_them_there_are_no_documents(tmp_path: Path) -> None:
    case = made(tmp_path, test=[("Where is the nearest harbour?", "harbour")], solved=False)
    assert case.documents is None
    assert case.lacks(presets()["rag"]) == "documents"


def test_what_is_mended_away_is_not_retrieved_either(tmp_path: Path) -> None:
    case = made(tmp_path, test=[("How do I repair the kettle?", "repair_kettle")])
    before = {record["text"] for record in read_jsonl(case.solved_examples)}
    assert any("kettle" in text for text in before)
    mend_case(case)
    assert not any("kettle" in record["text"] for record in read_jsonl(case.solved_examples))


@pytest.mark.parametrize(
    ("name", "solved", "sees"),
    [
        ("zero-shot", True, False),
        ("few-shot", False, True),
        ("rag", True, True),
        ("rag", False, False),
        ("sft", False, True),
    ],
)
def test_who_sees_training_answers(tmp_path: Path, name: str, solved: bool, sees: bool) -> None:
    case = made(tmp_path, test=[("Where is the nearest harbour?", "harbour")], solved=solved)
    assert case.sees_training_answers(presets()[name]) is sees


def test_nothing_to_retrieve_from_is_said(tmp_path: Path) -> None:
    case = made(tmp_path, test=[("Where is the nearest harbour?", "harbour")], solved=False)
    case.freeze("train", [])
    with pytest.raises(DataError, match="no solved training examples"):
        retrieve_solved_examples(case)
    assert not case.solved_examples.exists()
