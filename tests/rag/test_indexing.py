"""Indexing again touches only what changed, and goes on where it was killed: what the embedder gets is counted."""

import ast
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.embed import Embedder, Vectors, load_embedder
from rag.index import load
from rag.pdf import parse_pdf
from rag.spans import Ruler
from rag.steps import Embedders, make_index
from tests.rag.files import pdf
from workbench.errors import Stopped
from workbench.workspace import Step, StepRecord, read_jsonl, write_atomically

PROJECT = Path(__file__).resolve().parents[2]
THINGS = ("lamp", "chair", "ferry", "bridge", "baker", "desk")


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that the embedder is given as a passage, in order."""
    seen: list[str] = []
    passages = Embedder.passages

    def counting(self: Embedder, texts: Sequence[str], **options: Any) -> Vectors:
        seen.extend(texts)
        return passages(self, texts, **options)

    monkeypatch.setattr(Embedder, "passages", counting)
    return seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six documents of several passages each."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for name in THINGS:
        (documents / f"{name}.md").write_text(told(name))
    return documents


def told(name: str, *, sentences: int = 9) -> str:
    return f"# {name}\n\n" + " ".join(f"The {name} costs {n} crowns on {name}{n}." for n in range(sentences))


Index = Callable[..., Step]


@pytest.fixture
def index(tmp_path: Path, toy_embedder: Path) -> Index:
    """Does an index step of its own each time."""
    count = iter(range(99))
    embedders = Embedders()

    def do(**inputs: Any) -> Step:
        step = waiting(tmp_path, toy_embedder, f"index-{next(count)}", **inputs)
        make_index(step, embedders=embedders)
        return step

    return do


def waiting(workspace: Path, embedder: Path, name: str, **inputs: Any) -> Step:
    step = Step(workspace / "steps" / name)
    wanted = {"chunk_tokens": 24, "chunk_overlap": 4, "embedder": str(embedder), **inputs}
    record = StepRecord(kind="index", key=name, title=name, inputs=wanted, files={"documents": "documents"})
    write_atomically(step.folder / "step.json", record.model_dump_json())
    return step


def passages(step: Step) -> list[dict[str, Any]]:
    return list(read_jsonl(step.path("passages.jsonl")))


def texts_of(step: Step, document: str) -> list[str]:
    return [one["text"] for one in passages(step) if one["document"] == document]


def test_only_what_changed_is_embedded_again(
    folder: Path, index: Index, embedded: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = index()
    assert sorted(embedded) == sorted({one["text"] for one in passages(first)})
    assert "new" not in capsys.readouterr().out
    assert first.record.facts["documents_new"] == 6

    embedded.clear()
    same = index()
    assert embedded == []
    assert same.path("index.faiss").read_bytes() == first.path("index.faiss").read_bytes()
    assert passages(same) == passages(first)
    assert capsys.readouterr().out == f"{len(passages(first))} passages of 6 documents; none is new\n"

    (folder / "harbour.md").write_text(told("harbour"))
    added = index()
    assert sorted(embedded) == sorted(texts_of(added, "harbour.md"))
    assert capsys.readouterr().out.endswith("; 1 of 7 documents is new\n")
    assert (added.record.facts["documents_new"], added.record.facts["documents"]) == (1, 7)
    assert added.record.facts["passages_embedded"] == len(embedded)

    embedded.clear()
    (folder / "lamp.md").write_text(told("lamp").replace("costs 0", "costs 77"))
    changed = index()
    assert embedded == [text for text in texts_of(changed, "lamp.md") if "77" in text]

    embedded.clear()
    (folder / "chair.md").unlink()
    (folder / "ferry.md").rename(folder / "moved.md")
    removed = index()
    assert embedded == []
    assert texts_of(removed, "chair.md") == []
    assert texts_of(removed, "moved.md") == texts_of(first, "ferry.md")
    loaded = load(removed.folder, embedder="e", digest=removed.record.facts["embedder"])
    assert len(loaded.chunks) == len(loaded.vectors) == len(passages(removed))


def test_the_vectors_are_those_of_the_passages_however_they_came(
    folder: Path, index: Index, toy_embedder: Path
) -> None:
    index()
    for name in THINGS[:3]:
        (folder / f"{name}.md").write_text(told(name, sentences=4))
    (folder / "again.csv").write_text("id,text\n1,The lamp costs nine.\n2,The lamp costs nine!\n")
    step = index()
    embedder = load_embedder(str(toy_embedder))
    loaded = load(step.folder, embedder="e", digest=embedder.digest)
    alone = embedder.passages([chunk.text for chunk in loaded.chunks])
    assert np.allclose(loaded.vectors.at(range(len(alone))), alone, atol=1e-6)


def test_other_settings_embed_only_texts_that_were_not_embedded(
    folder: Path, index: Index, embedded: list[str]
) -> None:
    texts = {one["text"] for one in passages(index())}
    embedded.clear()
    step = index(chunk_overlap=0)
    assert not texts & set(embedded)
    assert len(embedded) == len(set(embedded)) < len(passages(step))


def test_documents_are_neither_parsed_nor_cut_twice(
    folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "list.pdf").write_bytes(pdf([["The lamp costs nine crowns."], ["The chair is blue."]]))
    parsed: list[str] = []

    def counting(data: bytes, name: str) -> Any:
        parsed.append(name)
        return parse_pdf(data, name)

    monkeypatch.setattr("rag.reading.parse_pdf", counting)
    monkeypatch.setattr("rag.reading.layout_version", lambda: None)
    first = index()
    assert parsed == ["list.pdf"]
    assert [one["page"] for one in passages(first) if one["document"] == "list.pdf"] == [1]
    monkeypatch.setattr(Ruler, "of", None)
    monkeypatch.setattr(Embedder, "ruler", None)
    shutil.copy(folder / "list.pdf", folder / "twice.pdf")
    again = index()
    assert parsed == ["list.pdf"]
    assert passages(again) == passages(first)


def test_settings_reach_the_passages(folder: Path, index: Index) -> None:
    fixed = index(chunking="fixed")
    assert {one["parent"] for one in passages(fixed)} == {""}
    assert not fixed.path("parents.jsonl").exists()
    assert json.loads(fixed.path("meta.json").read_text())["chunking"] == "fixed"
    nested = index(parent_tokens=60)
    parents = list(read_jsonl(nested.path("parents.jsonl")))
    assert {one["parent"] for one in passages(nested)} == {one["id"] for one in parents}
    assert len(parents) < len(passages(nested))
    assert all(one["heading"] for one in passages(nested))
    assert passages(fixed) != passages(nested)


def test_a_step_that_is_stopped_keeps_what_it_embedded(
    folder: Path, index: Index, embedded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexing.SLICE", 4)
    progress = Step.progress

    def stopping(self: Step, phase: str, *, step: int | None = None, **more: Any) -> None:
        progress(self, phase, step=step, **more)
        if phase == "embedding passages" and step is not None and step >= 12:
            raise Stopped("It was stopped.")

    monkeypatch.setattr(Step, "progress", stopping)
    with pytest.raises(Stopped):
        index()
    done = list(embedded)
    assert len(done) == 12
    embedded.clear()
    monkeypatch.setattr(Step, "progress", progress)
    step = index()
    assert not set(done) & set(embedded)
    assert sorted(done + embedded) == sorted({one["text"] for one in passages(step)})


@pytest.mark.slow
def test_a_step_that_is_killed_embeds_nothing_twice(
    tmp_path: Path, folder: Path, toy_embedder: Path, embedded: list[str]
) -> None:
    for n in range(40):
        (folder / f"more-{n}.md").write_text(told(f"more{n}"))
    step = waiting(tmp_path, toy_embedder, "index-a")
    code = (
        "import sys, time; from pathlib import Path; import rag.indexing, rag.kept_vectors; from rag.embed import "
        "Embedder; from rag.steps import Embedders, make_index; from workbench.workspace import Step\n"
        "rag.indexing.SLICE = rag.kept_vectors.PART = 8; embed = Embedder.passages\n"
        "def passages(self, texts, **more):\n"
        "    open(sys.argv[2], 'a').write(''.join(f'{text!r}\\n' for text in texts)); time.sleep(0.1)\n"
        "    return embed(self, texts, **more)\n"
        "Embedder.passages = passages; make_index(Step(Path(sys.argv[1])), embedders=Embedders())\n"
    )
    texts = tmp_path / "texts"
    line = [sys.executable, "-c", code, str(step.folder), str(texts)]
    process = subprocess.Popen(line, cwd=PROJECT)
    until = time.monotonic() + 300
    while len(list((tmp_path / "cache" / "vectors").rglob("*.safetensors"))) < 5 and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = [ast.literal_eval(line) for line in texts.read_text().splitlines()]
    assert 40 <= len(before) < 100
    assert not step.path("meta.json").exists()
    make_index(step, embedders=Embedders())
    assert len(set(before) & set(embedded)) <= 8, "the batch that was under way when it was killed"
    assert {*before, *embedded} == {one["text"] for one in passages(step)}
    assert not list(step.folder.glob("*.part"))


def test_one_new_document_among_thousands_costs_itself(
    tmp_path: Path, index: Index, embedded: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    rows = [{"id": str(n), "text": f"The lamp {n} costs {n} crowns."} for n in range(2_000)]
    (documents / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    index()
    assert len(embedded) == 2_000
    embedded.clear()
    (documents / "new.txt").write_text("The ferry leaves on Sunday.")
    index()
    assert embedded == ["The ferry leaves on Sunday."]
    assert capsys.readouterr().out.endswith("; 1 of 2,001 documents is new\n")


def test_texts_that_repeat_are_embedded_once(tmp_path: Path, index: Index, embedded: list[str]) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "rows.csv").write_text("id,title,text\n1,Lamp,The lamp is blue.\n2,lamp,The lamp is blue.\n")
    step = index()
    assert embedded == ["The lamp is blue."]
    assert [one["document"] for one in passages(step)] == ["1", "2"]
    vectors = load(step.folder, embedder="e", digest=step.record.facts["embedder"]).vectors
    assert np.array_equal(*vectors.at([0, 1]))
