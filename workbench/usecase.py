"""A use case: the question to decide, the measure to decide by, and the limits to keep."""

from typing import Literal

from pydantic import Field, field_validator

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
    base_model: str = "pocket"
    """The base model of every candidate that does not name its own: ``pocket``, a Hub id or a folder."""
    seeds: int = Field(default=2, ge=1, le=20)
    """How often each trained candidate is trained, each time with another seed."""
