"""What a search shows: how each trial did on the development examples, which is chosen, and how far to believe it."""

from collections.abc import Sequence

import numpy as np

from workbench.candidate import Approach, Candidate
from workbench.carried_checks import floats
from workbench.gain import Gain, gained
from workbench.model import Noun
from workbench.searched import Searched
from workbench.statistics.arrays import Floats
from workbench.statistics.choosing import HALVES, choose, honest_gain
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.tuning import Trial, TrialStatus, Tuning
from workbench.tuning_space import Setting

RULE = (
    "Of all settings that fall short of the best by no more than one standard error of the difference, the candidate "
    "as it was is kept where it is one of them, else the one that reads and writes the fewest tokens is taken"
)
"""The one-standard-error rule (Breiman et al. 1984): dev sets are small, so the highest of many means is mostly the
luckiest; what is no better by more than noise is not worth a longer prompt or another setting."""


class Tried(Noun):
    """How one trial did."""

    number: int
    changed: dict[str, Setting]
    """The settings that are not the candidate's own."""
    status: TrialStatus
    reason: str
    mean: float | None
    """On the examples that it answered; None: none are scored."""
    low: float
    high: float
    """The 95 % interval of the mean, by itself."""
    examples: int
    """How many it answered at last."""
    tokens: float | None
    """Tokens that one request took, read and written."""


class Choice(Noun):
    """What a search shows so far."""

    candidate: str
    approach: Approach
    tried: tuple[Tried, ...]
    """In the order in which they were tried; the first is the candidate as it was."""
    chosen: int | None
    """The trial that is chosen; None while the candidate as it was is not on all examples."""
    best: int | None
    """The trial with the highest mean on all examples."""
    examples: int
    """Development examples that the choice rests on."""
    gain: Gain | None = None
    """Of the chosen over the candidate as it was, on the examples that it was chosen by: optimistic."""
    honest: float | None = None
    """The same where half of the examples choose and the other half score; None where there are too few."""
    excluded: int = 0
    """Development examples that are left out, since an instrument failed on them in some trial."""

    @property
    def luck(self) -> float | None:
        """How much of the gain is luck of choosing, as far as that is known; never less than none."""
        return None if self.honest is None or self.gain is None else max(0.0, self.gain.delta - self.honest)

    @property
    def whole(self) -> int:
        """How many trials are on all examples."""
        return sum(one.status == "whole" for one in self.tried)

    def of(self, number: int | None) -> Tried | None:
        """A trial by its number."""
        return next((one for one in self.tried if one.number == number), None)


def chosen_candidate(tuning: Tuning, choice: Choice) -> Candidate | None:
    """The candidate with the chosen settings, by its new name; None where it stays as it was."""
    if not choice.chosen:
        return None
    trial = tuning.trials[choice.chosen]
    turned = tuning.candidate_of(trial.settings)
    before = tuning.candidate.name
    about = f"{before}, tuned on {choice.examples:,} development examples."
    return turned.model_copy(update={"name": tuned_name(before), "description": about})


def tuned_name(name: str) -> str:
    """What a tuned candidate is called."""
    return f"{name[:58].rstrip('.-_')}-tuned"


def look(found: Searched) -> Choice:
    """How a search stands; the same rows give the same choice."""
    tuning, clusters = found.tuning, found.clusters
    rows = [floats(one.values) for one in found.rows]
    tried = tuple(
        _tried(tuning, trial, values, clusters, tokens=row.tokens)
        for trial, values, row in zip(tuning.trials, rows, found.rows, strict=True)
    )
    whole = [n for n, one in enumerate(tried) if one.status == "whole" and one.mean is not None]
    choice = Choice(
        candidate=tuning.candidate.name, approach=tuning.candidate.approach, tried=tried, chosen=None, best=None,
        examples=len(clusters),
    )  # fmt: skip
    if not whole or tried[whole[0]].number != 0:
        return choice
    table = np.stack([rows[n] for n in whole])
    kept = np.flatnonzero(~np.isnan(table).any(axis=0))
    if not len(kept):
        return choice.model_copy(update={"excluded": len(clusters)})
    table, groups = table[:, kept], Clusters.of([clusters[int(i)] for i in kept])
    order = _simplest_first([tried[n] for n in whole])
    row = choose(table, groups, order=order)
    honest = honest_gain(table, groups, order=order, rng=np.random.default_rng(0))
    return choice.model_copy(
        update={
            "chosen": tried[whole[row]].number,
            "best": tried[whole[int(table.mean(axis=1).argmax())]].number,
            "examples": len(kept),
            "excluded": len(clusters) - len(kept),
            "gain": gained(table[row] - table[0], groups) if row else None,
            "honest": honest if row else None,
        }
    )


def _tried(tuning: Tuning, trial: Trial, values: Floats, clusters: Sequence[str], *, tokens: float | None) -> Tried:
    scored = np.flatnonzero(~np.isnan(values))
    own = tuning.trials[0].settings
    mean, low, high = None, 0.0, 1.0
    if len(scored):
        groups = Clusters.of([clusters[int(i)] for i in scored])
        mean = float(values[scored].mean())
        variance = float(groups.covariance(values[scored, None])[0, 0])
        interval = mean_interval(mean, variance, n=groups.effective, df=groups.df)
        low, high = interval.low, interval.high
    return Tried(
        number=trial.number,
        changed={name: value for name, value in trial.settings.items() if value != own[name]},
        status=trial.status,
        reason=trial.reason,
        mean=mean,
        low=low,
        high=high,
        examples=tuning.rungs[len(trial.scored) - 1].examples if trial.scored else 0,
        tokens=tokens,
    )


def _simplest_first(tried: Sequence[Tried]) -> list[int]:
    """Positions: the candidate as it was first, then by tokens, then by how many settings are others."""

    def demands(n: int) -> tuple[bool, float, int, int]:
        one = tried[n]
        tokens = float("inf") if one.tokens is None else round(one.tokens, 1)
        return one.number != 0, tokens, len(one.changed), one.number

    return sorted(range(len(tried)), key=demands)


HOW_HONEST = f"half of the examples choose and the other half score, {2 * HALVES} times"
"""How the gain is measured that is not optimistic."""
