"""Questions about an index, answered by the process that keeps it loaded."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from rag.steps import Embedders, make_index
from recipes.lookup import serve
from tests.rag.conftest import toy_embedder  # noqa: F401
from workbench.candidate import Candidate, Prompt, Retrieval
from workbench.engine import do_step
from workbench.examples import write_examples
from workbench.lookup import Lookup
from workbench.usecase import Example, Message
from workbench.workspace import Step, StepRecord, write_atomically

TEXTS = {
    "lamp.txt": "The lamp costs nine crowns.",
    "chair.txt": "The chair is made of blue oak.",
    "ferry.txt": "The ferry leaves from the harbour on Sunday.",
    "desk.txt": "The desk costs five crowns.",
}


@pytest.fixture
def index(tmp_path: Path, toy_embedder: Path) -> Step:  # noqa: F811
    (tmp_path / "documents").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "documents" / name).write_text(text)
    solved = Example(id="s", messages=(Message(role="user", content="What is red?"),), target="The lamp.")
    write_examples(tmp_path / "train.jsonl", [solved])
    step = Step(tmp_path / "steps" / "index-a")
    record = StepRecord(
        kind="index", key="a", title="index", files={"documents": "documents"},
        inputs={"chunk_tokens": 32, "chunk_overlap": 0, "embedder": str(toy_embedder), "documents": "digest"},
    )  # fmt: skip
    write_atomically(step.folder / "step.json", record.model_dump_json())
    embedders = Embedders()
    do_step(step, {"index": lambda one: make_index(one, embedders=embedders)}, packages=[])
    return step


def ask(index: Step, candidate: Candidate, *questions: str) -> list[dict[str, Any]]:
    asked = [
        {"question": question, "candidate": candidate.model_dump(mode="json"), "instruction": "Be brief.",
         "train": str(index.workspace / "train.jsonl")}
        for question in questions
    ]  # fmt: skip
    answers = io.StringIO()
    serve(index, io.StringIO("".join(json.dumps(one) + "\n" for one in asked)), answers)
    ready, *told = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert ready == {"ready": True}
    return told


def test_every_way_is_searched_and_the_prompt_is_the_candidates(index: Step, toy_base: Path) -> None:
    retrieval = Retrieval(search="lexical", passages=2)
    candidate = Candidate(name="x", base_model=str(toy_base), prompt=Prompt(examples=1), retrieval=retrieval)
    (told,) = ask(index, candidate, "What does the lamp cost in crowns?")
    found = Lookup.parse(told, where="here")
    assert {place.id for place in found.dense} == {f"{name}#1" for name in TEXTS}
    assert found.lexical[0].id == "lamp.txt#1"
    assert "ferry.txt#1" in {place.id for place in found.lexical}, "it shares the word 'the'"
    assert found.handed == tuple(place.id for place in found.lexical[:2])
    assert [turn.role for turn in found.turns] == ["system", "user", "assistant", "user"]
    assert found.turns[0].content == "Be brief."
    assert "[1] The lamp costs nine crowns." in found.turns[-1].content
    assert found.turns[-1].content.endswith("Question: What does the lamp cost in crowns?")
    assert found.tokens
    assert "lamp" in found.words
    assert "the" not in found.words, "every passage holds it"


def test_what_a_user_can_mend_is_said_and_the_process_goes_on(index: Step) -> None:
    broken = {"question": "x", "candidate": {"name": "x", "retrieval": {"passages": 0}}, "instruction": "", "train": ""}
    fine = Candidate(name="x", base_model="openai:some", retrieval=Retrieval())
    good = {"question": "lamp", "candidate": fine.model_dump(mode="json"), "instruction": "", "train": ""}
    answers = io.StringIO()
    assert serve(index, io.StringIO(json.dumps(broken) + "\n" + json.dumps(good) + "\n"), answers) == 0
    told = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert "retrieval.passages" in told[1]["message"]
    assert told[2]["tokens"] is None, "nobody has a hosted model's tokenizer"


def test_no_index_is_one_clear_answer(tmp_path: Path) -> None:
    answers = io.StringIO()
    assert serve(Step(tmp_path / "steps" / "index-x"), io.StringIO(""), answers) == 2
    assert "no index" in json.loads(answers.getvalue())["message"]
