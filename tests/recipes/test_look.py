"""Looks at the development set on the way: true figures, no trace in the training, and the best weights kept."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recipes.bases import Bases
from recipes.data import PromptPlan, Row, encode_rows
from recipes.look import distance, mean_loss
from recipes.model import load
from tests.recipes.steps import do, make, make_training, same_adapters, stop
from workbench.errors import ConfigError
from workbench.examples import write_examples
from workbench.stage import Grpo, Lora, Sft
from workbench.traces import read_samples
from workbench.usecase import Example
from workbench.workspace import Step

STAGE = Sft(adapter=Lora(rank=4), epochs=10, batch_size=5, learning_rate=1e-2, looks=5)


@pytest.fixture
def split(tmp_path: Path, examples: list[Example]) -> Path:
    """Sixteen examples to train on and four to look at."""
    write_examples(tmp_path / "train.jsonl", examples[:16])
    write_examples(tmp_path / "dev.jsonl", examples[16:])
    return tmp_path


def _seen(step: Step, name: str) -> dict[int, float]:
    return {line["step"]: line[name] for line in step.read_progress() if name in line}


def test_it_looks_at_even_steps_and_keeps_what_it_reads(split: Path, toy_base: Path) -> None:
    step = do(make_training(split, toy_base, STAGE))
    total = step.record.facts["optimiser_steps"]
    losses, moved = _seen(step, "dev_loss"), _seen(step, "kl_start")
    assert list(losses) == [-(-total * n // 5) for n in range(1, 6)]
    assert losses[total] < losses[min(losses)]
    assert all(value > 0 for value in moved.values())
    samples = read_samples(step)
    assert [list(one.answers) for one in samples] == [list(losses)] * 3
    assert samples[0].request.startswith("What colour is thing 16")
    bases = Bases()
    with bases.trained(str(toy_base), [step.folder]) as trained:
        rows = encode_rows(_examples(split / "dev.jsonl"), PromptPlan(), trained.tokenizer, max_length=999).rows
        assert mean_loss(trained, rows) == pytest.approx(losses[total], rel=1e-4)


def _examples(path: Path) -> list[Example]:
    return [Example.model_validate(json.loads(line)) for line in path.read_text().splitlines()]


def test_looking_leaves_no_trace_in_the_weights(split: Path, toy_base: Path) -> None:
    often = do(make_training(split, toy_base, STAGE.model_copy(update={"looks": 20}), name="train-a"))
    never = do(make_training(split, toy_base, STAGE.model_copy(update={"looks": 0}), name="train-b"))
    assert same_adapters(often, never)
    assert not _seen(never, "dev_loss")


def test_the_distance_is_zero_at_the_start_and_true_afterwards(split: Path, toy_base: Path) -> None:
    step = do(make_training(split, toy_base, STAGE))
    base = load(str(toy_base))
    prompt, answer = [5, 6, 7], [8, 9]
    with torch.no_grad(), Bases().trained(str(toy_base), [step.folder]) as trained:
        found = distance(trained, [(prompt, answer), (prompt, [])])
        ids = torch.tensor([prompt + answer])
        here = trained.model(input_ids=ids).logits[0, 2:4].log_softmax(-1)
        start = base.model(input_ids=ids).logits[0, 2:4].log_softmax(-1)
        assert found == pytest.approx(float((here.exp() * (here - start)).sum(-1).mean()), rel=1e-4)
        assert distance(base, [(prompt, answer)]) is None, "nothing holds the start of a model that is trained whole"


def test_the_loss_counts_tokens_that_carry_some_and_no_padding(toy_base: Path) -> None:
    base = load(str(toy_base))
    rows = [Row([5, 6, 7, 8], [-100, -100, 7, 8]), Row([9, 10], [-100, 10])]
    with torch.no_grad():
        apart = [mean_loss(base, [row]) for row in rows]
        assert mean_loss(base, rows) == pytest.approx((2 * apart[0] + apart[1]) / 3, rel=1e-5)


def test_the_best_weights_are_kept_where_it_may_stop_early(split: Path, toy_base: Path) -> None:
    hasty = STAGE.model_copy(update={"learning_rate": 0.1, "epochs": 20, "looks": 10, "patience": 2})
    step = do(make_training(split, toy_base, hasty))
    facts, losses = step.record.facts, _seen(step, "dev_loss")
    best = min(losses, key=lambda at: losses[at])
    assert facts["best_step"] == best
    assert facts["stopped_early"] == (max(losses) < 64)
    if facts["stopped_early"]:
        assert facts["optimiser_steps"] == max(losses) < 64
    with Bases().trained(str(toy_base), [step.folder]) as trained, torch.no_grad():
        rows = encode_rows(_examples(split / "dev.jsonl"), PromptPlan(), trained.tokenizer, max_length=999).rows
        assert mean_loss(trained, rows) == pytest.approx(losses[best], rel=1e-4)


def test_a_resumed_training_stops_where_an_undisturbed_one_does(split: Path, toy_base: Path) -> None:
    hasty = STAGE.model_copy(update={"learning_rate": 0.05, "epochs": 20, "looks": 10, "patience": 2})
    undisturbed = do(make_training(split, toy_base, hasty, name="train-a"))
    resumed = make_training(split, toy_base, hasty, name="train-b")
    stop(resumed, phase="training", at=11)
    do(resumed)
    assert same_adapters(undisturbed, resumed)
    for fact in ("best_step", "stopped_early", "optimiser_steps"):
        assert resumed.record.facts[fact] == undisturbed.record.facts[fact]


def test_a_stage_that_is_judged_by_its_answers_stops_by_their_score(split: Path, toy_base: Path) -> None:
    wanted = [one.model_copy(update={"target": "", "check": "e"}) for one in _examples(split / "train.jsonl")]
    write_examples(split / "train.jsonl", wanted)
    write_examples(split / "dev.jsonl", [one.model_copy(update={"id": f"d{one.id}"}) for one in wanted])
    do(make(split, toy_base, "draw", "draw-a", answers=4, most=18, temperature=1.0, max_new_tokens=6))
    stage = Grpo(
        adapter=Lora(rank=4), steps=12, prompts=4, answers=8, batch_size=16, max_new_tokens=6, learning_rate=2e-2,
        looks=4, patience=3,
    )  # fmt: skip
    step = do(make_training(split, toy_base, stage, passes="draw-a"))
    scores = _seen(step, "dev_score")
    assert list(scores) == [3, 6, 9, 12]
    assert step.record.facts["best_step"] == max(scores, key=lambda at: (scores[at], -at))
    assert not _seen(step, "dev_loss"), "there is no solved example to have a loss on"


def test_without_solved_examples_the_answers_decide_when_to_stop(split: Path, toy_base: Path) -> None:
    unsolved = [one.model_copy(update={"target": "", "check": "e"}) for one in _examples(split / "dev.jsonl")]
    write_examples(split / "dev.jsonl", unsolved)
    step = do(make_training(split, toy_base, STAGE.model_copy(update={"patience": 4})))
    assert len(_seen(step, "dev_score")) == 5
    assert step.record.facts["best_step"] in _seen(step, "dev_score")


def test_patience_without_anything_to_go_by_is_refused(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", examples)
    with pytest.raises(ConfigError, match="nothing on the development set"):
        do(make_training(tmp_path, toy_base, STAGE.model_copy(update={"patience": 2})))


def test_patience_that_never_ends_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be less than looks"):
        Sft.parse({"looks": 3, "patience": 3}, where="The stage")


def test_what_carries_loss_is_spelled_out_before_training(split: Path, toy_base: Path) -> None:
    step = do(make_training(split, toy_base, STAGE))
    rows: list[dict[str, Any]] = [json.loads(line) for line in step.path("tokens.jsonl").read_text().splitlines()]
    assert len(rows) == 4
    pieces = rows[0]["pieces"]
    assert [carries for _, carries in pieces][:2] == [False, True]
    assert "What colour is thing 0?" in pieces[0][0]
    assert pieces[1][0].startswith("red") or pieces[1][0].strip().startswith("red")
    first = load_file(step.path("adapter") / "adapter_model.safetensors")
    assert first
