"""The reward model: a base with a head that gives one number to an answer, learned from preference pairs."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, PreTrainedModel
from trl.trainer.reward_config import RewardConfig
from trl.trainer.reward_trainer import RewardTrainer

from recipes.data import EncodedPair
from recipes.look import Look
from recipes.model import Base, seed_everything, size
from recipes.training import Follower, adapted, common, finish, rows_in_order
from workbench.learning_rates import learning_rate
from workbench.stage import Reward
from workbench.workspace import Step

TOKENS_PER_BATCH = 12_288
"""Tokens that are scored in one forward pass, padding included."""
BINS = 5
"""Classes of confidence in which promised and real accuracy are held against each other."""


def classifier(base: Base, *, seed: int = 0) -> Base:
    """The base's own body, not a copy of it, under a fresh head with one output."""
    config = copy.deepcopy(base.model.config)
    config.num_labels, config.pad_token_id = 1, base.tokenizer.pad_token_id
    with torch.device("meta"):
        model: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    setattr(model, model.base_model_prefix, base.model.base_model)
    seed_everything(seed)
    body = next(base.model.parameters())
    spread = float(getattr(config, "initializer_range", 0.02))
    head = torch.randn(1, int(config.hidden_size)) * spread
    model.score = torch.nn.Linear(int(config.hidden_size), 1, bias=False)
    model.score.weight.data = head.to(body.device, torch.float32 if base.device.type == "cpu" else body.dtype)
    return Base(model.eval(), base.tokenizer, base.device)


def train_reward(
    step: Step,
    base: Base,
    stage: Reward,
    *,
    pairs: list[EncodedPair],
    held_out: list[EncodedPair],
    look: Look,
    seed: int,
) -> dict[str, Any]:
    """Learn to prefer as the pairs do, and measure that on the pairs held out.

    Leaves ``adapter/`` or ``weights/`` with the head. Returns facts, ``pair_accuracy`` and its calibration among them;
    raises as ``finish`` does.
    """
    rows = [{"chosen_ids": one.prompt + one.chosen, "rejected_ids": one.prompt + one.rejected} for one in pairs]
    lengths = [max(len(row["chosen_ids"]), len(row["rejected_ids"])) for row in rows]
    order = rows_in_order(lengths, stage, seed=seed)
    total = math.ceil(len(order) / (stage.batch_size * stage.accumulate))
    parameters = size(base)
    scoring = classifier(base, seed=seed)
    with adapted(scoring, stage, seed=seed, task="SEQ_CLS") as model:
        follower = Follower(step, base, stage, look, total=total)
        trainer = RewardTrainer(
            model=model,
            args=RewardConfig(
                **common(step, base, stage, rate=learning_rate(stage, parameters), seed=seed, total=total),
                max_length=None,
                center_rewards_coefficient=stage.centre or None,
            ),
            train_dataset=Dataset.from_list(rows).select(order),
            processing_class=base.tokenizer,
            callbacks=follower.callbacks,
        )
        facts = finish(trainer, follower, step=step, base=base)
        measured = judge_pairs(RewardModel(model.eval(), scoring), held_out)
    return facts | measured | {"parameters": parameters, "rows": len(pairs), "tokens": 2 * sum(lengths) * stage.epochs}


@dataclass(frozen=True)
class RewardModel:
    """A model that gives one number to a conversation that ends with an answer."""

    model: Any
    base: Base

    @torch.inference_mode()
    def scores(self, rows: Sequence[list[int]]) -> list[float]:
        """The reward of each conversation, as token ids through the end of its answer."""
        found = [0.0] * len(rows)
        for batch in _batches(rows):
            width = max(len(rows[i]) for i in batch)
            ids = torch.full((len(batch), width), int(self.base.tokenizer.pad_token_id))
            mask = torch.zeros((len(batch), width), dtype=torch.long)
            for n, i in enumerate(batch):
                ids[n, : len(rows[i])] = torch.tensor(rows[i])
                mask[n, : len(rows[i])] = 1
            given = self.model(input_ids=ids.to(self.base.device), attention_mask=mask.to(self.base.device)).logits
            for i, reward in zip(batch, given[:, 0].float().tolist(), strict=True):
                found[i] = reward
        return found


def load_reward(base: Base, folder: Path) -> RewardModel:
    """The reward model that a stage left, on the base that it was trained on; the base serves nothing else then."""
    scoring = classifier(base)
    if (folder / "weights").is_dir():
        whole = AutoModelForSequenceClassification.from_pretrained(folder / "weights", use_safetensors=True)
        return RewardModel(whole.eval().to(base.device), scoring)
    return RewardModel(PeftModel.from_pretrained(scoring.model, folder / "adapter").eval(), scoring)


def _batches(rows: Sequence[list[int]]) -> list[list[int]]:
    batches: list[list[int]] = []
    for i in sorted(range(len(rows)), key=lambda i: -len(rows[i])):
        if not batches or (len(batches[-1]) + 1) * len(rows[batches[-1][0]]) > TOKENS_PER_BATCH:
            batches.append([])
        batches[-1].append(i)
    return batches


def judge_pairs(model: RewardModel, pairs: Sequence[EncodedPair]) -> dict[str, Any]:
    """How often the preferred answer of a pair gets the higher reward, and whether the rewards know how sure they are.

    ``calibration_error`` is the mean distance, weighted by the pairs in each class, between the accuracy that the
    rewards' differences promise (Bradley and Terry 1952) and the real one, over classes of promised accuracy.
    """
    if not pairs:
        return {"held_out_pairs": 0}
    rewards = model.scores([ids for one in pairs for ids in (one.prompt + one.chosen, one.prompt + one.rejected)])
    margins = np.array(rewards[::2]) - np.array(rewards[1::2])
    right = margins > 0
    promised = 1 / (1 + np.exp(-np.abs(margins)))
    place = np.minimum(((promised - 0.5) * 2 * BINS).astype(int), BINS - 1)
    classes = [
        {"pairs": int(n), "promised": float(promised[place == k].mean()), "right": float(right[place == k].mean())}
        for k in range(BINS)
        if (n := (place == k).sum())
    ]
    gap = sum(one["pairs"] * abs(one["promised"] - one["right"]) for one in classes) / len(pairs)
    return {
        "held_out_pairs": len(pairs),
        "pair_accuracy": float(right.mean()),
        "calibration_error": float(gap),
        "calibration": classes,
        "mean_margin": float(margins.mean()),
    }
