"""Kinds of documents: one list for the page, the command line, the readers and the keys of steps."""

from pathlib import Path

import pytest

from rag import reading
from workbench import document_kinds
from workbench.document_kinds import DOCUMENT_SUFFIXES, KINDS, LAYOUT_SUFFIXES, files_of, is_readable, reading_of


def test_what_is_accepted_is_what_can_be_read() -> None:
    read = {*reading.PLAIN_SUFFIXES, *reading.TABLE_SUFFIXES, *reading.PARSED_SUFFIXES, reading.ARCHIVE}
    assert read == {*DOCUMENT_SUFFIXES, *LAYOUT_SUFFIXES}
    assert all(suffix in KINDS for suffix in DOCUMENT_SUFFIXES if suffix != ".htm")
    assert is_readable("A Book.PDF")
    assert not is_readable("README")


def test_only_kinds_that_are_parsed_hang_on_what_parses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "b.md", "c.csv", "d.jsonl", ".e.pdf", "f.exe"):
        (tmp_path / name).write_text("x")
    assert reading_of(tmp_path) == ""
    assert sorted(path.name for path in files_of(tmp_path)) == ["a.txt", "b.md", "c.csv", "d.jsonl", "f.exe"]
    (tmp_path / "g.html").write_text("x")
    monkeypatch.setattr(document_kinds, "layout_version", lambda: "1.2")
    assert reading_of(tmp_path) == str(document_kinds.READING)
    (tmp_path / "h.pdf").write_text("x")
    assert reading_of(tmp_path).endswith("1.2")
    monkeypatch.setattr(document_kinds, "layout_version", lambda: None)
    assert reading_of(tmp_path) == str(document_kinds.READING)
