"""A search over a candidate's settings, as it is written down: what was searched, what each trial did, what it took.

What it shows is computed from the steps that its trials took (``tuning_choice.py``); chosen is what is kept.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.halving import Rung
from workbench.model import Noun
from workbench.tuning_space import Dimension, Setting, Settings, with_settings
from workbench.workspace import write_atomically

TrialStatus = Literal["open", "whole", "stopped early", "failed"]
End = Literal["", "budget", "trials", "exhausted", "spending"]
ENDS: dict[End, str] = {
    "": "it is not at its end",
    "budget": "the time was up",
    "trials": "all trials that were asked for are done",
    "exhausted": "nothing new was left to try",
    "spending": "the most that may be spent on the hosted model was nearly spent",
}
"""Why a search ended, in words."""


class Trial(Noun):
    """One setting of a candidate that was tried on the development examples."""

    number: int
    """0 is the candidate as it was."""
    settings: dict[str, Setting]
    """A value for each dimension that is searched."""
    scored: tuple[tuple[str, ...], ...] = ()
    """For each rung that it finished, the steps that scored its answers, in the order of the examples."""
    status: TrialStatus = "open"
    """open: not at its end yet; whole: on all examples; stopped early: others did better on fewer; failed: it cannot be
    run."""
    reason: str = ""
    """Why it failed."""


class Tuning(Noun):
    """A search over the settings of one candidate, on the development set alone."""

    candidate: Candidate
    """As it was before."""
    seed: int
    examples: str
    """Digest of the development examples."""
    instruction: str
    """What it was told to do, which {instruction} stands for in other instructions."""
    dimensions: tuple[Dimension, ...]
    rungs: tuple[Rung, ...]
    budget: float | None = Field(default=None, gt=0)
    """Seconds that its trials may take; None: no bound but the number of trials."""
    most_trials: int | None = Field(default=None, ge=1)
    """Trials that it may make, the candidate as it was among them; None: as many as the time allows."""
    spent: float = 0.0
    """Seconds that its trials took, over all sittings."""
    before: float = 0.0
    """Seconds that earlier searches of this candidate took, with another seed, space or other examples."""
    after_scores: bool = False
    """Whether test scores of the use case were seen before it began."""
    trials: tuple[Trial, ...] = ()
    end: End = ""
    kept: str = ""
    """The candidate that its choice is kept as; empty where the candidate stays as it was."""

    @property
    def seconds_left(self) -> float | None:
        """What is left of the budget; None where there is none."""
        return None if self.budget is None else max(0.0, self.budget - self.spent)

    def continues(self, other: "Tuning") -> bool:
        """Whether it is the same search as another, perhaps with more time or trials."""
        same = ("candidate", "seed", "examples", "instruction", "dimensions", "rungs")
        return all(getattr(self, name) == getattr(other, name) for name in same)

    def candidate_of(self, settings: Settings) -> Candidate:
        """The candidate with other settings.

        Raises ConfigError where they do not fit together.
        """
        return with_settings(self.candidate, settings, instruction=self.instruction)

    def with_trial(self, trial: Trial) -> "Tuning":
        """The search with a trial added, or in the place of the one with its number."""
        rest = [one for one in self.trials if one.number != trial.number]
        trials = sorted([*rest, trial], key=lambda one: one.number)
        return self.model_copy(update={"trials": tuple(trials)})


def tuning_path(case: Case, candidate: str) -> Path:
    """Where the search of a candidate is written down."""
    return case.folder / "tunings" / f"{candidate}.json"


def read_tuning(case: Case, candidate: str) -> Tuning | None:
    """The latest search of a candidate; None where there was none.

    Raises ConfigError where the file is damaged.
    """
    path = tuning_path(case, candidate)
    if not path.exists():
        return None
    return Tuning.parse(json.loads(path.read_text(encoding="utf-8")), where=str(path))


def read_tunings(case: Case) -> tuple[Tuning, ...]:
    """The latest search of every candidate that was searched over, on the development examples there are now."""
    names = sorted(path.stem for path in (case.folder / "tunings").glob("*.json"))
    found = [one for name in names if (one := read_tuning(case, name)) is not None]
    return tuple(one for one in found if one.examples == case.split_digest("dev"))


def write_tuning(case: Case, tuning: Tuning) -> None:
    """Write a search down as it stands."""
    write_atomically(tuning_path(case, tuning.candidate.name), tuning.model_dump_json(indent=1) + "\n")
