"""The embedder is tuned on a use case's own questions, so that each comes nearer to the passage that answers it."""

import json
import logging
import math
import os
import shutil
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.sampler import BatchSamplers
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rag import index as indexes
from rag.embed import Embedder, load_embedder
from rag.gold import Gold
from rag.pairs import Pair, Watched, pairs_of, watched
from rag.steps import MODEL
from workbench.candidate import EmbedderTuning
from workbench.confirmed import with_confirmed
from workbench.errors import DataError, Stopped, WorkbenchError
from workbench.examples import read_examples
from workbench.workspace import Step, appending, read_jsonl

CHECKPOINT_SECONDS = float(os.environ.get("WORKBENCH_CHECKPOINT_SECONDS", "60"))
"""At most about this much of it is lost when the process is killed."""
COMPLETE = "complete"
"""Name of the file that marks a checkpoint as whole; it is written last."""
FEWEST_PAIRS = 8
"""From fewer pairs than these nothing is learned."""
WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""
LOOKS = "looks.jsonl"
BEST = "best"

logging.getLogger("sentence_transformers").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Look:
    """How well the passages of the development questions were found after so many steps."""

    step: int
    recall: float
    """Share of them whose first passage answers."""
    mrr: float
    """Mean reciprocal rank of the first passage that answers, of the best ten; what is best is decided by this."""


def tune_embedder(step: Step) -> None:
    """Do an ``embedder`` step: the embedder of an index, tuned on training questions; leaves it in ``model``.

    It learns from examples of which it is known which passage answers them, looks at the development set before it
    begins and on its way, and keeps the best it was, which may be what it was before. Raises DataError where hardly
    any example says which passage answers it, Stopped when asked to, and WorkbenchError where the loss is not finite.
    """
    inputs = step.record.inputs
    tuning = EmbedderTuning.parse(inputs["tuning"], where=str(step.folder))
    step.progress("loading the embedder")
    needed = step.needed("index")
    embedder = load_embedder(indexes.read_meta(needed.folder).embedder)
    gold = Gold(indexes.load(needed.folder, embedder=embedder.name, digest=embedder.digest))
    step.progress("looking for the passages that answer")
    examples = list(with_confirmed(read_examples(step.file("examples")), inputs.get("evidence", {})))
    vectors = embedder.questions([one.question for one in examples])
    pairs, unknown = pairs_of(gold, examples, vectors, negatives=tuning.hard_negatives)
    if len(pairs) < FEWEST_PAIRS:
        raise DataError(
            f"Of {len(examples):,} training examples only {len(examples) - unknown:,} say which passage answers them: "
            f"too few to tune an embedder on.",
            "Name the documents that support the answers (a column `evidence`), or leave embedder_tuning out.",
        )
    step.note(pairs=len(pairs), examples=len(examples), without_a_passage=unknown)
    watcher = _Watcher(step, embedder, tuning, _dev(step, gold, embedder))
    _train(step, embedder, tuning, pairs, watcher)
    step.note(embedder=f"{embedder.digest}, tuned", **watcher.facts())
    print(watcher.said())


def _dev(step: Step, gold: Gold, embedder: Embedder) -> Watched | None:
    if "dev" not in step.record.files:
        return None
    examples = list(with_confirmed(read_examples(step.file("dev")), step.record.inputs.get("dev_evidence", {})))
    found = watched(gold, examples, embedder.questions([one.question for one in examples]))
    return found if found.questions else None


def _train(step: Step, embedder: Embedder, tuning: EmbedderTuning, pairs: Sequence[Pair], watcher: "_Watcher") -> None:
    model = embedder.model
    rows = _rows(pairs)
    on_cpu = model.device.type == "cpu"
    steps = math.ceil(tuning.epochs * math.ceil(len(pairs) / tuning.batch_size))
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(step.path("checkpoints")),
        num_train_epochs=tuning.epochs,
        per_device_train_batch_size=tuning.batch_size,
        learning_rate=tuning.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(WARM_UP * steps),
        batch_sampler=BatchSamplers.NO_DUPLICATES,
        prompts=_prompts(model, rows.column_names),
        save_strategy="no",
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        seed=tuning.seed,
        data_seed=tuning.seed,
        use_cpu=on_cpu,
        bf16=not on_cpu,
        dataloader_pin_memory=not on_cpu,
    )
    trainer = _Trainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        loss=MultipleNegativesRankingLoss(model),
        callbacks=[watcher],
    )
    trainer.remove_callback(PrinterCallback)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        trainer.train(resume_from_checkpoint=_last_checkpoint(step.path("checkpoints")))
    if watcher.asked_to_stop:
        raise Stopped("The tuning was stopped after a checkpoint.", "Run it again to go on from there.")
    if not watcher.finite:
        raise WorkbenchError(
            f"The loss stopped being a finite number at a learning rate of {tuning.learning_rate:g}.",
            "Lower embedder_tuning.learning_rate, for example to a third.",
        )
    watcher.save(step.path(MODEL))
    shutil.rmtree(step.path("checkpoints"), ignore_errors=True)
    shutil.rmtree(step.path(BEST), ignore_errors=True)


class _Trainer(SentenceTransformerTrainer):
    """The library's trainer, which draws no examples for a model card."""

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Nothing: where the embedder comes from says the step."""


def _rows(pairs: Sequence[Pair]) -> Dataset:
    columns: dict[str, list[str]] = {
        "anchor": [pair.question for pair in pairs],
        "positive": [pair.passage for pair in pairs],
    }
    for n in range(len(pairs[0].negatives)):
        columns[f"negative_{n + 1}"] = [pair.negatives[n] for pair in pairs]
    return Dataset.from_dict(columns)


def _prompts(model: SentenceTransformer, columns: Sequence[str]) -> dict[str, str] | None:
    """What the model puts before questions and before passages, by column; None where it puts nothing."""
    query = model.prompts.get("query") or ""
    document = next((model.prompts[name] for name in ("document", "passage") if model.prompts.get(name)), "")
    found = {name: query if name == "anchor" else document for name in columns}
    return {name: text for name, text in found.items() if text} or None


def _last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; one that was being written when the process died does not count."""
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{COMPLETE}")]
    return str(max(whole, key=lambda path: int(path.name.split("-")[1]))) if whole else None


class _Watcher(TrainerCallback):
    """Writes progress, looks at the development set, keeps the best, saves by the clock and stops when asked to."""

    def __init__(self, step: Step, embedder: Embedder, tuning: EmbedderTuning, dev: Watched | None) -> None:
        self.step, self.model, self.tuning = step, embedder.model, tuning
        self.evaluator = None if dev is None else _evaluator(dev)
        self.dev_questions = 0 if dev is None else len(dev.questions)
        self.looks: list[Look] = []
        self.asked_to_stop, self.finite = False, True
        self.steps = 0
        self.saved = self.began = time.monotonic()
        self.first = 0

    # --- What the trainer calls -----------------------------------------------------------------------

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Look before anything is learned; after a resume, go on with what was seen up to there."""
        self.began = self.saved = time.monotonic()
        self.first = self.steps = state.global_step
        known = [Look(**line) for line in read_jsonl(self.step.path(LOOKS)) if line["step"] <= state.global_step]
        self.looks = list({look.step: look for look in known}.values())
        if not self.looks and state.global_step == 0:
            self._look(0)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Look where it is time to, and stop where it was asked for or nothing gets better any more."""
        self.steps = state.global_step
        if self.steps in self._places(state.max_steps):
            self._look(self.steps)
            control.should_training_stop = control.should_training_stop or self._is_enough()
        if self.step.stop_requested:
            control.should_save = control.should_training_stop = self.asked_to_stop = True
        elif time.monotonic() - self.saved > CHECKPOINT_SECONDS and self.steps < state.max_steps:
            control.should_save = True

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """One line of progress for each step."""
        logs: dict[str, float] = kw.get("logs") or {}
        if "loss" not in logs:
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            self.finite, control.should_training_stop = False, True
        done = max(1, state.global_step - self.first)
        left = (time.monotonic() - self.began) / done * (state.max_steps - state.global_step)
        self.step.report(
            "tuning the embedder", step=state.global_step, total=state.max_steps, loss=round(loss, 5),
            seconds_left=round(left, 1),
        )  # fmt: skip

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Mark the checkpoint as whole."""
        self.saved = time.monotonic()
        (Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / COMPLETE).touch()

    # --- Looking --------------------------------------------------------------------------------------

    def _places(self, total: int) -> set[int]:
        """The steps after which it looks, the last among them."""
        looks = min(self.tuning.looks, total) if self.evaluator is not None else 0
        return {round(total * n / looks) for n in range(1, looks + 1)} if looks else set()

    def _look(self, steps: int) -> None:
        if self.evaluator is None or not self.tuning.looks:
            return
        training = self.model.training
        found = self.evaluator(self.model)
        self.model.train(training)
        kept = self.best
        look = Look(steps, float(found["dev_cosine_accuracy@1"]), float(found["dev_cosine_mrr@10"]))
        self.looks.append(look)
        with appending(self.step.path(LOOKS)) as out:
            out.write(json.dumps(vars(look)) + "\n")
        self.step.report("looking at the development set", dev_recall=look.recall, dev_mrr=look.mrr)
        if kept is None or look.mrr > kept.mrr:
            _save(self.model, self.step.path(BEST))

    @property
    def best(self) -> Look | None:
        """The best look so far, of equals the earlier one."""
        return max(self.looks, key=lambda look: (look.mrr, -look.step), default=None)

    def _is_enough(self) -> bool:
        """Whether the last looks were no better, or nothing could be."""
        best, patience = self.best, self.tuning.patience
        if best is None or patience is None:
            return False
        return best.mrr == 1 or sum(look.step > best.step for look in self.looks) >= patience

    # --- What is left ---------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Leave the best embedder, or what it is now where nobody looked."""
        if self.best is None:
            _save(self.model, folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.step.path(BEST), folder)

    def facts(self) -> dict[str, Any]:
        """What the step says of it."""
        found: dict[str, Any] = {"optimiser_steps": self.steps, "dev_questions": self.dev_questions}
        best = self.best
        if best is not None:
            before = self.looks[0]
            found |= {
                "kept_step": best.step,
                "dev_recall_before": round(before.recall, 4),
                "dev_recall": round(best.recall, 4),
                "dev_mrr_before": round(before.mrr, 4),
                "dev_mrr": round(best.mrr, 4),
            }
        return found

    def said(self) -> str:
        """The same in one line."""
        best = self.best
        if best is None:
            return f"{self.steps:,} steps; no development question says which passage answers it, so nobody looked"
        if best.step == 0:
            return f"{self.steps:,} steps; none was better on the development set than before: it is left as it was"
        before = self.looks[0]
        return (
            f"{self.steps:,} steps, kept as after {best.step:,}: of {self.dev_questions:,} development questions "
            f"{before.recall:.0%} found their passage first before, {best.recall:.0%} now"
        )


def _evaluator(dev: Watched) -> InformationRetrievalEvaluator:
    return InformationRetrievalEvaluator(
        dict[str, Any](dev.questions), dict[str, Any](dev.passages), dev.answers, name="dev", mrr_at_k=[10],
        ndcg_at_k=[10], accuracy_at_k=[1], precision_recall_at_k=[1], map_at_k=[10], write_csv=False,
    )  # fmt: skip


def _save(model: SentenceTransformer, folder: Path) -> None:
    """Write an embedder into a folder that appears whole or not at all."""
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(str(partial), create_model_card=False, safe_serialization=True)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
