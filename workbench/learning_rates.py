"""The learning rate of a stage that names none, from the size of the base model."""

from collections.abc import Mapping

from workbench.stage import Full, Stage

RATE_FACTORS: Mapping[str, float] = {
    "cpt": 1.0,
    "sft": 1.0,
    "dpo": 0.05,
    "kto": 0.1,
    "reward": 0.5,
    "grpo": 0.4,
    "rlhf": 0.1,
    "rejection_sampling": 1.0,
    "distill": 1.0,
}
"""The learning rate that is chosen for a method, beside supervised fine-tuning's."""


def learning_rate(stage: Stage, parameters: int) -> float:
    """The stage's learning rate, or one chosen from the size of the base model.

    Small models need far larger steps than large ones. The rule is a power law through two points: 2e-4
    at 7e9 parameters (Dettmers et al. 2023, QLoRA) and about 4e-3 at 3.5e6, measured on the bundled base;
    full fine-tuning takes a tenth of it (Biderman et al. 2024, LoRA learns less and forgets less).
    """
    if stage.learning_rate is not None:
        return stage.learning_rate
    rate: float = min(5e-3, max(5e-5, 2e-4 * (7e9 / parameters) ** 0.4))
    rate *= RATE_FACTORS[stage.method]
    return rate / 10 if isinstance(stage.adapter, Full) else rate
