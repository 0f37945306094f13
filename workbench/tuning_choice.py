"""What a search shows: how each trial did on the development examples, which is chosen, and how far to believe it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.candidate import Approach, Candidate
from workbench.case import Case
from workbench.examples import Examples, nested
from workbench.gain import Gain, gained
from workbench.model import Noun
from workbench.plan import is_done
from workbench.score import Score
from workbench.statistics.arrays import Floats
from workbench.statistics.choosing import HALVES, choose, honest_gain
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.tuning import Trial, TrialStatus, Tuning
from workbench.tuning_space import Setting
from workbench.usecase import MetricName
from workbench.workspace import Step, read_jsonl

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


def chosen_candidate(case: Case, tuning: Tuning, choice: Choice) -> Candidate | None:
    """The candidate with the chosen settings, by its new name; None where it stays as it was."""
    if not choice.chosen:
        return None
    trial = tuning.trials[choice.chosen]
    turned = tuning.candidate_of(trial.settings)
    before = tuning.candidate.name
    about = f"{before}, tuned on {choice.examples:,} development examples of {case.name}."
    return turned.model_copy(update={"name": tuned_name(before), "description": about})


def tuned_name(name: str) -> str:
    """What a tuned candidate is called."""
    return f"{name[:58].rstrip('.-_')}-tuned"


def look(case: Case, tuning: Tuning) -> Choice:
    """How a search stands; the same steps give the same choice.

    Its trials must be those of the development examples that the use case has now.
    """
    scored = Scored.of(case)
    examples, rows = scored.examples, [scored.values(one) for one in tuning.trials]
    tried = tuple(_tried(case, tuning, one, values, examples) for one, values in zip(tuning.trials, rows, strict=True))
    whole = [n for n, one in enumerate(tried) if one.status == "whole" and one.mean is not None]
    found = Choice(
        candidate=tuning.candidate.name, approach=tuning.candidate.approach, tried=tried, chosen=None, best=None,
        examples=len(examples),
    )  # fmt: skip
    if not whole or tried[whole[0]].number != 0:
        return found
    table = np.stack([rows[n] for n in whole])
    kept = np.flatnonzero(~np.isnan(table).any(axis=0))
    if not len(kept):
        return found.model_copy(update={"excluded": len(examples)})
    table, clusters = table[:, kept], Clusters.of([examples[int(i)].cluster for i in kept])
    order = _simplest_first([tried[n] for n in whole])
    row = choose(table, clusters, order=order)
    honest = honest_gain(table, clusters, order=order, rng=np.random.default_rng(0))
    return found.model_copy(
        update={
            "chosen": tried[whole[row]].number,
            "best": tried[whole[int(table.mean(axis=1).argmax())]].number,
            "examples": len(kept),
            "excluded": len(examples) - len(kept),
            "gain": gained(table[row] - table[0], clusters) if row else None,
            "honest": honest if row else None,
        }
    )


@dataclass(frozen=True)
class Scored:
    """Scores of trials on the development examples of a use case."""

    case: Case
    examples: Examples
    """In the order in which the rungs take them."""
    metric: MetricName

    @classmethod
    def of(cls, case: Case) -> "Scored":
        """Those of a use case as it is now."""
        return cls(case, nested(case.examples("dev")), case.use_case.metric)

    def values(self, trial: Trial, rung: int = -1) -> Floats:
        """A trial's score of each example on a rung that it finished, by default the last; NaN where there is none.

        Shape (examples,).
        """
        place = {example.id: n for n, example in enumerate(self.examples)}
        found = np.full(len(self.examples), np.nan)
        for step in steps_of(self.case, trial.scored[rung]) if trial.scored else ():
            path = step.path("scores.jsonl")
            for record in read_jsonl(path) if is_done(step) else ():
                score = Score.parse(record, where=str(path))
                if score.metric == self.metric and score.value is not None:
                    found[place[score.item]] = score.value
        return found

    def mean(self, trial: Trial, rung: int) -> float | None:
        """A trial's mean on a rung; None where nothing is scored there."""
        values = self.values(trial, rung)
        return None if np.isnan(values).all() else float(np.nanmean(values))

    def lead(self, trial: Trial, other: Trial) -> float | None:
        """By how much a trial is ahead of another on the examples that both have a score of; None: there are none."""
        ahead = self.values(trial) - self.values(other)
        return None if np.isnan(ahead).all() else float(np.nanmean(ahead))


def steps_of(case: Case, names: Sequence[str]) -> list[Step]:
    """Step folders by name."""
    return [Step(case.workspace / "steps" / name) for name in names]


def _tried(case: Case, tuning: Tuning, trial: Trial, values: Floats, examples: Examples) -> Tried:
    scored = np.flatnonzero(~np.isnan(values))
    own = tuning.trials[0].settings
    mean, low, high = None, 0.0, 1.0
    if len(scored):
        clusters = Clusters.of([examples[int(i)].cluster for i in scored])
        mean = float(values[scored].mean())
        variance = float(clusters.covariance(values[scored, None])[0, 0])
        interval = mean_interval(mean, variance, n=clusters.effective, df=clusters.df)
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
        tokens=_tokens(case, trial),
    )


def _tokens(case: Case, trial: Trial) -> float | None:
    """Tokens read and written for one request, over all that it answered at last."""
    answered, tokens = 0, 0.0
    for step in steps_of(case, trial.scored[-1]) if trial.scored else ():
        if not is_done(step):
            return None
        facts = step.needed("answers").record.facts
        answered += int(facts["answered"])
        tokens += facts["answered"] * (facts["prompt_tokens"] + facts["completion_tokens"])
    return tokens / answered if answered else None


def _simplest_first(tried: Sequence[Tried]) -> list[int]:
    """Positions: the candidate as it was first, then by tokens, then by how many settings are others."""

    def demands(n: int) -> tuple[bool, float, int, int]:
        one = tried[n]
        tokens = float("inf") if one.tokens is None else round(one.tokens, 1)
        return one.number != 0, tokens, len(one.changed), one.number

    return sorted(range(len(tried)), key=demands)


HOW_HONEST = f"half of the examples choose and the other half score, {2 * HALVES} times"
"""How the gain is measured that is not optimistic."""
