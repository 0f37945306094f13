"""Our SFT, DPO and GRPO stages against bare TRL with the same settings on the same data, in turns, in one run."""

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("WORKBENCH_CHECKPOINT_SECONDS", "1000")  # The bare scripts save nothing on the way, either.

from datasets import Dataset
from transformers import PrinterCallback
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

from evals.scorers import numeric
from recipes import stages
from recipes.bases import Bases
from recipes.data import PromptPlan, conversation
from recipes.model import Base, load, size
from recipes.steps import train
from recipes.training import lora_config
from workbench.candidate import Candidate
from workbench.demos import build
from workbench.demos.demo import Demo
from workbench.demos.opening import open_demo
from workbench.learning_rates import learning_rate
from workbench.planning import make_plan
from workbench.stage import Dpo, Grpo, Lora, Sft, Stage

warnings.filterwarnings("ignore", category=FutureWarning)

ROUNDS = 3
PLAN = PromptPlan("Answer the customer.")
SFT = Sft(epochs=2, looks=0)
DPO = Dpo(looks=0)
GRPO = Grpo(steps=12, prompts=16, answers=8, batch_size=128, max_new_tokens=8, looks=0)


def settings(stage: Stage, base: Base, folder: Path) -> dict[str, Any]:
    """What both have in common."""
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": stage.batch_size,
        "learning_rate": learning_rate(stage, size(base)),
        "lr_scheduler_type": "cosine",
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "save_strategy": "no",
        "bf16": False,
        "use_cpu": True,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": False,
        "seed": 0,
    }


def run_bare(made: Callable[[], Any]) -> float:
    """Seconds to make a trainer and to train."""
    began = time.perf_counter()
    trainer = made()
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return time.perf_counter() - began


def bare_sft(demo: Demo, folder: Path) -> float:
    """TRL as its documentation shows it: prompts and completions, LoRA."""
    base = load("pocket")
    rows = [
        {"prompt": conversation(one, PLAN), "completion": [{"role": "assistant", "content": one.target}]}
        for one in demo.train
    ]
    return run_bare(lambda: SFTTrainer(
        model=base.model, args=SFTConfig(**settings(SFT, base, folder), num_train_epochs=SFT.epochs),
        train_dataset=Dataset.from_list(rows), processing_class=base.tokenizer, peft_config=lora_config(Lora()),
    ))  # fmt: skip


def bare_dpo(demo: Demo, folder: Path) -> float:
    """TRL's DPO on the same pairs."""
    base = load("pocket")
    rows = [
        {
            "prompt": conversation(one.as_example(), PLAN),
            "chosen": [{"role": "assistant", "content": one.chosen}],
            "rejected": [{"role": "assistant", "content": one.rejected}],
        }
        for one in demo.pairs
    ]
    return run_bare(lambda: DPOTrainer(
        model=base.model, args=DPOConfig(**settings(DPO, base, folder), num_train_epochs=DPO.epochs, beta=DPO.beta),
        train_dataset=Dataset.from_list(rows), processing_class=base.tokenizer, peft_config=lora_config(Lora()),
    ))  # fmt: skip


def bare_grpo(demo: Demo, folder: Path) -> float:
    """TRL's GRPO with the same scorer as its reward."""
    base = load("pocket")
    rows = [{"prompt": conversation(one, PLAN), "check": one.check} for one in demo.train]

    def reward(completions: list[Any], check: list[str], **rest: Any) -> list[float]:
        return [
            numeric(said[0]["content"], wanted).value or 0.0 for said, wanted in zip(completions, check, strict=True)
        ]

    return run_bare(lambda: GRPOTrainer(
        model=base.model,
        args=GRPOConfig(
            **settings(GRPO, base, folder), max_steps=GRPO.steps, num_generations=GRPO.answers, beta=0.0,
            max_completion_length=GRPO.max_new_tokens, temperature=1.0, disable_dropout=True,
        ),
        reward_funcs=[reward], train_dataset=Dataset.from_list(rows), processing_class=base.tokenizer,
        peft_config=lora_config(Lora()),
    ))  # fmt: skip


RECIPES = {"sft": "train_sft", "dpo": "train_dpo", "grpo": "reinforce"}


def ours(name: str, stage: Stage, workspace: Path) -> float:
    """Seconds to make a trainer, train, save and report; loading the base and encoding rows excluded, as for bare TRL
    (whose encoding counts, since it is done in the trainer)."""
    plan = make_plan(open_demo(workspace, name), [Candidate(name="bench", training=(stage,))])
    plan.write()
    for step in map(plan.step, plan.steps):
        if step.record.kind == "draw":
            step.update(status="done", facts={"pass_at_1": 0.5, "pass_at_16": 0.9})
    training = next(plan.step(step) for step in plan.steps if step.startswith("train"))
    recipe = RECIPES[stage.method]
    inner, took = getattr(stages, recipe), []

    def timed(*given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        found = inner(*given, **named)
        took.append(time.perf_counter() - began)
        return found

    setattr(stages, recipe, timed)
    try:
        train(training, bases=Bases())
    finally:
        setattr(stages, recipe, inner)
    return sum(took)


def show_training(folder: Path) -> None:
    """Each method in turns, ours and bare; the ratio is of steps a second, above 1 ours is quicker."""
    print("\nTraining beside bare TRL, the same steps on the same rows (above 1: ours is quicker)")
    kinds: Sequence[tuple[str, str, Stage, Callable[[Demo, Path], float]]] = (
        ("sft", "brand-voice", SFT, bare_sft),
        ("dpo", "brand-voice", DPO, bare_dpo),
        ("grpo", "sums", GRPO, bare_grpo),
    )
    for name, case, stage, bare in kinds:
        pairs = []
        for n in range(ROUNDS):
            workspace = folder / f"{name}-{n}"
            pairs.append((ours(case, stage, workspace), bare(build(case, 0), workspace / "bare")))
            shutil.rmtree(workspace, ignore_errors=True)
        own, theirs = (median(times) for times in zip(*pairs, strict=True))
        print(f"  {name:<6} ours {own:6.1f} s, bare {theirs:6.1f} s: {theirs / own:.2f}", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        show_training(Path(place))
