"""Learning from answers called good or bad (KTO): rows, arguments, trainer, train, save."""

import math
from typing import Any

from datasets import Dataset
from trl.trainer.kto_config import KTOConfig
from trl.trainer.kto_trainer import KTOTrainer

from recipes.data import EncodedRating
from recipes.look import Look
from recipes.model import Base, size
from recipes.processes import processes
from recipes.training import Follower, adapted, common, finish, rows_in_order
from workbench.errors import ConfigError
from workbench.learning_rates import learning_rate
from workbench.stage import Full, Kto
from workbench.workspace import Step

FEWEST_TOGETHER = 4
"""Answers of one process in one forward pass; with fewer they would be held against themselves."""


class Labelled(KTOTrainer):
    """KTO on rows that are token ids already, with the mismatched answers of each batch."""

    def _prepare_dataset(self, dataset: Dataset, processing_class: Any, args: KTOConfig, dataset_name: str) -> Dataset:
        def mismatched(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
            answers = rows["completion_ids"]
            return rows | {"KL_completion_ids": [*answers[-2:], *answers[:-2]]}  # Those of the pair before.

        return dataset.map(mismatched, batched=True, batch_size=args.per_device_train_batch_size)


def train_kto(
    step: Step, base: Base, stage: Kto, *, rated: list[EncodedRating], paired: bool, look: Look, seed: int
) -> dict[str, Any]:
    """Train on single answers, as good or as bad ones; ``paired``: a good and a bad one to each request take turns.

    How far an answer moved is held against the mean of its batch, so that the result depends on the batches.
    Leaves ``adapter/`` or ``weights/``. Returns facts about the training; raises as ``finish`` does.
    """
    if stage.batch_size // processes() < FEWEST_TOGETHER:
        raise ConfigError(
            f"{processes()} processes would share {stage.batch_size} answers, fewer than {FEWEST_TOGETHER} each.",
            "Raise batch_size of the stage: answers are held against others of their batch.",
        )
    rows = [{"prompt_ids": one.prompt, "completion_ids": one.answer, "label": one.good} for one in rated]
    lengths = [len(one.prompt) + len(one.answer) for one in rated]
    order = _pairs_in_order(lengths, stage, seed=seed) if paired else rows_in_order(lengths, stage, seed=seed)
    if len(order) % stage.batch_size in (1, 2):
        order = order[: -(len(order) % stage.batch_size)]  # They would be held against themselves.
    total = math.ceil(len(order) / (stage.batch_size * stage.accumulate))
    parameters = size(base)
    good, bad = weights(sum(one.good for one in rated), sum(not one.good for one in rated))
    with adapted(base, stage, seed=seed) as model:
        follower = Follower(step, base, stage, look, total=total)
        trainer = Labelled(
            model=model,
            args=KTOConfig(
                **common(step, base, stage, rate=learning_rate(stage, parameters), seed=seed, total=total),
                max_length=None,
                beta=stage.beta,
                desirable_weight=good,
                undesirable_weight=bad,
                precompute_ref_log_probs=isinstance(stage.adapter, Full),
            ),
            train_dataset=Dataset.from_list(rows).select(order),
            processing_class=base.tokenizer,
            callbacks=follower.callbacks,
        )
        facts = finish(trainer, follower, step=step, base=base)
    return facts | {"parameters": parameters, "rows": len(rows), "tokens": sum(lengths) * stage.epochs}


def _pairs_in_order(lengths: list[int], stage: Kto, *, seed: int) -> list[int]:
    """Rows 2n and 2n + 1 of a pair stay together, so that each batch holds good and bad answers."""
    longer = [max(both) for both in zip(lengths[::2], lengths[1::2], strict=True)]
    halved = stage.model_copy(update={"batch_size": stage.batch_size // 2})
    return [2 * pair + side for pair in rows_in_order(longer, halved, seed=seed) for side in (0, 1)]


def weights(good: int, bad: int) -> tuple[float, float]:
    """How much good and bad answers count, so that the rarer kind is not drowned out.

    Together the good ones weigh 1 to 4/3 times as much as the bad ones (Ethayarajh et al. 2024, section 4.2).
    """
    if good > bad * 4 / 3:
        return 1.0, good / (bad * 4 / 3)
    return (bad / good, 1.0) if good < bad else (1.0, 1.0)
