"""Direct preference optimisation: pairs, arguments, trainer, train, save."""

import math
from typing import Any

from datasets import Dataset
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from recipes.data import EncodedPair
from recipes.look import Look
from recipes.model import Base, size
from recipes.training import Follower, adapted, common, finish, rows_in_order
from workbench.learning_rates import learning_rate
from workbench.stage import Dpo
from workbench.workspace import Step


class Pairs(DPOTrainer):
    """DPO on rows that are token ids already: the chat template was applied where all rows get it."""

    def _prepare_dataset(self, dataset: Dataset, *rest: Any, **named: Any) -> Dataset:
        return dataset


def train_dpo(step: Step, base: Base, stage: Dpo, *, pairs: list[EncodedPair], look: Look, seed: int) -> dict[str, Any]:
    """Train on preference pairs; the reference is the model as it was before, and is asked about each pair once.

    Leaves ``adapter/`` or ``weights/``. Returns facts about the training; raises as ``finish`` does.
    """
    rows = [{"prompt_ids": one.prompt, "chosen_ids": one.chosen, "rejected_ids": one.rejected} for one in pairs]
    lengths = [len(one.prompt) + max(len(one.chosen), len(one.rejected)) for one in pairs]
    order = rows_in_order(lengths, stage, seed=seed)
    total = math.ceil(len(order) / (stage.batch_size * stage.accumulate))
    parameters = size(base)
    with adapted(base, stage, seed=seed) as model:
        follower = Follower(step, base, stage, look, total=total)
        trainer = Pairs(
            model=model,
            args=DPOConfig(
                **common(step, base, stage, rate=learning_rate(stage, parameters), seed=seed, total=total),
                max_length=None,
                beta=stage.beta,
                loss_type=[stage.loss],
                label_smoothing=stage.wrong_share,
                precompute_ref_log_probs=True,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=base.tokenizer,
            callbacks=follower.callbacks,
        )
        # Each pair was scored by the reference once, in the constructor; only now come the epochs.
        scored = trainer.train_dataset
        assert isinstance(scored, Dataset)
        trainer.train_dataset = scored.select(order)
        facts = finish(trainer, follower, step=step, base=base)
    return facts | {"parameters": parameters, "rows": len(pairs), "tokens": sum(lengths) * 2 * stage.epochs}
