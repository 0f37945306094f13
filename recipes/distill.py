"""On-policy distillation: the student writes, the teacher says how likely each token was."""

import math
from collections.abc import Mapping
from typing import Any, cast

from datasets import Dataset
from transformers import PreTrainedModel
from trl.trainer.distillation_config import DistillationConfig
from trl.trainer.distillation_trainer import DistillationTrainer

from recipes.answer import context
from recipes.data import Turn, encode_prompt
from recipes.look import Look
from recipes.model import Base, size
from recipes.training import Follower, adapted, common, finish, rows_in_order
from workbench.errors import ConfigError
from workbench.learning_rates import learning_rate
from workbench.stage import Distill
from workbench.workspace import Step

BETAS: Mapping[str, float] = {"forward": 0.0, "middle": 0.5, "reverse": 1.0}
"""What the generalised Jensen-Shannon divergence calls the kinds of divergence."""


def train_distill(
    step: Step,
    base: Base,
    stage: Distill,
    *,
    conversations: Mapping[str, list[Turn]],
    teacher: Base,
    look: Look,
    seed: int,
) -> dict[str, Any]:
    """Bring the student's distribution near the teacher's, token by token, on answers of the student's own.

    Leaves ``adapter/`` or ``weights/``. Returns facts about the training; raises as ``finish`` does, and ConfigError
    where the two have not the same vocabulary.
    """
    require_same_vocabulary(base, teacher, stage.teacher)
    room = min(context(base), context(teacher)) - stage.max_new_tokens
    lengths = {name: len(encode_prompt(turns, base.tokenizer)) for name, turns in conversations.items()}
    fitting = [name for name, length in lengths.items() if length <= room]
    if len(fitting) < stage.batch_size:
        raise ConfigError(
            f"{len(fitting)} requests fit into the models' context, and a batch takes {stage.batch_size}.",
            "Lower batch_size or max_new_tokens of the stage, or add training examples.",
        )
    taken = rows_in_order([lengths[name] for name in fitting], stage, seed=seed)
    together = stage.batch_size * stage.accumulate
    taken = taken[: len(taken) // together * together]
    rows = [{"prompt": conversations[fitting[i]]} for i in taken]
    total = len(taken) // together
    parameters = size(base)
    settings = common(step, base, stage, rate=learning_rate(stage, parameters), seed=seed, total=total)
    del settings["train_sampling_strategy"]  # The trainer has a sampler of its own, which keeps our order.
    with adapted(base, stage, seed=seed) as model:
        follower = Follower(step, base, stage, look, total=total)
        trainer = DistillationTrainer(
            model=model,
            teacher_model=cast("PreTrainedModel", teacher.model),
            args=DistillationConfig(
                **settings,
                beta=BETAS[stage.divergence],
                temperature=stage.temperature,
                max_completion_length=stage.max_new_tokens,
                shuffle_dataset=False,
                disable_dropout=True,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=base.tokenizer,
            callbacks=follower.callbacks,
        )
        facts = finish(trainer, follower, step=step, base=base)
    return facts | {
        "parameters": parameters,
        "rows": len(fitting),
        "rows_too_long": len(lengths) - len(fitting),
        "rounds": math.ceil(stage.epochs),
    }


def require_same_vocabulary(student: Base, teacher: Base, name: str) -> None:
    """Raise ConfigError unless every token has the same number in both models."""
    sizes = [int(one.model.config.vocab_size) for one in (student, teacher)]
    if student.tokenizer.get_vocab() != teacher.tokenizer.get_vocab() or sizes[0] != sizes[1]:
        raise ConfigError(
            f"The teacher {name} has another vocabulary than the base model, so it can't judge its tokens.",
            "Choose a teacher of the same family, or mode: off-policy, which needs only the teacher's words.",
        )
