"""Archives: their files are read like any others, and what could do harm is refused with its reason."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from rag import archives
from rag.corpus import read_corpus
from rag.document import Document
from tests.rag.files import packed, pdf, word
from workbench.errors import DataError


def reasons(folder: Path) -> dict[str, str]:
    return {item.name: item.reason for item in read_corpus(folder).unreadable}


def test_the_files_of_an_archive_are_documents_below_its_name(tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(
        packed(
            {
                "faq/hours.md": "# Hours\n\nNine to five.",
                "rows.jsonl": '{"id": "7", "text": "lamp"}',
                "list.pdf": pdf([["Prices."]]),
                "hand.docx": word(("Normal", "Book.")),
                "page.html": "<p>Web.</p>",
                "__MACOSX/._x.txt": "no",
                ".hidden/y.txt": "no",
                "z.exe": b"MZ",
            }
        )
    )
    corpus = read_corpus(tmp_path)
    assert {one.id: one.text for one in corpus.documents} == {
        "all.zip/faq/hours.md": "# Hours\n\nNine to five.",
        "7": "lamp",
        "all.zip/list.pdf": "Prices.",
        "all.zip/hand.docx": "Book.",
        "all.zip/page.html": "Web.",
    }
    assert reasons(tmp_path) == {"all.zip/z.exe": "is of an unknown kind, '.exe'"}


def test_harmful_files_are_refused_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("fine.txt", "../up.txt", "/etc/passwd.txt", "C:/drive.txt", "a/../../b.txt", "..\\back.txt"):
            archive.writestr(name, f"text of {name}")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", packed({"a.txt": "x"}))
        archive.writestr("bomb.txt", b"\0" * (archives.RATIO_FROM + 1))
        archive.writestr("twice.txt", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("twice.txt", "two")
        # Enough that cannot be packed, so that the archive as a whole is not suspicious.
        archive.writestr("noise.bin", bytes(range(256)) * 400, zipfile.ZIP_STORED)
    (tmp_path / "all.zip").write_bytes(out.getvalue())
    corpus = read_corpus(tmp_path)
    assert [one.id for one in corpus.documents] == ["all.zip/fine.txt", "all.zip/twice.txt"]
    found = reasons(tmp_path)
    for name in ("../up.txt", "/etc/passwd.txt", "C:/drive.txt", "a/../../b.txt", "..\\back.txt"):
        assert found[f"all.zip/{name}"] == "leads out of the archive", name
    assert found["all.zip/link.txt"] == "is a link, not a file"
    assert "archive in an archive" in found["all.zip/inner.zip"]
    assert "times its size" in found["all.zip/bomb.txt"]
    assert found["all.zip/twice.txt"] == "stands twice in the archive"
    assert not (tmp_path.parent / "up.txt").exists()


def test_archives_that_are_too_large_are_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("fine")
    (tmp_path / "bomb.zip").write_bytes(packed({f"{n}.txt": b"\0" * 2**22 for n in range(4)}))
    assert "would unpack to" in reasons(tmp_path)["bomb.zip"]
    (tmp_path / "bomb.zip").write_bytes(packed({f"{n}.txt": f"text {n}" for n in range(9)}))
    monkeypatch.setattr(archives, "MOST_FILES", 8)
    assert reasons(tmp_path)["bomb.zip"] == "holds 9 files, more than 8"
    monkeypatch.setattr(archives, "MOST_FILES", 9)
    monkeypatch.setattr(archives, "MOST_OF_ONE", 5)
    assert len(reasons(tmp_path)) == 9
    monkeypatch.setattr(archives, "MOST_BYTES", 20)
    assert "GB" in reasons(tmp_path)["bomb.zip"]


def test_a_file_that_holds_more_than_it_says_is_not_unpacked_further(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": "x" * 1000, "b.txt": "fine"}))
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    (tmp_path / "all.zip").write_bytes(bytes(data))
    assert [one.id for one in read_corpus(tmp_path).documents] == ["all.zip/b.txt"]
    assert "cannot be unpacked" in reasons(tmp_path)["all.zip/a.txt"]


def test_encrypted_and_damaged_files_are_refused(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": "secret", "b.txt": "fine " * 50}))
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flag] |= archives.ENCRYPTED
    (tmp_path / "all.zip").write_bytes(bytes(data))
    assert reasons(tmp_path) == {"all.zip/a.txt": "is encrypted; pack it without a password"}
    place = data.index(b"b.txt") + 8
    data[place : place + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "all.zip").write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"b\.txt cannot be unpacked"):
        read_corpus(tmp_path)


def test_names_that_cannot_be_shown_are_made_safe() -> None:
    assert archives._shown("a\x1b[2J\n.txt") == "a?[2J?.txt"


def test_an_archive_within_the_folder_is_one_file_among_others(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("lamp")
    (tmp_path / "b.zip").write_bytes(packed({"a.txt": "chair", "c.txt": "lamp"}))
    corpus = read_corpus(tmp_path)
    assert corpus.documents == (Document("a.txt", "lamp"), Document("b.zip/a.txt", "chair"))
    assert corpus.duplicates == (("b.zip/c.txt", "a.txt"),)
