"""What a training reports about itself: what each figure means, and which values are a reason to worry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from workbench.phrases import percent

WINDOW = 10
"""Reports over which a value is averaged before it is worried about."""


@dataclass(frozen=True)
class Figure:
    """One figure of a training in words."""

    title: str
    unit: str
    better: str = ""
    """lower, higher, or empty where neither is."""


FIGURES: Mapping[str, Figure] = {
    "loss": Figure("loss", "nats per token of the answer", "lower"),
    "dev_loss": Figure("loss on the development set", "nats per token of the answer", "lower"),
    "dev_score": Figure("score on the development set", "share of its greedy answers that are right", "higher"),
    "reward": Figure("reward", "mean over the answers drawn", "higher"),
    "reward_spread": Figure("reward spread", "standard deviation within a group of answers"),
    "no_signal": Figure("groups without signal", "share whose answers all got the same reward", "lower"),
    "margin": Figure("reward margin", "preferred over other answer", "higher"),
    "pair_accuracy": Figure("pair accuracy", "share of pairs put in the right order", "higher"),
    "logp_chosen": Figure("log-probability of preferred answers", "nats", "higher"),
    "logp_rejected": Figure("log-probability of other answers", "nats"),
    "kl": Figure("KL divergence", "nats away from the start of the stage"),
    "kl_start": Figure("distance from the start", "KL divergence in nats per token of its own answers"),
    "entropy": Figure("entropy", "nats per token"),
    "answer_tokens": Figure("length of answers", "tokens"),
    "clipped": Figure("answers cut off", "share that reached the longest length", "lower"),
    "gradient_norm": Figure("gradient norm", "before clipping"),
    "tokens_per_second": Figure("tokens a second", "read and trained on, padding left out", "higher"),
    "learning_rate": Figure("learning rate", "per step"),
}
"""What trainings report, in the order of showing; rewards by name come after them."""


def figure_words(name: str) -> Figure:
    """A figure in words, also one that is the mean of a single reward."""
    known = FIGURES.get(name)
    return known or Figure(name.removeprefix("reward_").replace("_", " ") + " (one reward)", "mean", "higher")


def reported(lines: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The figures that a training has reported, in the order of showing."""
    found = {name for line in lines for name, value in line.items() if isinstance(value, float | int)}
    rewards = sorted(name for name in found if name.startswith("reward_") and name not in FIGURES)
    return (*(name for name in FIGURES if name in found), *rewards)


def red_flags(lines: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the latest values of a training give reason to worry about, and what to do, in sentences."""
    return tuple(_flags([line for line in lines if line.get("loss") is not None]))


def _flags(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(lines) < WINDOW:
        return

    def now(name: str) -> float | None:
        return _mean(lines[-WINDOW:], name)

    def first(name: str) -> float | None:
        return _mean(lines[:WINDOW], name)

    norm = now("gradient_norm")
    if norm is not None and norm > 100:
        yield f"The gradient norm is {norm:.0f}: lower the learning rate."
    loss, began = now("loss"), first("loss")
    rewarded = now("reward") is not None
    if not rewarded and loss is not None and began is not None and len(lines) >= 3 * WINDOW and loss > 1.2 * began:
        yield f"The loss has risen from {began:.2f} to {loss:.2f}: lower the learning rate to a third."
    no_signal = now("no_signal")
    if no_signal is not None and no_signal >= 0.8:
        yield (
            f"In {percent(no_signal)} of the groups all answers got the same reward, so nothing is learned from them: "
            "raise the temperature, draw more answers, or choose requests that are neither always nor never right."
        )
    clipped = now("clipped")
    if clipped is not None and clipped >= 0.5:
        yield f"{percent(clipped)} of the answers are cut off: raise max_new_tokens, or let length cost reward."
    chosen, before = now("logp_chosen"), first("logp_chosen")
    margin, earlier = now("margin"), first("margin")
    falling = chosen is not None and before is not None and chosen < before - 0.1 * abs(before) - 1
    if falling and margin is not None and earlier is not None and margin > earlier:
        yield (
            "The margin rises although preferred answers become less likely: the model learns what not to say. "
            "Raise beta, or put an sft stage on the preferred answers before."
        )
    learned, watched = [name for name in lines[-1] if name == "reward_reward_model"], _watched(lines)
    if learned and watched is not None:
        rose = (now("reward_reward_model") or 0) - (first("reward_reward_model") or 0)
        told = (now(watched) or 0) - (first(watched) or 0)
        if rose > 0.5 and told <= 0:
            yield (
                f"The reward model's reward rose by {rose:.1f} while {figure_words(watched).title} did not rise: "
                "it may be fooled. Raise beta or stop earlier."
            )


def _watched(lines: Sequence[Mapping[str, Any]]) -> str | None:
    names = (name for name in reported(lines) if name.startswith("reward_") and name not in FIGURES)
    return next((name for name in names if name != "reward_reward_model"), None)


def _mean(lines: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [float(line[name]) for line in lines if line.get(name) is not None]
    return fmean(values) if values else None
