"""What a request costs with everything that it takes: answering it, and its share of the training."""

import math
from collections.abc import Mapping

from workbench.cost import Measured
from workbench.model import Noun
from workbench.usecase import UseCase, Volatility

DAYS_A_MONTH = 30.44
MONTHS: Mapping[Volatility, float] = {
    "never": math.inf,
    "yearly": 12.0,
    "monthly": 1.0,
    "weekly": 7 / DAYS_A_MONTH,
    "daily": 1 / DAYS_A_MONTH,
}
"""How long what a model has learned by heart stays true."""


class RunningCost(Noun):
    """What one candidate costs, in the currency of the machine's hourly cost."""

    candidate: str
    answering: float
    """A request's answer."""
    variance: float
    """Of that mean over the requests that were timed."""
    training_once: float
    """One training that is used, with those that fail or are only made for comparison; 0 where nothing is trained."""
    trainings_a_year: float
    """How often it is trained again; 0 where nothing is trained."""
    by_machine: bool = True
    """Whether an answer costs machine time; not where its price came with it, as by tokens."""
    busy: float = 1.0
    """Share of its time that the answering machine is busy."""
    training: float | None
    """A request's share of the training; None where it is not known over how many requests to spread it."""

    @property
    def request(self) -> float:
        """A request's answer and its share of the training, as far as that is known."""
        return self.answering + (self.training or 0.0)


def running_cost(
    candidate: str, measured: Measured | None, use_case: UseCase, *, retrieves: bool
) -> RunningCost | None:
    """What a candidate costs; None where neither its requests have a price nor the machine's time.

    What a model without retrieval has learned by heart is learned again as often as the knowledge changes; where
    passages are looked up, only they change, and the training lasts (``money.training_lasts_months``).
    """
    price, money = use_case.machine_cost_per_hour, use_case.money
    answering = use_case.answering_hour
    each = None if answering is None else answering / 3600
    spent = measured.costs if measured is not None else ()
    if measured is not None and not spent and each is not None:
        spent = tuple(second * each for second in measured.seconds)
    if measured is None or not spent:
        return None
    n, mean = len(spent), sum(spent) / len(spent)
    spread = sum((one - mean) ** 2 for one in spent) / (n - 1) if n > 1 else mean**2
    once = per_year = 0.0
    training: float | None = 0.0
    hour = price if money.training_cost_per_hour is None else money.training_cost_per_hour
    if measured.train_seconds and hour is not None:
        trainings = float(use_case.seeds) if money.trainings_for_one is None else money.trainings_for_one
        once = measured.train_seconds / 3600 * hour * trainings
        lasts = money.training_lasts_months
        if not retrieves:
            lasts = min(lasts, MONTHS[use_case.knowledge_changes])
        per_year = 12 / lasts
        volume = use_case.volume_per_month
        training = once / (lasts * volume) if volume else None
    return RunningCost(
        candidate=candidate, answering=mean, variance=spread / n, training_once=once,
        trainings_a_year=per_year, training=training, by_machine=not measured.costs, busy=money.utilisation,
    )  # fmt: skip
