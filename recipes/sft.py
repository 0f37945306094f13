"""Supervised fine-tuning: rows, arguments, trainer, train, save."""

import math
from collections.abc import Sequence
from typing import Any

from datasets import Dataset
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from recipes.data import Encoded, Row
from recipes.look import Look
from recipes.model import Base, size
from recipes.training import Follower, adapted, common, finish, rows_in_order
from workbench.learning_rates import learning_rate
from workbench.stage import Cpt, Distill, RejectionSampling, Sft
from workbench.workspace import Step


def train_sft(
    step: Step, base: Base, stage: Cpt | Sft | RejectionSampling | Distill, *, encoded: Encoded, look: Look, seed: int
) -> dict[str, Any]:
    """Train on the tokens of the rows that carry loss, from the last whole checkpoint where there is one.

    Leaves ``adapter/`` or ``weights/``. Returns facts about the training; raises as ``finish`` does.
    """
    dataset = _dataset(encoded.rows, stage, seed=seed)
    total = math.ceil(len(dataset) / (stage.batch_size * stage.accumulate))
    parameters = size(base)
    rate = learning_rate(stage, parameters)
    with adapted(base, stage, seed=seed) as model:
        follower = Follower(step, base, stage, look, total=total)
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(
                **common(step, base, stage, rate=rate, seed=seed, total=total),
                max_length=None,
                dataset_kwargs={"skip_prepare_dataset": True},
            ),
            train_dataset=dataset,
            processing_class=base.tokenizer,
            callbacks=follower.callbacks,
        )
        facts = finish(trainer, follower, step=step, base=base)
    return facts | {
        "parameters": parameters,
        "rows": len(encoded.rows),
        "rows_too_long": encoded.too_long,
        "tokens": sum(len(row.input_ids) for row in encoded.rows) * stage.epochs,
    }


def _dataset(rows: Sequence[Row], stage: Cpt | Sft | RejectionSampling | Distill, *, seed: int) -> Dataset:
    found = Dataset.from_list([{"input_ids": row.input_ids, "labels": row.labels} for row in rows])
    return found.select(rows_in_order([len(row.input_ids) for row in rows], stage, seed=seed))
