"""The raw rows of a search over settings: how each trial scored on each development example, and what it took."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.case import Case
from workbench.examples import Examples, nested
from workbench.model import Noun
from workbench.plan import is_done
from workbench.score import Score
from workbench.statistics.arrays import Floats
from workbench.tuning import Trial, Tuning, read_tunings
from workbench.usecase import MetricName
from workbench.workspace import Step, read_jsonl


class TrialRows(Noun):
    """What one trial gave."""

    values: tuple[float | None, ...]
    """Its score of each development example; None where it was not asked or could not be scored."""
    tokens: float | None
    """Tokens that one request took, read and written; None where it answered none."""

    def table(self) -> Floats:
        """The scores with NaN where there is none. Shape (examples,)."""
        return np.array([np.nan if one is None else one for one in self.values], dtype=np.float64)


class Searched(Noun):
    """A search and what its trials gave."""

    tuning: Tuning
    clusters: tuple[str, ...]
    """What each development example is counted under, in the order in which the rungs take them."""
    trials: tuple[TrialRows, ...]
    """In the order of the search's trials."""


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


def searched(case: Case, tuning: Tuning) -> Searched:
    """What the trials of a search gave; they must be of the development examples that the use case has now."""
    scored = Scored.of(case)
    return Searched(
        tuning=tuning,
        clusters=tuple(example.cluster for example in scored.examples),
        trials=tuple(
            TrialRows(
                values=tuple(None if np.isnan(one) else round(float(one), 6) for one in scored.values(trial)),
                tokens=_tokens(case, trial),
            )
            for trial in tuning.trials
        ),
    )


def all_searched(case: Case) -> tuple[Searched, ...]:
    """The latest search of every candidate that was searched over."""
    return tuple(searched(case, one) for one in read_tunings(case))
