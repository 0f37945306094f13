"""Reinforcement learning, group-relative or leave-one-out: requests, rewards, arguments, trainer, train, save."""

import importlib.util
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Dataset
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_config import RLOOConfig
from trl.trainer.rloo_trainer import RLOOTrainer

from recipes.answer import context
from recipes.data import Turn, encode_prompt
from recipes.look import Look
from recipes.model import Base, size
from recipes.rewards import Rewarder
from recipes.training import Follower, adapted, common, finish, order
from workbench.errors import ConfigError
from workbench.learning_rates import learning_rate
from workbench.stage import Full, Grpo, Rlhf
from workbench.workspace import Step


def reinforce(
    step: Step,
    base: Base,
    stage: Grpo | Rlhf,
    *,
    conversations: Mapping[str, list[Turn]],
    rewards: Sequence[tuple[Rewarder, float]],
    look: Look,
    seed: int,
) -> dict[str, Any]:
    """Draw several answers to each request, and make those likelier that got more reward than the others.

    ``conversations``: the turns before the answer, by example; ``rewards``: each with its weight, 0 to watch only.
    Leaves ``adapter/`` or ``weights/``. Returns facts about the training; raises as ``finish`` does.
    """
    if isinstance(stage.adapter, Full) and stage.beta:
        raise ConfigError(
            "Training all weights against a KL penalty would need a second copy of the model.",
            "Use a lora adapter, or set beta to 0.",
        )
    room = context(base) - stage.max_new_tokens
    fitting = [name for name, turns in conversations.items() if len(encode_prompt(turns, base.tokenizer)) <= room]
    if len(fitting) < stage.prompts:
        raise ConfigError(
            f"{len(fitting)} requests fit into the model's context, and a step takes {stage.prompts}.",
            "Lower prompts or max_new_tokens of the stage, or add training examples.",
        )
    wanted = stage.steps * stage.prompts
    drawn = order([0] * len(fitting), batch=1, epochs=wanted / len(fitting), rng=np.random.default_rng(seed))
    rows = [{"prompt": conversations[fitting[i]], "example": fitting[i]} for i in drawn[:wanted]]
    parameters = size(base)
    settings = common(step, base, stage, rate=learning_rate(stage, parameters), seed=seed, total=stage.steps)
    settings |= {
        "gradient_accumulation_steps": stage.prompts * stage.answers // stage.batch_size,
        "reward_weights": [weight for _, weight in rewards],
        "num_generations": stage.answers,
        "temperature": stage.temperature,
        "max_completion_length": stage.max_new_tokens,
        "beta": stage.beta,
        "shuffle_dataset": False,
        "disable_dropout": True,
    }
    if base.device.type == "cuda" and importlib.util.find_spec("vllm") is not None:
        settings |= {"use_vllm": True, "vllm_mode": "colocate"}  # Draws answers several times as fast.
    del settings["train_sampling_strategy"]  # The trainer repeats each request by itself, in our order.
    with adapted(base, stage, seed=seed) as model:
        follower = Follower(step, base, stage, look, total=stage.steps)
        given: dict[str, Any] = {
            "model": model,
            "reward_funcs": [function for function, _ in rewards],
            "train_dataset": Dataset.from_list(rows),
            "processing_class": base.tokenizer,
            "callbacks": follower.callbacks,
        }
        trainer: GRPOTrainer | RLOOTrainer
        if isinstance(stage, Grpo):
            trainer = GRPOTrainer(args=GRPOConfig(**settings), **given)
        else:
            trainer = RLOOTrainer(args=RLOOConfig(**settings), **given)
        facts = finish(trainer, follower, step=step, base=base)
    return facts | {
        "parameters": parameters,
        "rows": len(fitting),
        "rows_too_long": len(conversations) - len(fitting),
        "answers_drawn": stage.steps * stage.prompts * stage.answers,
        "rounds": math.ceil(wanted / len(fitting)),
    }
