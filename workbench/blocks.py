"""What a report is made of: typed blocks, which every rendering draws in its own way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workbench.analysis import Standing
from workbench.break_even import BreakEven
from workbench.candidate import Approach
from workbench.charts import Gap
from workbench.decision import Strength
from workbench.earnings import Acceptability
from workbench.forgetting import Loss
from workbench.found import RecallCurve
from workbench.frontier import Frontier
from workbench.model import Noun
from workbench.probe_rows import Effect
from workbench.quality_charts import Point, Takes
from workbench.rates import WinRates
from workbench.refusals import Refusals
from workbench.tuning_choice import Choice

Verdict = Literal["right", "wrong", "partly", "does not know", "not scored"]
TICKS: Mapping[Verdict, str] = {
    "right": "✓", "wrong": "✗", "partly": "◐", "does not know": "?", "not scored": "–",
}  # fmt: skip
"""A sign for each, before the word."""
Outcome = Literal["won", "lost", "tied"]


class Heading(Noun):
    """The title of a section."""

    kind: Literal["heading"] = "heading"
    text: str


class Text(Noun):
    """A paragraph."""

    kind: Literal["text"] = "text"
    text: str
    note: bool = False
    """Whether it explains the block before it rather than saying something of its own."""


class Callout(Noun):
    """The answer: what to do and how firmly."""

    kind: Literal["callout"] = "callout"
    headline: str
    strength: Strength
    meaning: str
    """What the strength means."""
    sentences: tuple[str, ...]
    next_step: str
    cautions: tuple[str, ...] = ()
    """What must be known before anybody acts on it."""


class Item(Noun):
    """One entry of a list."""

    text: str
    link: str = ""
    """Anchor of the table row that it rests on; empty where there is none."""
    link_text: str = ""


class Items(Noun):
    """A list."""

    kind: Literal["items"] = "items"
    items: tuple[Item, ...]


class Column(Noun):
    """The head of a table's column."""

    title: str
    align: Literal["left", "right"] = "left"
    better: Literal["", "higher", "lower"] = ""
    """Which way is better, where one is."""


class Row(Noun):
    """A table's row: one text for each column."""

    cells: tuple[str, ...]
    anchor: str = ""
    strong: bool = False
    """Whether it is about the chosen candidate."""


class Table(Noun):
    """Figures in words, as they are to be read."""

    kind: Literal["table"] = "table"
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    folded: bool = False
    """Whether it is a detail that a reader may leave out."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError(f"every row of {self.title!r} needs {len(self.columns)} cells")
        return self


class StandingsChart(Noun):
    """Candidates as dots with their intervals."""

    kind: Literal["dots with intervals"] = "dots with intervals"
    title: str
    metric: str
    """In words."""
    standings: tuple[Standing, ...]
    best_set: tuple[str, ...]
    """Candidates within the limits that no other is shown to beat."""
    choice: str | None
    simplest: str


class DifferencesChart(Noun):
    """One candidate's paired differences from every other, with intervals."""

    kind: Literal["differences"] = "differences"
    title: str
    metric: str
    gaps: tuple[Gap, ...] = Field(min_length=1)
    smallest_difference: float


class QualityChart(Noun):
    """Quality against what an answer takes: money where it has a price, else seconds."""

    kind: Literal["quality against cost"] = "quality against cost"
    title: str
    metric: str
    takes: Takes
    points: tuple[Point, ...] = Field(min_length=1)
    choice: str | None


class LossesChart(Noun):
    """One trained candidate's change in every benchmark suite, with intervals."""

    kind: Literal["losses"] = "losses"
    title: str
    candidate: str
    losses: tuple[Loss, ...] = Field(min_length=1)


class FrontierChart(Noun):
    """What is gained and what is lost, with weaker adapters and along the training."""

    kind: Literal["gain against loss"] = "gain against loss"
    title: str
    metric: str
    frontiers: tuple[Frontier, ...] = Field(min_length=1)
    approaches: dict[str, Approach]


class RefusalsChart(Noun):
    """Harmless requests refused against unsafe ones complied with; the untrained base comes first."""

    kind: Literal["refusals"] = "refusals"
    title: str
    models: dict[str, Refusals] = Field(min_length=1)
    approaches: dict[str, Approach]


class WinRatesChart(Noun):
    """Candidates' win rates against the baseline by people's blind choices, with intervals."""

    kind: Literal["win rates"] = "win rates"
    title: str
    rates: WinRates
    approaches: dict[str, Approach]


class AcceptabilityChart(Noun):
    """How probable it is that each candidate earns most, along the value of a right answer."""

    kind: Literal["chances to earn most"] = "chances to earn most"
    title: str
    shown: Acceptability
    approaches: dict[str, Approach]
    values: tuple[float, ...]
    """The use case's."""
    currency: str
    many: int = 1
    """Of how many right answers the worth is shown."""


class BreakEvenChart(Noun):
    """From which volume on training pays, and what that hangs on."""

    kind: Literal["break-even"] = "break-even"
    title: str
    found: BreakEven
    approach: Approach
    """Of the trained candidate."""
    volume: int | None
    """The use case's requests a month."""


class EffectsChart(Noun):
    """What explains a candidate's score, in figures with intervals."""

    kind: Literal["effects"] = "effects"
    title: str
    approach: Approach
    effects: tuple[Effect, ...] = Field(min_length=1)


class RecallChart(Noun):
    """How much of the evidence is found, by how many passages are looked at."""

    kind: Literal["recall by k"] = "recall by k"
    title: str
    curves: tuple[RecallCurve, ...] = Field(min_length=1)


class TrialsChart(Noun):
    """How each trial of a search over settings did on the development set."""

    kind: Literal["trials"] = "trials"
    title: str
    choice: Choice


Chart = (
    StandingsChart
    | DifferencesChart
    | QualityChart
    | AcceptabilityChart
    | LossesChart
    | FrontierChart
    | RefusalsChart
    | WinRatesChart
    | EffectsChart
    | BreakEvenChart
    | RecallChart
    | TrialsChart
)


class Quote(Noun):
    """A passage that was put into the prompt."""

    id: str
    text: str


class Answer(Noun):
    """What one candidate answered to an example."""

    candidate: str
    approach: Approach
    text: str
    verdict: Verdict
    remark: str = ""
    """What else is to be known: a share, why it was not scored, that it was cut off, other seeds."""
    passages: tuple[Quote, ...] = ()


class AnsweredExample(Noun):
    """One example with every candidate's answer."""

    example: str
    request: str
    target: str
    subject: Outcome
    """Whether the candidate that the report is about did better or worse than the others' mean."""
    answers: tuple[Answer, ...]


class Examples(Noun):
    """Examples on which the candidates disagree."""

    kind: Literal["examples"] = "examples"
    subject: str
    """The candidate that the report is about."""
    examples: tuple[AnsweredExample, ...]


class Definition(Noun):
    """A term and what it stands for here."""

    term: str
    text: str
    literal: bool = False
    """Whether the text is to be read letter by letter: a hash, a version, somebody else's words."""


class Definitions(Noun):
    """Terms with their values."""

    kind: Literal["definitions"] = "definitions"
    items: tuple[Definition, ...]


class Code(Noun):
    """Commands or files to copy."""

    kind: Literal["code"] = "code"
    title: str
    text: str
    folded: bool = False


Block = Annotated[
    Heading
    | Text
    | Callout
    | Items
    | Table
    | StandingsChart
    | DifferencesChart
    | QualityChart
    | AcceptabilityChart
    | LossesChart
    | FrontierChart
    | RefusalsChart
    | WinRatesChart
    | EffectsChart
    | BreakEvenChart
    | RecallChart
    | TrialsChart
    | Examples
    | Definitions
    | Code,
    Field(discriminator="kind"),
]


class Report(Noun):
    """All that is known of a use case's candidates, arranged for a reader who was not there."""

    title: str
    created: datetime
    blocks: tuple[Block, ...]
