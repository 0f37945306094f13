"""The rows that a search over settings left: each trial's score of every development example that it answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.carried_checks import Column, column
from workbench.case import Case
from workbench.examples import Examples, nested
from workbench.model import Noun
from workbench.plan import is_done
from workbench.score import Score
from workbench.statistics.arrays import Floats
from workbench.tuning import Trial, Tuning, read_tunings
from workbench.usecase import MetricName
from workbench.workspace import Step, read_jsonl


class TrialRow(Noun):
    """What one trial gave on the last rung that it finished."""

    values: Column
    """A value for each development example; None where it did not answer, or where the instrument failed."""
    tokens: float | None
    """Tokens that one request took, read and written; None where it answered none."""


class Searched(Noun):
    """A search with its rows: all that its choice follows from."""

    tuning: Tuning
    clusters: tuple[str, ...]
    """What each development example is counted under, in the order in which the rungs take them."""
    rows: tuple[TrialRow, ...]
    """One for each trial."""


def gather_searched(case: Case) -> tuple[Searched, ...]:
    """Every search on the development examples that a use case has now."""
    return tuple(searched(case, one) for one in read_tunings(case))


def searched(case: Case, tuning: Tuning) -> Searched:
    """A search with its rows, as its steps have them now."""
    scored = Scored.of(case)
    return Searched(
        tuning=tuning,
        clusters=tuple(one.cluster for one in scored.examples),
        rows=tuple(TrialRow(values=column(scored.values(one)), tokens=scored.tokens(one)) for one in tuning.trials),
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

    def tokens(self, trial: Trial) -> float | None:
        """Tokens read and written for one request, over all that it answered at last."""
        answered, tokens = 0, 0.0
        for step in steps_of(self.case, trial.scored[-1]) if trial.scored else ():
            if not is_done(step):
                return None
            facts = step.needed("answers").record.facts
            answered += int(facts["answered"])
            tokens += facts["answered"] * (facts["prompt_tokens"] + facts["completion_tokens"])
        return tokens / answered if answered else None


def steps_of(case: Case, names: Sequence[str]) -> list[Step]:
    """Step folders by name."""
    return [Step(case.workspace / "steps" / name) for name in names]
