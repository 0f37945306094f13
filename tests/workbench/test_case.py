"""Use cases on disk: whole or not at all, and never by accident replaced."""

from pathlib import Path

import pytest

from workbench.case import Case, cases, create_case, open_case, presets
from workbench.document_kinds import KINDS
from workbench.errors import ConfigError, DataError, NotFound, WorkbenchError
from workbench.pairs import Pair
from workbench.usecase import Example, Message, UseCase
from workbench.workspace import folder_digest

ROW = Example(id="a", messages=(Message(role="user", content="What?"),), target="that")


def make(workspace: Path, **named: object) -> Case:
    return create_case(workspace, UseCase(name="one"), {"train": [ROW], "test": [ROW]}, **named)  # type: ignore[arg-type]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    case = make(tmp_path, documents={"a.md": "A text."})
    assert cases(tmp_path) == (case,)
    assert open_case(tmp_path, "one").use_case.name == "one"
    assert [example.id for example in case.examples("train")] == ["a"]
    assert len(case.examples("dev")) == 0
    assert case.documents
    plain = {"zero-shot", "few-shot", "rag", "sft", "qlora", "rag-sft"}
    assert {candidate.name for candidate in case.candidates()} == plain
    assert case.lacks(presets()["dpo"]) == "preference pairs"
    turns = (Message(role="user", content="What?"),)
    case.freeze_pairs([Pair(id="p", messages=turns, chosen="This.", rejected="That.")])
    assert {candidate.name for candidate in case.suggested()} == {*plain, "dpo", "kto"}


def test_one_of_the_same_name_is_not_replaced_unasked(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(ConfigError, match="already"):
        make(tmp_path)
    assert make(tmp_path, replace=True).documents is None


def test_a_workspace_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "use_cases").write_text("a file where a folder is wanted")
    with pytest.raises(WorkbenchError, match="could not be written"):
        make(tmp_path)


def test_missing_documents_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        make(tmp_path, documents=tmp_path / "nowhere")
    assert cases(tmp_path) == ()
    assert make(tmp_path)


def test_documents_that_cannot_be_read_are_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("slides.key", ".hidden.txt"):
        (folder / name).write_text("x")
    with pytest.raises(DataError, match="holds no file that can be read"):
        make(tmp_path, documents=folder)
    with pytest.raises(DataError, match=r"'slides\.key' is not a document") as caught:
        make(tmp_path, documents=folder / "slides.key")
    assert KINDS in caught.value.hint
    assert cases(tmp_path) == ()
    for name in ("a.zip", "b.pdf", "c.docx", "d.HTML"):
        (folder / name).write_text("x")
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere")
    case = make(tmp_path, documents=folder)
    assert case.documents is not None
    assert {path.name for path in case.documents.iterdir()} >= {"a.zip", "b.pdf", "c.docx", "d.HTML"}
    assert make(tmp_path, documents=folder / "a.zip", replace=True).documents is not None


def test_the_digest_of_documents_that_are_parsed_changes_with_what_parses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make(tmp_path, documents={"a.md": "A text."})
    assert plain.documents is not None
    assert plain.documents_digest() == folder_digest(plain.documents)
    parsed = make(tmp_path, replace=True, documents={"a.html": "<p>A text."})
    before = parsed.documents_digest()
    monkeypatch.setattr("workbench.document_kinds.READING", 99)
    assert parsed.documents_digest() != before


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(NotFound) as caught:
        open_case(tmp_path, "two")
    assert "one" in caught.value.hint


def test_choosing_replaces_what_was_chosen(tmp_path: Path) -> None:
    case = make(tmp_path)
    known = presets()
    case.choose([known["zero-shot"], known["sft"]])
    assert [candidate.name for candidate in case.candidates()] == ["zero-shot", "sft"]
    case.choose([known["few-shot"]])
    assert [candidate.name for candidate in case.candidates()] == ["few-shot"]
    with pytest.raises(ConfigError, match="No candidate"):
        case.choose([])
    with pytest.raises(ConfigError, match="same name"):
        case.choose([known["sft"], known["sft"]])
