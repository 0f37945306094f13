"""A use case: the question to decide, the measure to decide by, and the limits to keep."""

import math
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from workbench.model import Noun

Split = Literal["train", "dev", "test"]
MetricName = Literal[
    "exact_match",
    "token_f1",
    "rouge_l",
    "valid_json",
    "json_field_match",
    "contains",
    "regex",
    "numeric",
    "substance",
]
Volatility = Literal["never", "yearly", "monthly", "weekly", "daily"]

SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class Message(Noun):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Example(Noun):
    """One request, its reference answer and, where known, the passages that support it."""

    id: str = Field(min_length=1)
    messages: tuple[Message, ...] = Field(min_length=1)
    """The request: the conversation up to the answer; the last turn is the user's."""
    target: str = ""
    """The reference answer; empty where nobody has written one and there is only a check."""
    check: str = ""
    """What an answer is scored against where that is no answer to imitate: a result, a regular expression."""
    evidence: tuple[str, ...] = ()
    """Ids or titles of the documents that support the answer, where known."""
    group: str = ""
    """Examples of one group (a document, a customer, a template) are never split apart and count
    as one cluster in every interval; empty: the example is its own group."""
    tags: tuple[str, ...] = ()
    """Segments this example belongs to."""
    split: Split = "test"

    @field_validator("messages")
    @classmethod
    def _ends_with_user(cls, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if messages[-1].role != "user":
            raise ValueError("the last message must be the user's")
        return messages

    @property
    def reference(self) -> str:
        """What an answer is scored against."""
        return self.check or self.target

    @property
    def cluster(self) -> str:
        """The group this example is counted under."""
        return self.group or self.id

    @property
    def question(self) -> str:
        """The user's last turn."""
        return self.messages[-1].content


class Limits(Noun):
    """What a candidate may not exceed; a candidate that is shown to exceed one is ruled out."""

    max_p95_seconds: float | None = Field(default=None, gt=0)
    """The 95th percentile of the time to answer one request, in seconds."""
    max_cost_per_1000: float | None = Field(default=None, gt=0)
    """Cost of 1,000 answers, in the currency of ``machine_cost_per_hour``."""
    max_forgetting: float | None = Field(default=None, gt=0, lt=1)
    """The largest loss in any benchmark suite against the untrained base, as a share: 0.05 is 5 points."""
    max_over_refusal: float | None = Field(default=None, gt=0, lt=1)
    """The largest share of harmless requests that may be refused, fully or partly."""
    data_stays: bool = False
    """No request and no training row may leave machines of one's own."""
    licences: tuple[str, ...] = ()
    """Licences that a base model may have, such as Apache-2.0; empty: any."""
    must_cite: bool = False
    """Every answer must come with the passages that it was given."""
    must_be_deletable: bool = False
    """What an answer rests on must be removable at once, so it may not be trained into weights."""


class Money(Noun):
    """What answers are worth and what it takes to give them, all in the currency of ``machine_cost_per_hour``."""

    currency: str = Field(default="", max_length=8)
    """Its name as it is printed, such as EUR."""
    value_of_success: float | None = Field(default=None, gt=0)
    """What one right answer is worth; with it, candidates are compared by what they earn."""
    value_at_most: float | None = Field(default=None, gt=0)
    """The most that it may be worth, where that is uncertain: ``value_of_success`` is then the least."""
    price_of_wrong: float = Field(default=0.0, ge=0)
    """What one wrong answer costs; "I do not know." is neither right nor wrong."""
    training_cost_per_hour: float | None = Field(default=None, ge=0)
    """What an hour of the machine that trains costs; by default as much as the one that answers."""
    training_lasts_months: float = Field(default=12.0, gt=0)
    """How long a trained model is in use where nothing that it learned changes."""
    trainings_for_one: float | None = Field(default=None, ge=1)
    """How many trainings it takes to get one that is used, failed ones included; by default one for each seed."""
    cost_per_example: float | None = Field(default=None, ge=0)
    """What one more test example with its reference answer costs."""
    cost_per_label: float | None = Field(default=None, ge=0)
    """What one more blind choice of a person between two answers costs."""
    utilisation: float = Field(default=1.0, gt=0, le=1)
    """Share of the answering machine's time that requests keep busy; the rest is paid for, too."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.value_at_most is not None and self.value_at_most < (self.value_of_success or math.inf):
            raise ValueError("value_at_most needs a value_of_success that is no larger")
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """The least and the most that a right answer may be worth; one value where it is known, else none."""
        if self.value_of_success is None:
            return ()
        return tuple(dict.fromkeys((self.value_of_success, self.value_at_most or self.value_of_success)))


class UseCase(Noun):
    """A question to decide: what should answer these requests, by which measure, within which limits?"""

    name: str = Field(pattern=SLUG)
    """Short name; also the folder's."""
    instruction: str = ""
    """What the model is told to do, as the system message of every request."""
    metric: MetricName = "exact_match"
    """The primary metric, by which candidates are compared."""
    secondary_metrics: tuple[MetricName, ...] = ()
    """Further metrics, shown beside the primary one and never decided by."""
    decided_by: Literal["metric", "preference"] = "metric"
    """What candidates are compared by: the primary metric, or people's blind choices between their answers."""
    judge_helps: bool = False
    """Where people decide: a judge's verdicts, corrected by people's labels pair by pair, make these surer; it never
    speaks for itself, and not at all where it is of a candidate's family or taught one."""
    queue: str = ""
    """The queue whose labels decide, where people do; empty: the one on test requests with most labels."""
    smallest_difference: float = Field(default=0.02, gt=0, lt=1)
    """The smallest difference in what decides that would change what you deploy: 0.02 is two points."""
    limits: Limits = Limits()
    knowledge_changes: Volatility = "never"
    """How often what the answers depend on changes."""
    volume_per_month: int | None = Field(default=None, gt=0)
    """Requests a month."""
    machine_cost_per_hour: float | None = Field(default=None, ge=0)
    """What an hour of the answering machine costs; without it cost is shown in seconds and tokens."""
    money: Money = Money()
    """What answers are worth, and what training and examples cost."""
    base_model: str = "pocket"
    """The base model of every candidate that does not name its own: ``pocket``, a Hub id or a folder."""
    seeds: int = Field(default=2, ge=1, le=20)
    """How often each trained candidate is trained, each time with another seed."""

    @property
    def answering_hour(self) -> float | None:
        """What an hour of answering costs, with the time in which the machine waits; None where it is not known."""
        price = self.machine_cost_per_hour
        return None if price is None else price / self.money.utilisation
