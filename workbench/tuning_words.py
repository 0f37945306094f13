"""A search over settings in words: the same in the terminal, on the page and in the report."""

from collections.abc import Mapping, Sequence

from workbench.budget import told
from workbench.candidate import Approach
from workbench.phrases import agreeing, listed, percent, points
from workbench.tuning import Tuning
from workbench.tuning_choice import Choice, Tried
from workbench.tuning_space import Setting, words_of

HARDLY = 0.005
"""A share of the examples that is no more than a rounding error."""


def settings_words(changed: Mapping[str, Setting]) -> str:
    """Settings that were changed: "search hybrid, passages 2"; "as it was" where none was."""
    return ", ".join(words_of(name, value) for name, value in changed.items()) or "as it was"


def score_words(one: Tried) -> str:
    """How a trial did: its mean with the interval and how many examples it rests on, or that there is none."""
    if one.mean is None:
        return "cannot be run" if one.status == "failed" else "not scored"
    return f"{percent(one.mean)} ({100 * one.low:.1f} to {100 * one.high:.1f}) of {one.examples:,}"


def count_words(tuning: Tuning) -> str:
    """What a search took: "20 minutes, 31 trials"."""
    count = len(tuning.trials)
    return f"{told(tuning.spent)}, {count:,} {agreeing(count, 'trial', 'trials')}"


def chosen_words(tuning: Tuning, choice: Choice) -> str:
    """What came of a search, in a sentence or two."""
    name, chosen, first = choice.candidate, choice.of(choice.chosen), choice.of(0)
    if chosen is None or first is None or first.mean is None:
        return f"{name}: nothing is chosen yet; not even the candidate as it was is on all examples."
    if chosen.number == 0 or choice.gain is None:
        return (
            f"{name} stays as it was, at {score_words(first)} development examples: none of {choice.whole - 1:,} other "
            "settings that were tried on all of them is better by more than noise."
        )
    said = (
        f"{name} is tuned to {settings_words(chosen.changed)}: {score_words(chosen)} development examples, "
        f"{choice.gain.words} points against {percent(first.mean)} as it was."
    )
    return f"{said} {luck_words(choice)}"


def luck_words(choice: Choice) -> str:
    """That the figure on the development set is optimistic, and by how much as far as that is known."""
    if choice.honest is None:
        return "Of the figures that choose, the highest is mostly the luckiest: expect less."
    halves = f"Chosen by one half of these examples and scored on the other, the gain is {points(choice.honest)} points"
    if choice.luck is not None and choice.luck < HARDLY:
        return f"{halves}: hardly any of it is the luck of choosing."
    return f"{halves}: expect that rather, and believe the test set alone."


def fairness_words(approaches: Mapping[str, Approach], tunings: Sequence[Tuning]) -> str:
    """How much tuning each candidate had, in a sentence; ``approaches`` by the name of every candidate."""
    had = dict.fromkeys(approaches)
    searched: dict[str, Tuning | None] = had | {
        name: one for one in tunings for name in (one.candidate.name, one.kept) if name in had
    }
    spent = {name: one.spent + one.before if one is not None else 0.0 for name, one in searched.items()}
    none = [name for name, one in searched.items() if one is None]
    if len(none) == len(searched):
        return "No candidate was tuned: each ran with the settings that it was given."
    if not none and max(spent.values()) <= 1.1 * min(spent.values()):
        return f"Each candidate had {told(max(spent.values()))} of tuning."
    had_time: dict[str, list[str]] = {}
    for name, one in searched.items():
        if one is not None:
            had_time.setdefault(told(spent[name]), []).append(name)
    parts = [f"{listed(names)} had {time} of tuning" for time, names in had_time.items()]
    parts += [f"{listed(none)} had none"] if none else []
    unfair = " Whoever was tuned longer was given the better chance." if none or len(had_time) > 1 else ""
    return f"{'; '.join(parts)}.{unfair}"
