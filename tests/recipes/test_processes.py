"""Several processes train as one: the same rows, the same loss, one who writes it down."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.recipes.steps import do, make_training
from tests.recipes.test_preferences import PAIRS
from workbench.errors import ConfigError
from workbench.examples import write_examples
from workbench.pairs import write_pairs
from workbench.stage import Dpo, Lora, Sft, Stage
from workbench.usecase import Example
from workbench.workspace import Step

ROOT = Path(__file__).parent.parent.parent


def together(step: Step, processes: int) -> Step:
    """Do a step as several processes on the CPU, which talk through gloo."""
    command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--mixed_precision", "no"]
    command += ["--num_processes", str(processes), "--num_cpu_threads_per_process", "1", "--num_machines", "1"]
    command += ["--dynamo_backend", "no", "--main_process_port", "0", "-m", "recipes", str(step.folder)]
    found = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    log = step.path("log.txt")
    told = log.read_text() if log.exists() else ""
    assert found.returncode == 0, found.stdout + found.stderr + told
    assert step.status == "done"
    return step


def _losses(step: Step) -> list[float]:
    return [line["loss"] for line in step.read_progress() if "loss" in line]


STAGES: dict[str, Stage] = {
    "sft": Sft(adapter=Lora(rank=4), epochs=4, batch_size=4, learning_rate=1e-2),
    "dpo": Dpo(adapter=Lora(rank=4), epochs=2, batch_size=4, learning_rate=5e-3),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", STAGES)
def test_two_processes_train_as_one(tmp_path: Path, toy_base: Path, examples: list[Example], name: str) -> None:
    write_examples(tmp_path / "train.jsonl", examples)
    write_examples(tmp_path / "dev.jsonl", [one.model_copy(update={"id": f"d{one.id}"}) for one in examples[:4]])
    write_pairs(tmp_path / "pairs.jsonl", PAIRS)
    alone = do(make_training(tmp_path, toy_base, STAGES[name], name="train-a"))
    both = together(make_training(tmp_path, toy_base, STAGES[name], name="train-b"), 2)
    assert both.record.facts["final_loss"] == pytest.approx(alone.record.facts["final_loss"], abs=1e-3)
    assert _losses(both) == pytest.approx(_losses(alone), abs=2e-3)
    assert both.record.facts["optimiser_steps"] == alone.record.facts["optimiser_steps"]
    first, second = (load_file(one.path("adapter") / "adapter_model.safetensors") for one in (alone, both))
    assert first.keys() == second.keys()


@pytest.mark.timeout(300)
def test_all_stop_early_together(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", examples[:16])
    write_examples(tmp_path / "dev.jsonl", examples[16:])
    stage = Sft(adapter=Lora(rank=4), epochs=20, batch_size=4, learning_rate=0.1, looks=10, patience=2)
    alone = do(make_training(tmp_path, toy_base, stage, name="train-a"))
    both = together(make_training(tmp_path, toy_base, stage, name="train-b"), 2)
    for fact in ("stopped_early", "best_step", "optimiser_steps"):
        assert both.record.facts[fact] == alone.record.facts[fact]
    assert alone.record.facts["stopped_early"]


def test_a_batch_that_cannot_be_shared_out_is_refused(
    tmp_path: Path, toy_base: Path, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_examples(tmp_path / "train.jsonl", examples)
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(ConfigError, match="A batch of 4 can't be shared out evenly among 3 processes"):
        do(make_training(tmp_path, toy_base, STAGES["sft"]))
