"""Citations: asked for, learned, read off the answers, and taken off before these are scored."""

from pathlib import Path

import pytest

from recipes import draw as drawing
from recipes.answer import Generated
from recipes.data import PromptPlan, answer_of, conversation, encode_rows
from recipes.draw import read_draws
from recipes.model import load_tokenizer
from recipes.prompting import prompt_plan, read_asked, read_citations, unmarked
from tests.recipes.steps import do, make
from workbench.examples import write_examples
from workbench.run import Passage, Response, Retrieved
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

CITING = PromptPlan("Answer.", cite=True)


def found(example: str) -> Retrieved:
    texts = {"other": "Another thing is red.", "thing": "This thing is red."}
    passages = (Passage(id=f"{name}#1", document=name, text=text, score=0.5) for name, text in texts.items())
    return Retrieved(example=example, passages=tuple(passages))


def test_rows_teach_to_cite_the_passage_that_holds_the_evidence(examples: list[Example]) -> None:
    named = examples[0].model_copy(update={"evidence": ("thing",)})
    assert answer_of(named, CITING, found("e0")) == "red [2]"
    assert answer_of(named, PromptPlan("Answer."), found("e0")) == "red"
    assert answer_of(examples[0], CITING, found("e0")) == "red"
    elsewhere = named.model_copy(update={"evidence": ("gone",)})
    assert answer_of(elsewhere, CITING, found("e0")) == "red"
    own = named.model_copy(update={"target": "red [1]"})
    assert answer_of(own, CITING, found("e0")) == "red [1]"
    assert conversation(named, CITING, found("e0"))[-1]["content"].endswith("Cite the number of the passage.")


def test_the_loss_falls_on_the_mark_too(toy_base: Path, examples: list[Example]) -> None:
    tokenizer = load_tokenizer(toy_base)
    named = [examples[0].model_copy(update={"evidence": ("thing",)})]
    encoded = encode_rows(named, CITING, tokenizer, max_length=999, retrieved={"e0": found("e0")})
    learned = [token for token in encoded.rows[0].labels if token >= 0]
    assert tokenizer.decode(learned) == f"red [2]{tokenizer.eos_token}"


@pytest.fixture
def workspace(tmp_path: Path, examples: list[Example]) -> Path:
    """Four examples with passages, as retrieval leaves them."""
    write_examples(tmp_path / "train.jsonl", examples[:4])
    retrieve = tmp_path / "steps" / "retrieve-a"
    retrieve.mkdir(parents=True)
    write_jsonl(retrieve / "retrieved.jsonl", [found(one.id).model_dump(mode="json") for one in examples[:4]])
    return tmp_path


def citing(workspace: Path, base: Path, kind: str = "answer", **inputs: object) -> Step:
    step = make(workspace, base, kind, f"{kind}-a", needs={"retrieve": "retrieve-a"}, cite=True, **inputs)  # type: ignore[arg-type]
    made = Step(workspace / "steps" / "retrieve-a")
    (made.folder / "step.json").write_text(
        step.record.model_copy(update={"kind": "retrieve", "needs": {}, "status": "done"}).model_dump_json()
    )
    return step


def test_marks_are_read_off_an_answer_and_kept_beside_it(workspace: Path, toy_base: Path) -> None:
    step = citing(workspace, toy_base)
    response = Response(
        example="e0", text="It is red [2]. It is big [1][9].", passages=("other#1", "thing#1"), prompt_tokens=1,
        completion_tokens=1,
    )  # fmt: skip
    read = read_citations(step, response)
    assert read.text == "It is red. It is big."
    assert read.marked == response.text
    assert read.cited == ("thing#1", "other#1")
    plain = make(workspace, toy_base, "answer", "answer-plain")
    assert read_citations(plain, response) == response
    assert unmarked(plain)("[1]") == "[1]"
    assert prompt_plan(step).cite
    assert not prompt_plan(plain).cite


def test_an_answering_step_keeps_what_was_written(workspace: Path, toy_base: Path) -> None:
    step = do(citing(workspace, toy_base, decoding={"max_new_tokens": 4}, timed=0))
    rows = [Response.parse(record, where="test") for record in read_jsonl(step.path("responses.jsonl"))]
    assert len(rows) == 4
    assert all(one.passages == ("other#1", "thing#1") for one in rows)
    assert all(one.marked or not one.text for one in rows)


def test_draws_are_scored_without_their_marks(
    workspace: Path, toy_base: Path, monkeypatch: pytest.MonkeyPatch, examples: list[Example]
) -> None:
    step = citing(
        workspace, toy_base, "draw", metric="exact_match", answers=1, most=4, temperature=1.0, max_new_tokens=4
    )
    marked = [Generated(f"{one.target} [1] indeed [2]" if n else f"{one.target} [1]", 2, "stop") for n, one in
              enumerate(examples[:4])]  # fmt: skip
    monkeypatch.setattr(drawing, "_answers", lambda *_: marked)
    do(step)
    draws = list(read_draws(step.path("draws.jsonl")))
    assert [one.value for one in draws] == [1, 0, 0, 0]
    assert draws[0].text == "red [1]"


def test_confirmed_evidence_is_told_to_those_who_train(workspace: Path, toy_base: Path) -> None:
    step = citing(workspace, toy_base, evidence={"e1": ["thing"]})
    assert [one.evidence for one in read_asked(step)] == [(), ("thing",), (), ()]
