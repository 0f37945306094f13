"""Fine-tuning: the base is left as it was, LoRA starts as the base, 4-bit weights are 4-bit, kills are resumed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import get_peft_model
from safetensors.torch import load_file

from recipes.bases import Bases
from recipes.data import PromptPlan, encode_rows
from recipes.model import Base, load
from recipes.training import COMPLETE, last_checkpoint, lora_config, order
from tests.recipes.steps import do, make_training, same_adapters, stop
from workbench.errors import WorkbenchError
from workbench.examples import write_examples
from workbench.learning_rates import learning_rate
from workbench.stage import Full, Lora, Qlora, Sft
from workbench.usecase import Example
from workbench.workspace import Step


def _train_step(workspace: Path, base: Path, examples: list[Example], stage: Sft, *, name: str = "train-a") -> Step:
    write_examples(workspace / "train.jsonl", examples)
    return make_training(workspace, base, stage, name=name)


def _logits(base: Base) -> torch.Tensor:
    with torch.no_grad():
        return base.model(input_ids=torch.arange(5, 25)[None]).logits


@pytest.mark.parametrize("adapter", [Lora(rank=4), Full()], ids=["lora", "full"])
def test_training_lowers_the_loss_and_leaves_weights(
    tmp_path: Path, toy_base: Path, examples: list[Example], adapter: Any
) -> None:
    stage = Sft(adapter=adapter, epochs=6, batch_size=5, learning_rate=2e-2 if adapter.kind == "lora" else 2e-3)
    step = _train_step(tmp_path, toy_base, examples, stage)
    do(step)
    facts = step.record.facts
    losses = [line["loss"] for line in step.read_progress() if "loss" in line]
    assert facts["optimiser_steps"] == len(losses) == 24
    assert sum(losses[-4:]) < 0.7 * sum(losses[:4])
    assert facts["rows"] == 20
    if adapter.kind == "lora":
        assert 0 < facts["trained_parameters"] < facts["parameters"]
        assert (step.path("adapter") / "adapter_model.safetensors").is_file()
    else:
        assert facts["trained_parameters"] == facts["parameters"]
        assert (step.path("weights") / "model.safetensors").is_file()
    bases = Bases()
    before = _logits(bases.get(str(toy_base)))
    with bases.trained(str(toy_base), [step.folder]) as trained:
        assert not torch.allclose(_logits(trained), before)
    assert torch.equal(_logits(bases.get(str(toy_base))), before), "the base is left as it was"


@pytest.mark.parametrize("adapter", [Lora(rank=4), Qlora(rank=4)], ids=["lora", "qlora"])
def test_the_shared_base_is_left_as_it_was(
    tmp_path: Path, toy_base: Path, examples: list[Example], adapter: Lora | Qlora
) -> None:
    bases = Bases()
    base = bases.get(str(toy_base), four_bit=isinstance(adapter, Qlora))
    before, use_cache = _logits(base), base.model.config.use_cache
    step = _train_step(tmp_path, toy_base, examples, Sft(adapter=adapter, epochs=1))
    do(step, bases)
    assert step.status == "done"
    assert bases.get(str(toy_base), four_bit=isinstance(adapter, Qlora)) is base
    assert not base.model.training
    assert "forward" not in base.model.__dict__
    assert base.model.config.use_cache == use_cache
    assert torch.equal(_logits(base), before)


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    step = _train_step(tmp_path, toy_base, examples, Sft(adapter=Lora(rank=4), epochs=4, learning_rate=1e30))
    with pytest.raises(WorkbenchError, match="finite number"):
        do(step)


def test_a_second_stage_builds_on_the_first(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    stage = Sft(adapter=Lora(rank=4), epochs=1, batch_size=5, learning_rate=2e-2)
    first = _train_step(tmp_path, toy_base, examples, stage)
    do(first)
    second = _train_step(tmp_path, toy_base, examples, stage, name="train-b")
    second.update(needs={"train-1": first.name})
    do(second)
    bases = Bases()
    with bases.trained(str(toy_base), [first.folder]) as one:
        after_one = _logits(one)
    with bases.trained(str(toy_base), [first.folder, second.folder]) as two:
        assert not torch.allclose(_logits(two), after_one, atol=1e-3)


def test_lora_at_step_0_is_the_base(toy_base: Path) -> None:
    base = load(str(toy_base))
    before = _logits(base)
    adapted = get_peft_model(base.model, lora_config(Lora()))
    assert torch.allclose(_logits(Base(adapted, base.tokenizer, base.device)), before, atol=1e-5)


def test_qlora_holds_the_linear_weights_in_4_bits(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    base = load(str(toy_base), four_bit=True)
    kinds = {name: type(module).__name__ for name, module in base.model.named_modules() if "proj" in name}
    assert kinds
    assert set(kinds.values()) == {"Linear4bit"}
    weights = [p for name, p in base.model.named_parameters() if "proj" in name]
    assert all(weight.dtype == torch.uint8 for weight in weights)
    stage = Sft(adapter=Qlora(rank=4), epochs=2, batch_size=5, learning_rate=2e-2)
    step = _train_step(tmp_path, toy_base, examples, stage)
    do(step)
    losses = [line["loss"] for line in step.read_progress() if "loss" in line]
    assert losses[-1] < losses[0]


def test_accumulation_of_single_rows_equals_one_batch(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    weights = []
    for name, batch, accumulate in (("train-a", 4, 1), ("train-b", 1, 4)):
        stage = Sft(adapter=Lora(rank=4), epochs=1, batch_size=batch, accumulate=accumulate, learning_rate=1e-3)
        # Rows of one length, so that both orders put the same rows into a step.
        rows = [e.model_copy(update={"messages": examples[0].messages, "target": "red"}) for e in examples[:8]]
        step = _train_step(tmp_path, toy_base, rows, stage, name=name)
        do(step)
        weights.append(load_file(step.path("adapter") / "adapter_model.safetensors"))
    for name, tensor in weights[0].items():
        assert torch.allclose(tensor, weights[1][name], atol=2e-4), name


def test_learning_rates_follow_the_size_of_the_base() -> None:
    assert learning_rate(Sft(), 7_000_000_000) == pytest.approx(2e-4)
    assert learning_rate(Sft(), 3_500_000) == pytest.approx(4.2e-3, rel=0.05)
    assert learning_rate(Sft(adapter=Full()), 7_000_000_000) == pytest.approx(2e-5)
    assert learning_rate(Sft(learning_rate=1.0), 10) == 1.0


def test_every_row_comes_once_an_epoch_beside_rows_of_its_length() -> None:
    lengths = list(np.random.default_rng(0).integers(5, 500, 333))
    found = order(lengths, batch=8, epochs=2.5, rng=np.random.default_rng(1))
    assert len(found) == round(2.5 * 333)
    times = np.bincount(found, minlength=333)
    assert set(times) == {2, 3}
    assert found[:256] != sorted(found[:256])
    spread = [
        max(lengths[i] for i in found[a : a + 8]) - min(lengths[i] for i in found[a : a + 8]) for a in range(0, 768, 8)
    ]
    assert np.median(spread) < 40
    assert found == order(lengths, batch=8, epochs=2.5, rng=np.random.default_rng(1))


def test_a_checkpoint_that_was_being_written_does_not_count(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    for number, whole in ((20, True), (100, True), (110, False)):
        folder = tmp_path / f"checkpoint-{number}"
        folder.mkdir()
        if whole:
            (folder / COMPLETE).touch()
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-100")


def test_stopping_keeps_a_checkpoint_and_goes_on(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    stage = Sft(adapter=Lora(rank=4), epochs=3, batch_size=5, learning_rate=1e-2)
    whole = _train_step(tmp_path, toy_base, examples, stage)
    do(whole)
    step = _train_step(tmp_path, toy_base, examples, stage, name="train-b")
    stop(step, phase="training", at=5)
    assert last_checkpoint(step.path("checkpoints"))
    do(step)
    assert step.status == "done"
    assert same_adapters(whole, step)


@pytest.mark.slow
def test_a_killed_training_ends_as_an_undisturbed_one(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    stage = Sft(adapter=Lora(rank=4), epochs=40, batch_size=5, learning_rate=1e-3)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "WORKBENCH_CHECKPOINT_SECONDS": "0.3"}
    whole = _train_step(tmp_path, toy_base, examples, stage)
    killed = _train_step(tmp_path, toy_base, examples, stage, name="train-b")
    command = [sys.executable, "-m", "recipes"]
    subprocess.run([*command, str(whole.folder)], check=True, env=environment)
    process = subprocess.Popen([*command, str(killed.folder)], env=environment)
    while not last_checkpoint(killed.path("checkpoints")):
        time.sleep(0.05)
        assert process.poll() is None, "it ended before it could be killed"
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert killed.status == "stopped"
    subprocess.run([*command, str(killed.folder)], check=True, env=environment)
    assert killed.status == "done"
    first, second = (load_file(one.path("adapter") / "adapter_model.safetensors") for one in (whole, killed))
    assert all(torch.equal(first[name], second[name]) for name in first)
    positions = [line["step"] for line in killed.read_progress() if "loss" in line]
    assert positions[-1] == 160
    assert len(positions) < 320, "it went on from a checkpoint"


def test_rows_are_prepared_as_they_are_answered(toy_base: Path, examples: list[Example]) -> None:
    base = load(str(toy_base))
    encoded = encode_rows(examples, PromptPlan(), base.tokenizer, max_length=200)
    assert all(len(row.input_ids) == len(row.labels) for row in encoded.rows)
