"""Rewards for answers in training: the graders are the scorers that decide afterwards, the very same functions."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.scorers import SCORERS
from recipes.answer import ending, finished
from recipes.asking import Asker
from recipes.data import Turn, encode_prompt
from recipes.judge import grade, request_text
from recipes.model import Base
from recipes.reward import RewardModel
from workbench.errors import WorkbenchError
from workbench.stage import Judge
from workbench.usecase import Example, MetricName

Rewarder = Callable[..., list[float | None]]
"""Called by the trainer with the tokens of the answers and the columns of their rows; one reward each."""


def graded(
    metric: MetricName, examples: Mapping[str, Example], base: Base, *, bare: Callable[[str], str] = str
) -> Rewarder:
    """The score of an answer on a metric, by the function that measures it afterwards, too.

    ``bare`` takes off what is no part of what an answer says. Raises WorkbenchError where an example's reference can
    not be used.
    """
    score = SCORERS[metric]

    def reward(completion_ids: Sequence[Sequence[int]], example: Sequence[str], **rest: Any) -> list[float | None]:
        found: list[float | None] = []
        for ids, name in zip(completion_ids, example, strict=True):
            scored = score(bare(finished(list(ids), base).text), examples[name].reference)
            if scored.value is None or not math.isfinite(scored.value):
                raise WorkbenchError(
                    f"The answer to {name} can't be graded by {metric}: {scored.reason}",
                    "Mend that example's reference, or choose another reward.",
                )
            found.append(scored.value)
        return found

    reward.__name__ = metric
    return reward


def judged(judge: Judge, ask: Asker, base: Base) -> Rewarder:
    """The grade that a judge gives an answer, from 0 to 1; no reward where it gives none."""

    def reward(
        completion_ids: Sequence[Sequence[int]], prompts: Sequence[list[Turn]], **rest: Any
    ) -> list[float | None]:
        answers = [finished(list(ids), base).text for ids in completion_ids]
        return grade(ask, judge, [(request_text(turns), text) for turns, text in zip(prompts, answers, strict=True)])

    reward.__name__ = "judge"
    return reward


def learned(model: RewardModel, base: Base) -> Rewarder:
    """What a reward model gives a request with its answer, through the token that ends it."""

    def reward(
        completion_ids: Sequence[Sequence[int]], prompts: Sequence[list[Turn]], **rest: Any
    ) -> list[float | None]:
        ends = ending(base)
        rows = []
        for ids, turns in zip(completion_ids, prompts, strict=True):
            end = next((n for n, token in enumerate(ids) if token in ends), len(ids))
            rows.append([*encode_prompt(turns, base.tokenizer), *ids[: end + 1]])
        found: list[float | None] = []
        for given in model.scores(rows):
            if not math.isfinite(given):
                raise WorkbenchError("The reward model gave a reward that is no number.", "Train it anew, more slowly.")
            found.append(given)
        return found

    reward.__name__ = "reward_model"
    return reward


def shorter(long_from: int, most: int) -> Rewarder:
    """0 up to ``long_from`` tokens, then falling in a straight line to -1 at ``most`` (Yu et al. 2025, DAPO)."""

    def reward(completion_ids: Sequence[Sequence[int]], **rest: Any) -> list[float | None]:
        return [-min(1.0, max(0, len(ids) - long_from) / max(1, most - long_from)) for ids in completion_ids]

    reward.__name__ = "shorter"
    return reward
