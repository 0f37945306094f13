"""Documents are read whole or listed with their reason, and repeats are dropped in view."""

import json
import os
from pathlib import Path

import pytest

from rag.corpus import read_corpus
from rag.document import Document, fingerprint
from workbench.document_kinds import DOCUMENT_SUFFIXES, layout_version
from workbench.errors import DataError, NotFound


def write(folder: Path, **files: bytes | str) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def rows(*records: dict[str, object]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        faq__returns_DOT_md="# Returns\r\n\r\nWithin 30 days.\r\n",
        notes_DOT_TXT=b"\xef\xbb\xbfCaf\xc3\xa9 Mitte",
        rows_DOT_jsonl=rows(
            {"id": 7, "title": "Lamp", "text": "49 crowns"}, {"body": "no id"}, {"content": "x", "id": "c"}
        ),
        table_DOT_csv='id,title,text\na1,Chair,"Oak,\nblue"\n',
    )
    corpus = read_corpus(folder)
    assert corpus.documents[:2] == (
        Document("faq/returns.md", "# Returns\n\nWithin 30 days."),
        Document("notes.TXT", "Café Mitte"),
    )
    lamp, unnamed, content, chair = corpus.documents[2:]
    assert (lamp, content) == (Document("7", "49 crowns", "Lamp"), Document("c", "x"))
    assert chair == Document("a1", "Oak,\nblue", "Chair")
    assert unnamed.text == "no id"
    assert unnamed.id.startswith("rows.jsonl:")
    assert not corpus.unreadable


def test_what_cannot_be_read_is_listed_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        a_DOT_pdf=b"%PDF-1.7",
        b_DOT_docx=b"no archive",
        c_DOT_txt=b" \n ",
        d_DOT_md=b"PK\x03\x04\x00\xff",
        e_DOT_jsonl='{"text": "fine"}\n{"text": \n',
        f_DOT_csv="question,answer\n1,2\n",
        g_DOT_jsonl=rows({"text": "kept"}, {"text": "  ", "id": "blank"}),
        h_DOT_txt=b"\x00\x01\x02binary",
        README="no ending",
        i_DOT_doc=b"old",
        j_DOT_html=b"<nav>Home</nav>",
        k_DOT_pptx=b"slides",
        l_DOT_zip=b"no archive",
        _DOT_hidden="never mind",
        fine_DOT_txt="Read me.",
    )
    corpus = read_corpus(folder)
    assert [document.text for document in corpus.documents] == ["Read me.", "kept"]
    reasons = {item.name: item.reason for item in corpus.unreadable}
    expected = {
        "README": "no ending",
        "a.pdf": "cannot be read as a PDF",
        "b.docx": "cannot be read as a Word document: it is not a ZIP file inside",
        "c.txt": "is empty",
        "d.md": "ZIP or XLSX",
        "e.jsonl": "Line 2",
        "f.csv": "none of the columns 'text', 'content', 'body'; it has 'question', 'answer'",
        "g.jsonl, line 2": "has no text",
        "h.txt": "zero byte",
        "i.doc": "unknown kind, '.doc'",
        "j.html": "has no text",
        "k.pptx": "is damaged"
        if layout_version()
        else "needs an optional package: pip install 'llm-workbench[layout]'",
        "l.zip": "cannot be read as a ZIP archive",
    }
    assert reasons.keys() == expected.keys()
    for name, part in expected.items():
        assert part in reasons[name], name
        assert not reasons[name].startswith(name), "the name is not said twice"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_listed(tmp_path: Path) -> None:
    write(tmp_path, a_DOT_txt="secret", b_DOT_txt="open")
    (tmp_path / "a.txt").chmod(0)
    assert [(item.name, item.reason) for item in read_corpus(tmp_path).unreadable] == [
        ("a.txt", "cannot be opened: Permission denied")
    ]


def test_nothing_to_read_is_an_error_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        read_corpus(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no documents") as caught:
        read_corpus(tmp_path)
    for kind in DOCUMENT_SUFFIXES:
        assert kind in caught.value.hint or kind == ".htm"
    write(tmp_path, a_DOT_doc="x", b_DOT_txt="", c_DOT_doc="x", d_DOT_doc="x")
    with pytest.raises(DataError, match=r"a\.doc is of an unknown kind.*b\.txt is empty.* and 1 more"):
        read_corpus(tmp_path)


def test_exact_repeats_are_dropped_and_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_DOT_jsonl=rows({"id": "1", "text": "Open at nine."}, {"id": "2", "text": "Open  at\nnine. "}),
        b_DOT_jsonl=rows({"id": "1", "text": "Open at nine."}, {"id": "3", "title": "Sunday", "text": "Open at nine."}),
        c_DOT_txt="Open at nine.",
    )
    corpus = read_corpus(tmp_path)
    assert [document.id for document in corpus.documents] == ["1", "3"], "another title is another document"
    assert corpus.duplicates == (("2", "1"), ("1", "1"), ("c.txt", "1"))


def test_different_documents_with_one_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a_DOT_csv="id,text\n1,lamp\n2,chair\n", b_DOT_csv="id,text\n1,desk\n2,chair\n")
    with pytest.raises(DataError, match="same id: '1'") as caught:
        read_corpus(tmp_path)
    assert "leave the column out" in caught.value.hint


def test_ids_do_not_depend_on_other_documents(tmp_path: Path) -> None:
    write(tmp_path, b_DOT_csv="text\nlamp\nchair\n", c__d_DOT_txt="desk")
    before = {document.text: document.id for document in read_corpus(tmp_path).documents}
    write(tmp_path, a_DOT_txt="ferry", b_DOT_csv="text\nbridge\nchair\nlamp\n")
    after = {document.text: document.id for document in read_corpus(tmp_path).documents}
    assert before.items() < after.items()
    assert len(set(after.values())) == 5


def test_progress_counts_files(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write(tmp_path, a_DOT_txt="lamp", b_DOT_doc="x", c_DOT_txt="chair")
    read_corpus(tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_long_text_has_the_fingerprint_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " \n lamp\u2003chair  " * 50 + "end "
    whole = fingerprint("Shop", text)
    for block in (1, 7, 64):
        monkeypatch.setattr("rag.document.BLOCK", block)
        assert fingerprint("Shop", text) == fingerprint("Shop", f"{' '.join(text.split())}") == whole
    assert fingerprint("Shop", "lamp chair") != fingerprint("Shop", "lampchair")


def test_mixed_languages_stand_side_by_side(tmp_path: Path) -> None:
    texts = {
        "de.txt": "Die Fähre fährt täglich außer sonntags.",
        "ja.txt": "フェリーは毎日運航しています。",
        "ar.txt": "تغادر العبارة كل يوم",
    }
    for (name, text), encoding in zip(texts.items(), ("cp1252", "shift_jis", "utf-16"), strict=True):
        (tmp_path / name).write_bytes(text.encode(encoding))
    assert {one.id: one.text for one in read_corpus(tmp_path).documents} == texts
