"""Learning from a teacher, and from a reward model: nearer to the teacher, and only to one that shares the tokens."""

from pathlib import Path
from typing import Any

import pytest

from recipes.distill import require_same_vocabulary
from recipes.model import load
from tests.recipes.steps import do, make
from workbench.candidate import Decoding
from workbench.errors import ConfigError
from workbench.examples import write_examples
from workbench.pairs import Pair, write_pairs
from workbench.stage import Distill, Full, Lora, RejectionSampling, Reward, Rlhf, Sft, Stage
from workbench.usecase import Example
from workbench.workspace import Step, StepKind, read_jsonl


def _step(workspace: Path, base: Path, kind: StepKind, name: str, needs: dict[str, str], **inputs: Any) -> Step:
    return do(make(workspace, base, kind, name, needs=needs, **inputs))


def _stage(stage: Stage) -> dict[str, Any]:
    return stage.model_dump(mode="json")


@pytest.fixture
def teacher(tmp_path: Path, toy_base: Path, examples: list[Example]) -> Path:
    """The toy after it has learned the examples: a folder in Hugging Face format."""
    write_examples(tmp_path / "train.jsonl", examples)
    stage = Sft(adapter=Full(), epochs=30, batch_size=5, learning_rate=2e-3)
    return _step(tmp_path, toy_base, "train", "train-teacher", {}, stage=_stage(stage)).path("weights")


def _texts(step: Step) -> list[str]:
    return [str(record["text"]) for record in read_jsonl(step.path("responses.jsonl"))]


@pytest.mark.parametrize("divergence", ["reverse", "forward", "middle"])
def test_on_policy_the_student_comes_near_the_teacher(
    tmp_path: Path, toy_base: Path, teacher: Path, divergence: str
) -> None:
    stage = Distill(
        adapter=Lora(rank=16),
        teacher=str(teacher),
        mode="on-policy",
        divergence=divergence,  # type: ignore[arg-type]
        epochs=25,
        batch_size=5,
        max_new_tokens=6,
        learning_rate=5e-3,
    )
    step = _step(tmp_path, toy_base, "train", "train-a", {}, stage=_stage(stage))
    losses = [line["loss"] for line in step.read_progress() if "loss" in line]
    assert len(losses) == step.record.facts["optimiser_steps"] == 100
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_off_policy_the_teachers_answers_become_the_rows(tmp_path: Path, toy_base: Path, teacher: Path) -> None:
    decoding = Decoding(max_new_tokens=8).model_dump(mode="json")
    taught = _step(tmp_path, teacher, "answer", "answer-a", {}, decoding=decoding, timed=0)
    stage = Distill(adapter=Full(), teacher=str(teacher), epochs=30, batch_size=5, learning_rate=2e-3)
    step = _step(tmp_path, toy_base, "train", "train-a", {"rows": taught.name}, stage=_stage(stage))
    facts = step.record.facts
    assert facts["rows"] + facts["answers_unfinished"] == 20
    assert facts["rows"] >= 5
    asked = {"decoding": decoding, "timed": 0}
    before = _step(tmp_path, toy_base, "answer", "answer-b", {}, **asked)
    after = _step(tmp_path, toy_base, "answer", "answer-c", {"train-1": step.name}, **asked)
    wanted = _texts(taught)
    agree = [sum(map(str.__eq__, wanted, _texts(one))) for one in (before, after)]
    assert agree[0] == 0
    assert agree[1] >= 15


def test_a_teacher_with_other_tokens_is_refused(toy_base: Path) -> None:
    base = load(str(toy_base))
    require_same_vocabulary(base, base, "itself")
    other = load("pocket")
    with pytest.raises(ConfigError, match="another vocabulary") as caught:
        require_same_vocabulary(base, other, "pocket")
    assert "off-policy" in caught.value.hint


def test_a_reward_model_is_learned_from_and_watched(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", [one.model_copy(update={"target": "e"}) for one in examples])
    pairs = [Pair(id=one.id, messages=one.messages, chosen="red red red", rejected="blue") for one in examples]
    write_pairs(tmp_path / "pairs.jsonl", pairs)
    learner = Reward(adapter=Lora(rank=4), epochs=10, learning_rate=1e-3)
    reward = _step(tmp_path, toy_base, "train", "train-reward", {}, stage=_stage(learner))
    asked = {"answers": 4, "most": 18, "temperature": 1.0, "max_new_tokens": 6}
    passes = _step(tmp_path, toy_base, "draw", "draw-a", {}, **asked)
    stage = Rlhf(
        adapter=Lora(rank=4), steps=10, prompts=4, answers=4, batch_size=16, max_new_tokens=6, learning_rate=1e-2
    )
    needs = {"passes": passes.name, "reward": reward.name}
    step = _step(tmp_path, toy_base, "train", "train-a", needs, stage=_stage(stage))
    lines = [line for line in step.read_progress() if "reward" in line]
    assert len(lines) == 10
    assert sum(line["reward"] for line in lines[-3:]) > sum(line["reward"] for line in lines[:3])
    assert {"kl", "reward_reward_model", "reward_regex"} <= lines[0].keys()
    assert not (step.path("adapter") / "ref").exists()


def test_answers_that_pass_are_trained_on(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", [one.model_copy(update={"target": "e"}) for one in examples])
    asked = {"answers": 8, "most": 99, "temperature": 1.0, "max_new_tokens": 30}
    draws = _step(tmp_path, toy_base, "draw", "draw-a", {}, **asked)
    stage = RejectionSampling(adapter=Lora(rank=4), epochs=6, batch_size=5, learning_rate=1e-2)
    step = _step(tmp_path, toy_base, "train", "train-a", {"rows": draws.name}, stage=_stage(stage))
    facts = step.record.facts
    assert facts["answers_drawn"] == 160
    assert facts["rows"] == facts["rows_kept"] <= 40
    losses = [line["loss"] for line in step.read_progress() if "loss" in line]
    assert losses[-1] < losses[0]
