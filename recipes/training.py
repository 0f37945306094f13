"""What every training stage shares: its learning rate, the order of its rows, its adapter, its progress, its end."""

import math
import os
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from recipes.look import Look, Watcher
from recipes.model import Base, seed_everything
from recipes.peak import peak_memory
from recipes.processes import agreed, processes
from workbench.errors import ConfigError, Stopped, WorkbenchError
from workbench.stage import Full, Lora, Qlora, Reinforced, Trained, Tuned
from workbench.workspace import Step

CHECKPOINT_SECONDS = float(os.environ.get("WORKBENCH_CHECKPOINT_SECONDS", "10"))
"""At most about this much training is lost when the process is killed."""
WARM_UP = 2
"""Steps after which a training holds about as much as it ever will."""
COMPLETE = "complete"
"""Name of the file that marks a checkpoint as whole; it is written last."""


FIGURES: Mapping[str, str] = {
    "learning_rate": "learning_rate",
    "grad_norm": "gradient_norm",
    "entropy": "entropy",
    "rewards/margins": "margin",
    "margin": "margin",
    "rewards/accuracies": "pair_accuracy",
    "accuracy": "pair_accuracy",
    "logps/chosen": "logp_chosen",
    "logps/rejected": "logp_rejected",
    "kl": "kl",
    "reward": "reward",
    "reward_std": "reward_spread",
    "frac_reward_zero_std": "no_signal",
    "completions/mean_length": "answer_tokens",
    "completions/clipped_ratio": "clipped",
}
"""What trainers log, and what it is called in progress, on the page and in the terminal."""


def rows_in_order(lengths: Sequence[int], stage: Trained, *, seed: int) -> list[int]:
    """``order`` for a stage and a seed."""
    return order(lengths, batch=stage.batch_size, epochs=stage.epochs, rng=np.random.default_rng(seed))


def order(lengths: Sequence[int], *, batch: int, epochs: float, rng: np.random.Generator) -> list[int]:
    """Positions of the rows of all epochs, in the order in which they are trained on.

    Rows of like length share a batch, which spares padding; batches come in random order. The whole order is
    fixed before training, so a run that is killed and resumed sees the same rows as an undisturbed one.
    """
    rounds = [rng.permutation(len(lengths)) for _ in range(math.ceil(epochs))]
    stream = np.concatenate(rounds)[: round(epochs * len(lengths))]
    pool = batch * 32
    found: list[int] = []
    for start in range(0, len(stream), pool):
        by_length = sorted(stream[start : start + pool], key=lambda row: lengths[row])
        batches = [by_length[i : i + batch] for i in range(0, len(by_length), batch)]
        last = [batches.pop()] if len(batches[-1]) < batch else []  # Only the very last batch may be short.
        found += [int(row) for i in rng.permutation(len(batches)) for row in batches[i]]
        found += [int(row) for rest in last for row in rest]
    return found


@contextmanager
def adapted(base: Base, stage: Tuned, *, seed: int, task: str = "CAUSAL_LM") -> Iterator[PreTrainedModel | PeftModel]:
    """The base made trainable as the stage asks, and left as it was afterwards (full training excepted)."""
    adapter = stage.adapter
    seed_everything(seed)  # A fresh adapter is drawn from it, whatever else this process has done.
    if isinstance(adapter, Full):
        base.model.requires_grad_(True)
        base.model.train()
        yield base.model
        return
    if isinstance(adapter, Qlora):
        if not getattr(base.model, "is_loaded_in_4bit", False):
            raise ConfigError("A QLoRA stage needs the base model in 4 bits.", "This is a bug; please report it.")
        prepare_model_for_kbit_training(base.model, use_gradient_checkpointing=False)
    forward, use_cache = base.model.__dict__.get("forward"), base.model.config.use_cache
    model = get_peft_model(base.model, lora_config(adapter, task=task))
    try:
        yield model
    finally:
        model.unload()
        base.model.eval()
        base.model.config.use_cache = use_cache
        # TRL puts a forward of its own on the instance, which joins the head with the loss.
        if forward is None:
            base.model.__dict__.pop("forward", None)
        else:
            base.model.__dict__["forward"] = forward


def lora_config(adapter: Lora | Qlora, *, task: str = "CAUSAL_LM") -> LoraConfig:
    """Adapters on all linear layers but the output."""
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        use_rslora=adapter.rank_stabilised,
        use_dora=adapter.weight_decomposed,
        target_modules="all-linear",
        task_type=task,
    )


def common(
    step: Step, base: Base, stage: Trained | Reinforced, *, rate: float, seed: int, total: int
) -> dict[str, Any]:
    """The settings of every trainer: ours is the order of rows, the checkpoints and the progress."""
    on_gpu = base.device.type == "cuda"
    if stage.batch_size % processes():
        raise ConfigError(
            f"A batch of {stage.batch_size} can't be shared out evenly among {processes()} processes.",
            "Set batch_size of the stage to a multiple of their number.",
        )
    return {
        "output_dir": str(step.path("checkpoints")),
        "per_device_train_batch_size": stage.batch_size // processes(),
        "gradient_accumulation_steps": stage.accumulate if isinstance(stage, Trained) else 1,
        "max_steps": total,
        "learning_rate": rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": round(stage.warmup * total),
        "weight_decay": stage.weight_decay,
        "train_sampling_strategy": "sequential",
        "save_strategy": "no",
        "save_total_limit": 2,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # Else a loss that is no number is logged as 0.
        "report_to": "none",
        "disable_tqdm": True,
        "seed": seed,
        "data_seed": seed,
        "bf16": on_gpu,
        "use_cpu": not on_gpu,
        "gradient_checkpointing": on_gpu,
        "dataloader_pin_memory": on_gpu,
    }


def finish(trainer: Trainer, follower: "Follower", *, step: Step, base: Base) -> dict[str, Any]:
    """Train from the last whole checkpoint, if there is one, and save; returns facts about the training.

    Raises Stopped when asked to, after a checkpoint, and WorkbenchError when the loss is not finite.
    """
    model: Any = trainer.model
    if "ref" in getattr(model, "peft_config", {}):
        model.delete_adapter("ref")  # A copy of the fresh adapter: the reference is the model with its adapter off.
    if base.device.type == "cpu":
        # TRL holds adapters on 4-bit weights as bfloat16, which is slow and coarse on a CPU.
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    trainer.remove_callback(PrinterCallback)  # What it prints stands in the progress.
    with quiet():
        trainer.train(resume_from_checkpoint=last_checkpoint(step.path("checkpoints")))
    if follower.stopped:
        raise Stopped("Training was stopped after a checkpoint.", "Run it again to go on from there.")
    if not follower.finite:
        raise WorkbenchError(
            f"The loss stopped being a finite number at a learning rate of {trainer.args.learning_rate:g}.",
            "Lower training.learning_rate, for example to a third.",
        )
    _save(trainer, base, step)
    return follower.watcher.facts() | {
        "optimiser_steps": trainer.state.global_step,
        "learning_rate": trainer.args.learning_rate,
        "trained_parameters": follower.trained_parameters,
        "final_loss": follower.recent_loss,
    }


def _figures(logs: Mapping[str, Any]) -> dict[str, float]:
    """What a trainer logged, by the names that it has here; each reward by its own name."""
    found = {ours: logs[theirs] for theirs, ours in FIGURES.items() if logs.get(theirs) is not None}
    for name, value in logs.items():
        if name.startswith("rewards/") and name.endswith("/mean") and value is not None:
            found[f"reward_{name.split('/')[1]}"] = value
    return {name: float(f"{value:.6g}") for name, value in found.items()}


class Follower(TrainerCallback):
    """Writes progress, saves by the clock, marks whole checkpoints, and stops when asked to."""

    def __init__(self, step: Step, base: Base, stage: Tuned, look: Look, *, total: int) -> None:
        """Follow the training of ``step``, which has ``total`` steps of the optimiser."""
        self.step, self.total = step, total
        self.watcher = Watcher(step, base, stage, look, total)
        self.stopped, self.finite = False, True
        self.losses: list[float] = []
        self.trained_parameters = 0
        self.counted: tuple[float, float] | None = None
        self.saved = self.began = time.monotonic()
        self.first = 0

    @property
    def callbacks(self) -> list[TrainerCallback]:
        """What the trainer calls: this, and who looks at the development set."""
        return [self, self.watcher]

    @property
    def recent_loss(self) -> float | None:
        """Mean loss of the last steps, in nats per token of the answers."""
        tail = self.losses[-10:]
        return round(sum(tail) / len(tail), 5) if tail else None

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Note where it starts: after a resume this is not 0."""
        self.began = self.saved = time.monotonic()
        self.first = state.global_step
        model = kw["model"]
        self.trained_parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Save by the clock; stop after a save where that was asked for."""
        if state.global_step == self.first + WARM_UP and state.is_world_process_zero:
            self.step.note(early_peak_mb=peak_memory(), device=args.device.type)
        late = time.monotonic() - self.saved > CHECKPOINT_SECONDS and state.global_step < self.total
        asked, late = agreed([self.step.stop_requested, late])
        if asked:
            control.should_save = control.should_training_stop = self.stopped = True
        elif late:
            control.should_save = True

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """One line of progress for each logged step."""
        logs: dict[str, float] = kw.get("logs") or {}
        if "loss" not in logs:
            return
        loss = float(logs["loss"])
        self.losses.append(loss)
        if not math.isfinite(loss):
            self.finite = False
            control.should_training_stop = True
        done = state.global_step - self.first
        pace = self._pace(logs.get("num_tokens"))
        left = (time.monotonic() - self.began) / max(1, done) * (self.total - state.global_step)
        self.step.report(
            "training",
            step=state.global_step,
            total=self.total,
            loss=round(loss, 5),
            **_figures(logs),
            **pace,
            seconds_left=round(left, 1),
        )

    def _pace(self, tokens: float | None) -> dict[str, float]:
        """Tokens a second since the line before; nothing for a trainer that does not count them."""
        now, before = time.monotonic(), self.counted
        if tokens is None:
            return {}
        self.counted = (float(tokens), now)
        if before is None or now <= before[1] or tokens < before[0]:
            return {}
        return {"tokens_per_second": float(f"{(tokens - before[0]) / (now - before[1]):.4g}")}

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Mark the checkpoint as whole."""
        self.saved = time.monotonic()
        if not state.is_world_process_zero:
            return
        (Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / COMPLETE).touch()


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; one that was being written when the process died does not count."""
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{COMPLETE}")]
    return str(max(whole, key=lambda path: int(path.name.split("-")[1]))) if whole else None


def _save(trainer: Trainer, base: Base, step: Step) -> None:
    """Leave the weights: those of the best look where the stage may stop early, else as they are now."""
    model: Any = trainer.model
    adapter = isinstance(model, PeftModel)
    folder, best = step.path("adapter" if adapter else "weights"), step.path("best")
    if trainer.is_fsdp_enabled:
        trainer.save_model(str(folder))  # Gathers what the processes hold in parts.
    elif not trainer.is_world_process_zero():
        return
    elif best.is_dir():
        # It stays until the step is done: whoever is killed just now saves the best again.
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(best, folder, copy_function=os.link)
    else:
        model.save_pretrained(str(folder), safe_serialization=True)
    if not adapter and trainer.is_world_process_zero():
        base.tokenizer.save_pretrained(folder)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the trainer's advice about its own defaults out of the log; errors stay."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield
