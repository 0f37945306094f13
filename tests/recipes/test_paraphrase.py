"""Documents in other words: all of them, each time anew, and only what is a paraphrase."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from recipes import endpoint
from recipes.paraphrase import read_paraphrases
from tests.judge_server import Server, serving
from tests.recipes.steps import do, make, make_training
from workbench.errors import ConfigError, WorkbenchError
from workbench.stage import Cpt, Helper, Lora
from workbench.workspace import Step, read_jsonl

TEXTS = {"lamp.md": "The lamp is red and costs nine crowns.", "cup.md": "The cup is blue and holds one litre."}


@pytest.fixture
def server() -> Iterator[Server]:
    """Turns the words of a text around, with a number, so that no two replies are the same."""
    numbers = count()

    def reply(question: str) -> str:
        text = question.split("\n\n", 1)[1]
        return f"{' '.join(reversed(re.findall(r'[A-Za-z]+', text)))} {next(numbers)}"

    with serving(reply) as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "documents" / name).write_text(text)
    return tmp_path


def _step(workspace: Path, base: Path, server: Server, *, times: int = 3, name: str = "paraphrase-a") -> Step:
    named = Helper(model="some-model", endpoint=server.url).model_dump(mode="json")
    return make(workspace, base, "paraphrase", name, paraphrases=times, paraphraser=named)


def test_every_document_is_told_again_and_trained_on(workspace: Path, toy_base: Path, server: Server) -> None:
    step = do(_step(workspace, toy_base, server))
    assert step.record.facts["paraphrases"] == 6
    assert len(read_paraphrases(step)) == 6
    assert server.asked[0]["temperature"] == 0.8
    stage = Cpt(adapter=Lora(rank=4), epochs=2, batch_size=2, max_length=64)
    alone = do(make_training(workspace, toy_base, stage, name="train-a"))
    wordy = stage.model_copy(update={"paraphrases": 3, "paraphraser": Helper(model="m", endpoint=server.url)})
    both = do(make_training(workspace, toy_base, wordy, name="train-b", paraphrases=step.name))
    assert both.record.facts["tokens"] > 2 * alone.record.facts["tokens"]


def test_it_goes_on_where_it_stopped(
    workspace: Path, toy_base: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.paraphrase.TEXTS_PER_PART", 2)
    monkeypatch.setattr(endpoint, "ATTEMPTS", 1)
    step = _step(workspace, toy_base, server)
    server.statuses = [200, 200, 500]
    monkeypatch.setattr(endpoint, "AT_ONCE", 1)
    with pytest.raises(WorkbenchError, match="can't be reached"):
        do(step)
    assert len(list(read_jsonl(step.path("paraphrases.jsonl")))) == 2
    do(step)
    lines = list(read_jsonl(step.path("paraphrases.jsonl")))
    assert sorted((line["document"], line["number"]) for line in lines) == sorted(
        (name, number) for name in TEXTS for number in range(3)
    )


def test_what_is_no_paraphrase_is_left_out(workspace: Path, toy_base: Path, server: Server) -> None:
    server.reply = lambda question: "No."
    with pytest.raises(WorkbenchError, match="Only 0 of 6 paraphrases say anything"):
        do(_step(workspace, toy_base, server))


def test_paraphrases_need_somebody() -> None:
    with pytest.raises(ConfigError, match="need a paraphraser"):
        Cpt.parse({"paraphrases": 2}, where="The stage")
