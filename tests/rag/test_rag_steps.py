"""The steps of retrieval, in this process and as ``python -m rag``."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.embed import load_embedder
from rag.steps import TIMED, Embedders, make_index, retrieve
from tests.rag.files import pdf
from workbench.errors import ConfigError, DataError
from workbench.examples import write_examples
from workbench.run import Retrieved
from workbench.usecase import Example, Message
from workbench.workspace import Step, StepRecord, read_jsonl, write_atomically

PROJECT = Path(__file__).resolve().parents[2]
SCANNED = "has no text: 2 pages are pictures; run OCR first"
DOCUMENTS = {
    "lamp": "The lamp costs nine crowns.",
    "chair": "The chair is made of blue oak.",
    "ferry": "The ferry leaves from the harbour on Sunday.",
}


def example(identity: str, question: str) -> Example:
    earlier = (Message(role="user", content="Hello, baker of bread!"), Message(role="assistant", content="Hello."))
    return Example(id=identity, messages=(*earlier, Message(role="user", content=question)), target="x")


def make_step(workspace: Path, name: str, **fields: Any) -> Step:
    step = Step(workspace / "steps" / name)
    record = StepRecord(kind=name.split("-")[0], key=name.split("-")[1], title=name, **fields)  # type: ignore[arg-type]
    write_atomically(step.folder / "step.json", record.model_dump_json())
    return step


@pytest.fixture
def workspace(tmp_path: Path, toy_embedder: Path) -> Path:
    """Three documents in a table and one that cannot be read, examples about them, and the steps."""
    documents = tmp_path / "documents"
    documents.mkdir()
    rows = [{"id": key, "text": text} for key, text in DOCUMENTS.items()]
    (documents / "shop.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (documents / "the-lamp-again.txt").write_text("The lamp  costs nine crowns.")
    (documents / "scan.pdf").write_bytes(pdf([None, None]))
    asked = [example("q1", "What does the lamp cost?"), example("ferry", "When does the ferry leave the harbour?")]
    asked += [example(f"more-{n}", "Is the chair of oak?") for n in range(TIMED)]
    write_examples(tmp_path / "examples.jsonl", asked)
    inputs = {"chunk_tokens": 32, "chunk_overlap": 0, "embedder": str(toy_embedder), "documents": "digest"}
    make_step(tmp_path, "index-a", inputs=inputs, files={"documents": "documents"})
    make_step(
        tmp_path,
        "retrieve-b",
        inputs={"passages": 2, "examples": "digest"},
        files={"examples": "examples.jsonl"},
        needs={"index": "index-a"},
    )
    return tmp_path


def found_in(step: Step) -> list[Retrieved]:
    return [Retrieved.parse(record, where="test") for record in read_jsonl(step.path("retrieved.jsonl"))]


@pytest.mark.slow
def test_two_steps_from_the_command_line(workspace: Path) -> None:
    steps = [workspace / "steps" / name for name in ("index-a", "retrieve-b")]
    command = [sys.executable, "-W", "error::UserWarning", "-m", "rag", *map(str, steps)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=500)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    index, retrieved = map(Step, steps)
    assert [index.status, retrieved.status] == ["done", "done"]

    facts = index.record.facts
    assert (facts["documents"], facts["duplicates"], facts["passages"], facts["unreadable"]) == (3, 1, 3, 1)
    assert facts["unreadable_files"] == [{"name": "scan.pdf", "reason": SCANNED}]
    assert facts["phase_seconds"].keys() == {"reading", "loading", "chunking", "embedding", "writing"}
    assert (index.folder / "log.txt").read_text() == (
        f"3 passages of 3 documents; repeats left out: 1; not read: 1 (scan.pdf {SCANNED})\n"
    ), "nothing that a library says of itself"
    assert index.record.provenance["packages"]["faiss-cpu"]
    assert {line["phase"] for line in index.read_progress()} >= {"loading the embedder", "embedding passages"}

    found = found_in(retrieved)
    assert [one.example for one in found[:3]] == ["q1", "ferry", "more-0"]
    assert found[0].passages[0].text == DOCUMENTS["lamp"]
    assert found[2].passages[0].text == DOCUMENTS["chair"]
    assert {len(one.passages) for one in found} == {2}
    assert "ferry" not in {passage.document for passage in found[1].passages}, "the example's own document"
    assert "ferry" in {passage.document for passage in found[0].passages + found[2].passages}
    assert all(one.seconds and one.seconds > 0 for one in found[:TIMED])
    assert [one.seconds for one in found[TIMED:]] == [None] * 2
    assert retrieved.record.facts["own_document_excluded"] == 1


def test_steps_share_one_embedder_and_the_order_of_timing_changes_nothing(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedders, index, retrieving = Embedders(), Step(workspace / "steps/index-a"), Step(workspace / "steps/retrieve-b")
    make_index(index, embedders=embedders)
    loaded = embedders.get(index.record.inputs["embedder"])
    index.update(status="done")
    retrieve(retrieving, embedders=embedders)
    assert embedders.get(index.record.inputs["embedder"]) is loaded
    with_times = found_in(retrieving)
    monkeypatch.setattr("rag.steps.TIMED", 0)
    retrieve(retrieving, embedders=embedders)
    without = found_in(retrieving)
    assert [one.passages for one in with_times] == [one.passages for one in without]
    assert {one.seconds for one in without} == {None}


def test_an_embedder_that_changed_since_is_refused(workspace: Path, toy_embedder: Path) -> None:
    index = Step(workspace / "steps/index-a")
    make_index(index, embedders=Embedders())
    meta = json.loads(index.path("meta.json").read_text())
    index.path("meta.json").write_text(json.dumps({**meta, "digest": "sha256:other"}))
    with pytest.raises(ConfigError, match="another embedder"):
        retrieve(Step(workspace / "steps/retrieve-b"), embedders=Embedders())


def test_passages_longer_than_the_embedder_reads_are_refused(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.steps.load_embedder", lambda name: replace(load_embedder(name), longest=20))
    with pytest.raises(ConfigError, match="32 tokens are longer than the 20") as caught:
        make_index(Step(workspace / "steps/index-a"), embedders=Embedders())
    assert "chunk_tokens to 20" in caught.value.hint


def test_documents_that_cannot_be_read_fail_before_anything_is_loaded(workspace: Path) -> None:
    for path in (workspace / "documents").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="no documents"):
        make_index(Step(workspace / "steps/index-a"), embedders=Embedders())
