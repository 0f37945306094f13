"""Learning from rewards: the scorers are the rewards, nothing starts without a right answer, resumed is undisturbed."""

from pathlib import Path

import pytest
import torch

from recipes.answer import finished
from recipes.bases import Bases
from recipes.draw import Drawn, keep_passed, pass_at, passed, read_draws
from recipes.model import load
from recipes.rewards import graded, shorter
from tests.recipes.steps import do, make, make_training, same_adapters, stop
from workbench.errors import WorkbenchError
from workbench.examples import write_examples
from workbench.run import Passage, Retrieved
from workbench.stage import Grpo, Lora, RejectionSampling, RewardPart
from workbench.usecase import Example
from workbench.workspace import Step

STAGE = Grpo(
    adapter=Lora(rank=4),
    steps=12,
    prompts=4,
    answers=8,
    batch_size=16,
    max_new_tokens=6,
    learning_rate=2e-2,
    rewards=(RewardPart(metric="regex"), RewardPart(metric="exact_match", weight=0)),
)


def _draw(workspace: Path, base: Path, name: str = "draw-a") -> Step:
    return make(workspace, base, "draw", name, answers=4, most=18, temperature=1.0, max_new_tokens=6)


@pytest.fixture
def asked(tmp_path: Path, examples: list[Example]) -> list[Example]:
    """Requests that are answered right by anything with an e in it."""
    found = [one.model_copy(update={"target": "e"}) for one in examples]
    write_examples(tmp_path / "train.jsonl", found)
    return found


def test_the_reward_rises_and_a_watched_measure_moves_nothing(
    tmp_path: Path, toy_base: Path, asked: list[Example]
) -> None:
    do(_draw(tmp_path, toy_base))
    step = make_training(tmp_path, toy_base, STAGE, passes="draw-a")
    bases = Bases()
    base = bases.get(str(toy_base))
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        before = base.model(input_ids=ids).logits
    do(step, bases)
    rewards = [line["reward"] for line in step.read_progress() if "reward" in line]
    assert len(rewards) == 12
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 0.3
    assert all("reward_spread" in line for line in step.read_progress() if "reward" in line)
    facts = step.record.facts
    assert facts["answers_drawn"] == 12 * 32
    assert 0 < facts["pass_at_1"] < facts["pass_at_4"] <= 1
    with torch.no_grad():
        assert torch.equal(base.model(input_ids=ids).logits, before), "the base is left as it was"
    assert not (step.path("adapter") / "ref").exists()


def test_without_one_right_answer_nothing_is_reinforced(tmp_path: Path, toy_base: Path, asked: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", [one.model_copy(update={"target": "never said"}) for one in asked])
    do(_draw(tmp_path, toy_base))
    step = make_training(tmp_path, toy_base, STAGE, passes="draw-a")
    with pytest.raises(WorkbenchError, match=r"pass@4 = 0") as caught:
        do(step)
    assert "cold start" in caught.value.hint


def test_a_stopped_reinforcement_ends_as_an_undisturbed_one(
    tmp_path: Path, toy_base: Path, asked: list[Example]
) -> None:
    do(_draw(tmp_path, toy_base))
    whole, step = (make_training(tmp_path, toy_base, STAGE, name=f"train-{one}", passes="draw-a") for one in "ab")
    do(whole)
    stop(step, phase="training", at=5)
    do(step)
    assert same_adapters(whole, step)


def test_a_stopped_draw_ends_as_an_undisturbed_one(tmp_path: Path, toy_base: Path, asked: list[Example]) -> None:
    whole, step = (_draw(tmp_path, toy_base, f"draw-{one}") for one in "ab")
    do(whole)
    stop(step, phase="drawing answers")
    left = step.path("draws.jsonl")
    assert 0 < len(list(read_draws(left))) < 18 * 4
    with left.open("a") as out:
        out.write(left.read_text().splitlines()[0] + '\n{"example": "torn')  # As a kill leaves it, amid a part.
    do(step)
    one, other = (list(read_draws(each.path("draws.jsonl"))) for each in (whole, step))
    assert one == other
    assert len(one) == 18 * 4
    assert step.record.facts["pass_at_1"] == pytest.approx(sum(each.value or 0 for each in one) / len(one))
    assert passed(one, 4)["pass_at_4"] == step.record.facts["pass_at_4"]


def test_a_reward_is_the_score_of_the_same_text(toy_base: Path, asked: list[Example]) -> None:
    base = load(str(toy_base))
    tokens = [base.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (" red ", "not it")]
    rows = [[*tokens[0], base.tokenizer.eos_token_id, 7, 7], tokens[1]]
    assert finished(rows[0], base).text == "red"
    by_name = {one.id: one.model_copy(update={"target": "red"}) for one in asked}
    reward = graded("exact_match", by_name, base)
    assert reward(completion_ids=rows, example=[asked[0].id] * 2, prompts=[]) == [1.0, 0.0]
    broken = graded("numeric", by_name, base)
    with pytest.raises(WorkbenchError, match=f"{asked[0].id} can't be graded by numeric"):
        broken(completion_ids=rows, example=[asked[0].id] * 2)


def test_long_answers_lose_reward() -> None:
    reward = shorter(10, 20)
    assert reward(completion_ids=[[1] * n for n in (5, 10, 15, 20)]) == [0, 0, -0.5, -1]


def test_pass_at_k_is_the_chance_of_a_right_one_among_k() -> None:
    assert pass_at(1, 4, 1) == 0.25
    assert pass_at(2, 4, 1) == 0.5
    assert pass_at(4, 4, 1) == 1
    assert pass_at(2, 4, 0) == 0


def test_what_passed_becomes_rows_once_each(asked: list[Example]) -> None:
    examples = [one.model_copy(update={"target": "red"}) for one in asked[:3]]
    names = [one.id for one in examples]
    draws = [
        *(Drawn(names[0], text, 2, "stop", 1.0) for text in ("red", "Red", "red", "RED.")),
        Drawn(names[1], "red", 2, "length", 1.0),
        Drawn(names[1], "blue", 2, "stop", 0.0),
        Drawn(names[2], "red", 2, "stop", None),
    ]
    kept, facts = keep_passed(draws, examples, RejectionSampling(keep=2), passages=None)
    assert [(one.id, one.target) for one in kept] == [(names[0], "red"), (f"{names[0]}~1", "Red")]
    assert (facts["answers_drawn"], facts["answers_passed"], facts["requests_with_none"]) == (7, 4, 2)
    with pytest.raises(WorkbenchError, match="None of 1 answers"):
        keep_passed(draws[-1:], examples, RejectionSampling(), passages=None)


def test_answers_that_no_passage_supports_are_left_out(asked: list[Example]) -> None:
    passages = {
        asked[0].id: Retrieved(
            example=asked[0].id, passages=(Passage(id="d#1", document="d", text="The lamp is red.", score=1),)
        )
    }
    draws = [Drawn(asked[0].id, text, 2, "stop", 1.0) for text in ("red", "Red!", "red velvet")]
    kept, facts = keep_passed(draws, asked[:1], RejectionSampling(supported_only=True, keep=9), passages=passages)
    assert [one.target for one in kept] == ["red", "Red!"]
    assert facts["answers_unsupported"] == 1
