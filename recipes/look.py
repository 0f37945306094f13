"""Looks at the development set while a stage trains: loss, answers, how far it has moved; and when to stop."""

import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from peft import PeftModel
from torch.nn import functional
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from recipes.answer import Generated, generate
from recipes.data import IGNORED, Row
from recipes.divergence import divergence, padded
from recipes.model import Base
from recipes.processes import agreed
from workbench.candidate import Decoding
from workbench.stage import Tuned
from workbench.workspace import LOOKS, Step, write_atomically

ROWS = 64
"""Development rows whose loss is looked at."""
ANSWERED = 32
"""Development requests that are answered where answers are what a stage is judged by."""
SHOWN = 3
"""Answers that are kept to be read."""


@dataclass(frozen=True)
class Question:
    """A request of the development set, to be answered while a stage trains."""

    example: str
    request: str
    reference: str
    prompt: list[int]


@dataclass(frozen=True)
class Look:
    """What is looked at."""

    rows: Sequence[Row] = ()
    """Solved rows, whose loss says how well the stage generalises."""
    questions: Sequence[Question] = ()
    score: Callable[[Question, Generated], float | None] | None = None
    """What an answer is worth on the use case's metric; None: answers are only shown."""
    max_new_tokens: int = 96


@dataclass
class Watcher(TrainerCallback):
    """Looks at fixed steps, so that a resumed training sees the same; keeps the best where it is to stop early."""

    step: Step
    base: Base
    stage: Tuned
    look: Look
    total: int
    stopped_early: bool = False
    at: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        """Settle the steps at which to look, evenly, the last one at the end."""
        count = min(self.stage.looks, self.total) if self.look.rows or self.look.questions else 0
        self.at = frozenset(math.ceil(self.total * n / count) for n in range(1, count + 1))

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Look, where it is time; stop where nothing became better for long enough."""
        if state.global_step not in self.at:
            return
        model = kw["model"]
        with _aside(model):
            seen = self._see(Base(model, self.base.tokenizer, self.base.device), state.global_step)
        stop = False
        if state.is_world_process_zero and state.global_step < self.total:
            self._keep(model, state.global_step)
        if state.is_world_process_zero:
            self.step.report("training", step=state.global_step, total=self.total, **seen)
            if self.stage.patience is not None and self.criterion in seen:
                stop = self._judged(model, state.global_step, seen)
        (stop,) = agreed([stop])
        if stop:
            control.should_training_stop = self.stopped_early = True

    def _see(self, base: Base, now: int) -> dict[str, float]:
        seen: dict[str, float] = {}
        if self.look.rows:
            seen["dev_loss"] = mean_loss(base, self.look.rows)
        if not self.look.questions:
            return _short(seen)
        answers = answer_all(base, self.look.questions, self.look.max_new_tokens)
        if self.look.score is not None:
            values = [self.look.score(one, given) for one, given in zip(self.look.questions, answers, strict=True)]
            known = [value for value in values if value is not None]
            if known:
                seen["dev_score"] = sum(known) / len(known)
        moved = distance(
            base,
            [
                (one.prompt, base.tokenizer(g.text, add_special_tokens=False)["input_ids"])
                for one, g in zip(self.look.questions, answers, strict=True)
            ][: SHOWN * 4],
        )
        if moved is not None:
            seen["kl_start"] = moved
        if int(os.environ.get("RANK", "0")):
            return _short(seen)
        with self.step.path("samples.jsonl").open("a", encoding="utf-8") as out:
            for one, given in list(zip(self.look.questions, answers, strict=True))[:SHOWN]:
                told = {"request": one.request, "reference": one.reference, "text": given.text}
                out.write(json.dumps({"step": now, "example": one.example, **told}, ensure_ascii=False) + "\n")
        return _short(seen)

    def _keep(self, model: Any, now: int) -> None:
        """Keep the adapter as it is now, to see later what was gained and lost on the way."""
        folder = self.step.path(LOOKS) / f"step-{now}"
        if not isinstance(model, PeftModel) or folder.is_dir():
            return
        partial = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        model.save_pretrained(str(partial), safe_serialization=True)
        partial.rename(folder)

    def _judged(self, model: Any, now: int, seen: Mapping[str, float]) -> bool:
        """Keep the best weights so far; whether the last ``patience`` looks were no better."""
        name = self.criterion
        looks = {line["step"]: line[name] for line in self.step.read_progress() if line.get(name) is not None}
        sign = 1 if name == "dev_loss" else -1
        upto = {at: sign * value for at, value in looks.items() if at <= now}
        best = min(upto, key=lambda at: (upto[at], at))
        if best == now:
            partial = self.step.path("best.part")
            shutil.rmtree(partial, ignore_errors=True)
            model.save_pretrained(partial, safe_serialization=True)
            shutil.rmtree(self.step.path("best"), ignore_errors=True)
            partial.rename(self.step.path("best"))
            write_atomically(self.step.path("best.json"), json.dumps({"step": now, name: seen[name]}))
        return bool(sum(at > best for at in upto) >= (self.stage.patience or 0))

    @property
    def criterion(self) -> str:
        """What early stopping goes by: the score of its own answers where there is one, else the loss."""
        return "dev_score" if self.look.score is not None else "dev_loss"

    def facts(self) -> dict[str, Any]:
        """Where the weights that are left come from, for a stage that may stop early."""
        path = self.step.path("best.json")
        if not path.exists():
            return {}
        best = json.loads(path.read_text(encoding="utf-8"))
        return {"stopped_early": self.stopped_early, "best_step": best["step"]}


def _short(seen: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in seen.items()}


@contextmanager
def _aside(model: Any) -> Iterator[None]:
    """Use a model that is being trained without a trace: no gradients, no dropout, no random number drawn."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng():
            yield
    finally:
        model.train(training)


def answer_all(base: Base, questions: Sequence[Question], max_new_tokens: int) -> list[Generated]:
    """The greedy answer to each question."""
    found: dict[int, Generated] = {}
    generate(
        base,
        [one.prompt for one in questions],
        Decoding(max_new_tokens=max_new_tokens),
        on_batch=lambda places, given: found.update(zip(places, given, strict=True)),
    )
    return [found[i] for i in range(len(questions))]


def mean_loss(base: Base, rows: Sequence[Row]) -> float:
    """Nats per token that carries loss, over all rows."""
    total = count = 0.0
    for _, ids, mask, labels in padded(base, [(row.input_ids, row.labels) for row in rows]):
        logits = base.model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
        wanted = labels[:, 1:]
        total += float(
            functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum")
        )
        count += int((wanted != IGNORED).sum())
    return total / max(count, 1)


def distance(base: Base, answered: Sequence[tuple[list[int], list[int]]]) -> float | None:
    """How far a model has moved from the start of its stage: mean KL divergence over the tokens of its own answers.

    Kullback-Leibler from the model with its adapter to the one without, over the whole vocabulary at every position,
    in nats per token; None where all weights are trained, since nothing holds the start then.
    """
    model = base.model
    if not isinstance(model, PeftModel):
        return None
    found = divergence(lambda: nullcontext(model), lambda: without_adapter(model), base, answered)
    count = sum(tokens for _, tokens in found)
    return sum(nats for nats, _ in found) / count if count else None


@contextmanager
def without_adapter(model: PeftModel) -> Iterator[PeftModel]:
    """The model as it was before the adapter."""
    with model.disable_adapter():
        yield model
