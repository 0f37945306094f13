"""Learning from answers called good or bad (KTO): rows, arguments, trainer, train, save."""

import math
from typing import Any

from datasets import Dataset
from trl.trainer.kto_config import KTOConfig
from trl.trainer.kto_trainer import KTOTrainer

from recipes.data import EncodedPair
from recipes.look import Look
from recipes.model import Base, size
from recipes.training import Follower, adapted, common, finish, learning_rate, rows_in_order
from workbench.stage import Full, Kto
from workbench.workspace import Step


class Labelled(KTOTrainer):
    """KTO on rows that are token ids already, with the mismatched answers of each batch."""

    def _prepare_dataset(self, dataset: Dataset, processing_class: Any, args: KTOConfig, dataset_name: str) -> Dataset:
        def mismatched(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
            answers = rows["completion_ids"]
            return rows | {"KL_completion_ids": [*answers[-2:], *answers[:-2]]}  # Those of the pair before.

        return dataset.map(mismatched, batched=True, batch_size=args.per_device_train_batch_size)


def train_kto(step: Step, base: Base, stage: Kto, *, pairs: list[EncodedPair], look: Look, seed: int) -> dict[str, Any]:
    """Train on each answer of the pairs by itself, as a good or as a bad one.

    How far an answer moved is held against the mean of its batch, so that the result depends on the batches.
    Leaves ``adapter/`` or ``weights/``. Returns facts about the training; raises as ``finish`` does.
    """
    rows = [
        {"prompt_ids": one.prompt, "completion_ids": answer, "label": good}
        for one in pairs
        for answer, good in ((one.chosen, True), (one.rejected, False))
    ]
    lengths = [len(one.prompt) + max(len(one.chosen), len(one.rejected)) for one in pairs]
    # Whole pairs are put in order, so that each batch holds good and bad answers.
    by_pair = rows_in_order(lengths, stage.model_copy(update={"batch_size": stage.batch_size // 2}), seed=seed)
    if len(by_pair) > 1 and len(by_pair) % (stage.batch_size // 2) == 1:
        by_pair.pop()  # The answers of a single pair would be held against themselves.
    order = [2 * pair + side for pair in by_pair for side in (0, 1)]
    total = math.ceil(len(order) / (stage.batch_size * stage.accumulate))
    parameters = size(base)
    with adapted(base, stage, seed=seed) as model:
        follower = Follower(step, base, stage, look, total=total)
        trainer = Labelled(
            model=model,
            args=KTOConfig(
                **common(step, base, stage, rate=learning_rate(stage, parameters), seed=seed, total=total),
                max_length=None,
                beta=stage.beta,
                precompute_ref_log_probs=isinstance(stage.adapter, Full),
            ),
            train_dataset=Dataset.from_list(rows).select(order),
            processing_class=base.tokenizer,
            callbacks=follower.callbacks,
        )
        facts = finish(trainer, follower, step=step, base=base)
    return facts | {"parameters": parameters, "rows": len(rows), "tokens": sum(lengths) * 2 * stage.epochs}
