"""The embedder is tuned on questions and the passages that answer them: better, resumed, the same by its seed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rag.steps import Embedders, make_index, retrieve
from rag.tuning import tune_embedder
from tests.rag.conftest import WORDS
from tests.rag.test_rag_steps import example, found_in, make_step
from workbench.candidate import EmbedderTuning
from workbench.engine import do_step
from workbench.errors import DataError, Stopped, WorkbenchError
from workbench.examples import write_examples
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

ASKED, TOLD = WORDS.split()[:12], WORDS.split()[12:24]
"""Each question is about a word that its document does not have, so that only training can bring them together."""
HOW = ("What is the {}?", "Where is the {}?", "Who is the {}?", "How is my {}?")


def _examples(how: str, name: str, *, evidence: bool = True) -> list[Example]:
    return [
        example(f"{name}-{n}", how.format(word)).model_copy(
            update={"target": f"It is {TOLD[n]}.", "evidence": (f"d{n}",) if evidence else ()}
        )
        for n, word in enumerate(ASKED)
    ]


@pytest.fixture
def workspace(tmp_path: Path, toy_embedder: Path) -> Path:
    (tmp_path / "documents").mkdir()
    write_jsonl(
        tmp_path / "documents" / "all.jsonl", [{"id": f"d{n}", "text": f"It is {word}."} for n, word in enumerate(TOLD)]
    )
    write_examples(tmp_path / "train.jsonl", [one for n, how in enumerate(HOW[:3]) for one in _examples(how, f"t{n}")])
    write_examples(tmp_path / "dev.jsonl", _examples(HOW[3], "dev"))
    write_examples(tmp_path / "test.jsonl", _examples("When is the {}?", "test"))
    inputs = {"chunk_tokens": 16, "chunk_overlap": 0, "embedder": str(toy_embedder), "documents": "digest"}
    files = {"documents": "documents"}
    _do(make_step(tmp_path, "index-a", inputs=inputs, files=files))
    make_step(tmp_path, "index-b", inputs=inputs, files=files, needs={"embedder": "embedder-a"})
    for name, index in (("a", "index-a"), ("b", "index-b")):
        make_step(
            tmp_path, f"retrieve-{name}", inputs={"passages": 1, "examples": "x"}, files={"examples": "test.jsonl"},
            needs={"index": index},
        )  # fmt: skip
    return tmp_path


def _tuning(workspace: Path, name: str = "embedder-a", *, dev: bool = True, **settings: Any) -> Step:
    wanted = {"epochs": 12, "learning_rate": 0.1, "batch_size": 12, "patience": None} | settings
    files = {"examples": "train.jsonl"} | ({"dev": "dev.jsonl"} if dev else {})
    return make_step(
        workspace, name, inputs={"tuning": EmbedderTuning(**wanted).model_dump()}, files=files,
        needs={"index": "index-a"},
    )  # fmt: skip


def _do(step: Step) -> Step:
    embedders = Embedders()
    do: dict[str, Callable[[Step], None]] = {
        "embedder": tune_embedder,
        "index": partial(make_index, embedders=embedders),
        "retrieve": partial(retrieve, embedders=embedders),
    }
    do_step(step, do, packages=[])
    return step


def _weights(step: Step) -> torch.Tensor:
    (path,) = step.path("model").rglob("model.safetensors")
    (weights,) = load_file(path).values()
    return weights


def test_questions_find_their_passages_afterwards(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    step = _do(_tuning(workspace))
    facts = step.record.facts
    assert (facts["pairs"], facts["without_a_passage"], facts["dev_questions"]) == (36, 0, 12)
    assert facts["dev_recall_before"] < 0.5 < 0.9 < facts["dev_recall"]
    assert "now" in capfd.readouterr().out
    losses = [line["loss"] for line in step.read_progress() if "loss" in line]
    assert len(losses) == facts["optimiser_steps"] == 36
    assert sum(losses[-6:]) < sum(losses[:6])
    looks = [line["step"] for line in read_jsonl(step.path("looks.jsonl"))]
    assert looks == [0, 9, 18, 27, 36]
    assert not step.path("checkpoints").exists()
    assert not [path for path in step.folder.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")], "no pickles"
    before, index, after = (_do(Step(workspace / "steps" / name)) for name in ("retrieve-a", "index-b", "retrieve-b"))
    right = [
        sum(found.passages[0].document == f"d{n}" for n, found in enumerate(found_in(one))) for one in (before, after)
    ]
    assert right[0] < 6 < 11 <= right[1]
    assert index.record.facts["embedder"] != Step(workspace / "steps/index-a").record.facts["embedder"]


def test_stopped_and_resumed_it_is_what_it_would_have_been(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _do(_tuning(workspace, looks=3, epochs=4))
    again = _do(_tuning(workspace, "embedder-b", looks=3, epochs=4))
    assert torch.equal(_weights(whole), _weights(again))
    stopped = _tuning(workspace, "embedder-c", looks=3, epochs=4)
    report = Step.report

    def stopping(self: Step, phase: str, **figures: Any) -> None:
        report(self, phase, **figures)
        if figures.get("step") == 5 and phase == "tuning the embedder":
            self.ask_to_stop()

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(Step, "report", stopping)
        _do(stopped)
    assert stopped.status == "stopped"
    assert not stopped.path("model").exists()
    _do(stopped)
    lines = [line["step"] for line in stopped.read_progress() if "loss" in line]
    assert len(lines) < 12 + 3, "it went on from its checkpoint"
    assert torch.equal(_weights(whole), _weights(stopped))
    other = _do(_tuning(workspace, "embedder-d", looks=3, epochs=4, seed=1))
    assert not torch.equal(_weights(whole), _weights(other))


def test_it_stops_where_nothing_gets_better_and_keeps_the_best(workspace: Path) -> None:
    perfect = _do(_tuning(workspace, epochs=40, looks=20, patience=2)).record.facts
    assert perfect["optimiser_steps"] == perfect["kept_step"] < 120, "nothing could be better"
    never = example("never", HOW[3].format(ASKED[0])).model_copy(update={"target": "x", "evidence": ("d7",)})
    write_examples(workspace / "dev.jsonl", [*_examples(HOW[3], "dev"), never])
    step = _do(_tuning(workspace, "embedder-b", epochs=40, looks=20, patience=2))
    facts = step.record.facts
    assert facts["optimiser_steps"] < 120
    looks = {line["step"]: line["mrr"] for line in read_jsonl(step.path("looks.jsonl"))}
    assert looks[facts["kept_step"]] == max(looks.values())
    assert list(looks)[-1] > facts["kept_step"]


def test_one_that_only_gets_worse_is_left_as_it_was(workspace: Path, toy_embedder: Path) -> None:
    turned = [
        one.model_copy(update={"evidence": (f"d{(n + 5) % 12}",), "target": "It is not told."})
        for n, one in enumerate(_examples(HOW[0], "t"))
    ]
    write_examples(workspace / "train.jsonl", turned)
    same = [
        one.model_copy(update={"messages": example("x", f"Is it {TOLD[n]}?").messages})
        for n, one in enumerate(_examples(HOW[3], "dev"))
    ]
    write_examples(workspace / "dev.jsonl", same)
    step = _do(_tuning(workspace))
    assert step.record.facts["kept_step"] == 0
    (before,) = load_file(next(toy_embedder.rglob("model.safetensors"))).values()
    assert torch.equal(_weights(step), before)


def test_answers_name_the_passage_where_no_evidence_does(workspace: Path) -> None:
    write_examples(workspace / "train.jsonl", _examples(HOW[0], "t", evidence=False))
    step = _do(_tuning(workspace, dev=False, epochs=1, hard_negatives=0))
    assert (step.record.facts["pairs"], step.record.facts["dev_questions"]) == (12, 0)
    assert "dev_recall" not in step.record.facts
    assert step.path("model").is_dir()


def test_evidence_that_people_confirmed_counts(workspace: Path) -> None:
    bare = [one.model_copy(update={"target": "yes", "evidence": ()}) for one in _examples(HOW[0], "t")]
    write_examples(workspace / "train.jsonl", bare)
    write_examples(workspace / "dev.jsonl", [bare[0].model_copy(update={"id": "dev-0"})])
    step = _tuning(workspace, epochs=1)
    told = {f"t-{n}": [f"d{n}"] for n in range(10)}
    step.update(inputs=step.record.inputs | {"evidence": told, "dev_evidence": {"dev-0": ["d0"]}})
    facts = _do(step).record.facts
    assert (facts["pairs"], facts["without_a_passage"], facts["dev_questions"]) == (10, 2, 1)


def test_too_few_pairs_are_refused(workspace: Path) -> None:
    write_examples(
        workspace / "train.jsonl",
        [one.model_copy(update={"target": "yes", "evidence": ()}) for one in _examples(HOW[0], "t")],
    )
    with pytest.raises(DataError, match="only 0 say which passage answers"):
        _do(_tuning(workspace))


def test_a_loss_that_is_no_number_stops_it(workspace: Path) -> None:
    with pytest.raises(WorkbenchError, match="finite number"):
        _do(_tuning(workspace, learning_rate=1e38))
