"""How a search over a candidate's settings begins: what is wanted, whether it can be had, and what was done before."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.base_models import hosted_name
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.errors import ConfigError
from workbench.halving import LEAST, rungs
from workbench.launch import scores_seen
from workbench.stage import reads_requests
from workbench.tuning import Tuning, read_tuning
from workbench.tuning_space import WORDINGS, instruction_of, space


@dataclass(frozen=True)
class Wanted:
    """How long to search, and over what."""

    budget: float | None = None
    """Seconds that the trials may take."""
    trials: int | None = None
    """How many there may be, the candidate as it was among them."""
    seed: int = 0
    wordings: Sequence[str] = WORDINGS
    """Instructions that are tried beside the candidate's own."""


def begin(case: Case, candidate: Candidate, wanted: Wanted) -> Tuning:
    """The search as it stands before its next trial: the one that is written down, or a new one.

    Raises ConfigError where the candidate or the use case cannot be tuned.
    """
    refuse(case, candidate)
    examples = len(case.examples("dev"))
    learns = any(map(reads_requests, candidate.training))
    rows = round(len(case.examples("train")) * candidate.train_share) if learns else None
    new = Tuning(
        candidate=candidate,
        seed=wanted.seed,
        examples=case.split_digest("dev"),
        instruction=instruction_of(candidate, case),
        dimensions=space(candidate, case, wordings=wanted.wordings),
        rungs=rungs(examples, train_rows=rows),
        budget=wanted.budget,
        most_trials=wanted.trials,
        after_scores=scores_seen(case),
    )
    old = read_tuning(case, candidate.name)
    if old is None:
        return new
    if old.continues(new):
        return old.model_copy(update={"budget": wanted.budget, "most_trials": wanted.trials, "end": ""})
    return new.model_copy(update={"before": old.before + old.spent})


def refuse(case: Case, candidate: Candidate) -> None:
    """Raise ConfigError, with what to do, where there is nothing to tune or too little to tune on."""
    if candidate.imported is not None:
        raise ConfigError(
            f"{candidate.name} was answered elsewhere: there is nothing here to tune.",
            "Tune it where it answers, and take its answers in again with `workbench import`.",
        )
    path = case.split_path("dev")
    count = len(case.examples("dev")) if path.exists() else 0
    if count < LEAST:
        has = f"{count} development examples" if count else "no development examples"
        raise ConfigError(
            f"{case.name} has {has}; to tune on fewer than {LEAST} would be to choose by luck.",
            "Make the use case anew with --dev FILE, or with more training rows, of which a part is kept for this.",
        )
    base = str(candidate.base_model or case.use_case.base_model)
    if hosted_name(base) is not None and candidate.hosted.spend_at_most is None:
        raise ConfigError(
            f"{candidate.name} asks {base}, and nothing says how much a search may spend there.",
            "Set hosted.spend_at_most, input_price and output_price in the candidate.",
        )
