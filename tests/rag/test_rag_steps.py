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
from workbench.errors import ConfigError, DataError, NotFound
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


def retrieving(workspace: Path, name: str, **inputs: Any) -> list[Retrieved]:
    """What a ``retrieve`` step with some more settings finds in the index that was made."""
    step = make_step(
        workspace, name, inputs={"passages": 2, "examples": "digest", **inputs},
        files={"examples": "examples.jsonl", "documents": "documents"}, needs={"index": "index-a"},
    )  # fmt: skip
    retrieve(step, embedders=Embedders())
    return found_in(step)


def test_a_ranking_goes_deeper_than_what_is_handed_over(workspace: Path) -> None:
    make_index(Step(workspace / "steps/index-a"), embedders=Embedders())
    plain = retrieving(workspace, "retrieve-plain")
    assert [len(one.ranking) for one in plain[:3]] == [3, 2, 3], "all, but for the example's own document"
    for one in plain[:3]:
        assert one.ranking[:2] == tuple(passage.id for passage in one.passages)
        assert {name.split("#")[0] for name in one.ranking} <= DOCUMENTS.keys()
    thinned = retrieving(workspace, "retrieve-thinned", least_score=0.99)
    assert [one.ranking for one in thinned] == [one.ranking for one in plain], "before any threshold"
    assert {len(one.passages) for one in thinned} == {0}
    assert Step(workspace / "steps/retrieve-thinned").record.facts["nothing_found"] == len(thinned)


def test_a_corpus_with_nothing_for_the_questions_hands_nothing_over(workspace: Path) -> None:
    make_index(Step(workspace / "steps/index-a"), embedders=Embedders())
    write_examples(workspace / "examples.jsonl", [example("q", "zebra zebra zebra?")])
    (found,) = retrieving(workspace, "retrieve-words", search="lexical")
    assert (found.passages, found.ranking) == ((), ())
    (found,) = retrieving(workspace, "retrieve-thinned", least_score=0.1)
    assert found.passages == ()


def test_whole_documents_are_handed_over_as_they_are_in_the_folder(workspace: Path) -> None:
    make_index(Step(workspace / "steps/index-a"), embedders=Embedders())
    settings = {"whole_documents": True, "budget_tokens": 100}
    asked, own, *_ = retrieving(workspace, "retrieve-whole", **settings)
    assert [one.id for one in asked.passages] == ["lamp#whole", "chair#whole", "ferry#whole"]
    assert [one.id for one in own.passages] == ["lamp#whole", "chair#whole"], "not its own"
    assert asked.passages[0].text == DOCUMENTS["lamp"]
    assert asked.ranking[0] == "lamp#1"
    assert asked.seconds is not None


def test_a_reranker_puts_its_order_into_the_ranking(workspace: Path, toy_reranker: Path) -> None:
    make_index(Step(workspace / "steps/index-a"), embedders=Embedders())
    plain, *_ = retrieving(workspace, "retrieve-plain")
    found, *_ = retrieving(workspace, "retrieve-reread", reranker=str(toy_reranker), rerank_from=3)
    assert set(found.ranking) == set(plain.ranking)
    assert [one.score for one in found.passages] == sorted((one.score for one in found.passages), reverse=True)
    assert found.ranking[:2] == tuple(one.id for one in found.passages)
    with pytest.raises(NotFound, match="no-such-reranker"):
        retrieving(workspace, "retrieve-lost", reranker="./no-such-reranker")


def test_the_stretch_around_a_passage_is_handed_over_and_its_passage_ranked(workspace: Path) -> None:
    text = "The lamp costs nine crowns. " * 3 + "The ferry leaves from the harbour on Sunday. " * 3
    (workspace / "documents" / "long.md").write_text(text)
    index = Step(workspace / "steps/index-a")
    record = index.record.model_copy(
        update={"inputs": {**index.record.inputs, "chunk_tokens": 16, "parent_tokens": 64}}
    )
    write_atomically(index.folder / "step.json", record.model_dump_json())
    make_index(index, embedders=Embedders())
    found, *_ = retrieving(workspace, "retrieve-around")
    around = [one for one in found.passages if one.document == "long.md"]
    assert [one.text.count("harbour") for one in around] == [3], "all of it, found by a part"
    assert all("#p" not in name for name in found.ranking)


def test_a_graph_is_built_where_it_is_asked_for_and_said_so(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = Step(workspace / "steps/index-a")
    record = index.record.model_copy(update={"inputs": {**index.record.inputs, "vectors": "hnsw"}})
    write_atomically(index.folder / "step.json", record.model_dump_json())
    make_index(index, embedders=Embedders())
    assert "searched by hnsw, which finds 100.0% of the 10 nearest at" in capsys.readouterr().out
    facts = index.record.facts
    assert (facts["vectors"], facts["recall"]) == ("hnsw", 1.0)
    assert facts["bytes_per_vector"] > 64 * 4
    retrieving(workspace, "retrieve-plain")
    assert Step(workspace / "steps/retrieve-plain").record.facts["recall"] == 1.0
