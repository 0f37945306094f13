"""The sections of a report: from results and recommendation to blocks, one function a section."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench import __version__
from workbench.audit import Audit
from workbench.blocks import (
    Answer,
    AnsweredExample,
    Block,
    Callout,
    Code,
    Column,
    Definition,
    Definitions,
    DifferencesChart,
    Examples,
    Heading,
    Item,
    Items,
    QualityChart,
    Quote,
    Row,
    StandingsChart,
    Table,
    Text,
    Verdict,
)
from workbench.candidate import APPROACHES
from workbench.case import SPLITS
from workbench.charts import Point, differences_title, gaps, quality_title, standings_title
from workbench.compare import Comparison, Panel, Scores, Standing, analyse, percent, points
from workbench.cost import FEWEST_TIMINGS, Measured, cost_per_1000, figure, latency_bounds, mean_seconds
from workbench.recommend import METRICS as METRIC_WORDS
from workbench.recommend import Recommendation, Strength
from workbench.results import CandidateResults, Results
from workbench.run import Response, Retrieved
from workbench.score import METRICS
from workbench.usecase import Example, MetricName
from workbench.workspace import StepRecord, digest, read_jsonl

MOST_EXAMPLES = 12
"""Examples on which candidates disagree that a report shows."""
MOST_FINDINGS = 8
"""Findings about the data that a report shows."""
MANY_ROWS = 30
"""Tables with more rows are folded."""
SHORT = 160
"""Characters of a request that are quoted in a sentence."""
MEANINGS: Mapping[Strength, str] = {
    "clear": "Shown by the evidence: in at most {rate} of 100 such tests the candidate named is worse than the best "
    "by more than {margin} points.",
    "lean": "The better bet as things stand; it is not shown.",
    "undecided": "The evidence does not carry a recommendation yet.",
}
NOT_IN_REPORT = (
    "Forgetting, over-refusal and alignment tax: whether training cost the model something else that it could do "
    "was not measured. Prompting and RAG change no weights: there it is unchanged by construction.",
    "What people prefer: nobody was asked to choose between answers.",
)


@dataclass(frozen=True)
class Material:
    """All that the sections are written from."""

    results: Results
    recommendation: Recommendation
    audit: Audit

    @cached_property
    def measured(self) -> Mapping[str, Measured]:
        """What each candidate took, by name."""
        return {one.name: one.measured() for one in self.results.candidates}

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """From the simplest to the most demanding; within an approach the quickest first."""

        def simplicity(one: Standing) -> tuple[int, float, str]:
            seconds = mean_seconds(self.measured.get(one.candidate))
            rank = APPROACHES.index(one.approach)
            return rank, float("inf") if seconds is None else seconds, one.candidate

        return tuple(sorted(self.recommendation.standings, key=simplicity))

    @property
    def subject(self) -> str:
        """The candidate that the report is about: the chosen one or, where there is none, who is ahead."""
        ahead = self.recommendation.analysis.provisional
        return self.recommendation.choice or ahead or max(self.standings, key=lambda one: one.mean).candidate

    @property
    def metric(self) -> str:
        """The primary metric in words."""
        return METRIC_WORDS[self.results.use_case.metric]

    @property
    def margin(self) -> str:
        """The smallest difference that matters, in points."""
        return points(self.results.use_case.smallest_difference)

    @property
    def base_models(self) -> tuple[str, ...]:
        """Base models of all candidates."""
        return tuple(dict.fromkeys(str(one.candidate.base_model) for one in self.results.candidates))

    @cached_property
    def steps(self) -> Mapping[str, StepRecord]:
        """Every finished step that a figure rests on, by folder name."""
        found = {}
        for one in self.results.candidates:
            for roles in one.steps:
                found |= {step.name: step.record for step in roles.values() if step.name not in found}
        return found


# --- The question and the answer ----------------------------------------------------------------------


def question(material: Material) -> list[Block]:
    """What was to be decided, by what, and on which examples."""
    results, use_case = material.results, material.results.use_case
    metric = METRICS[use_case.metric]
    approaches = list(dict.fromkeys(one.approach for one in material.standings))
    count = len(material.standings)
    example = _shortened(results.examples[0].question)
    text = (
        f"What should answer requests such as “{example}”: {_either(approaches)}? "
        f"{count} candidate{'s' if count != 1 else ''} answered the same {len(results.examples):,} test examples; "
        f"{material.metric} decides."
    )
    sizes = ", ".join(f"{material.audit.sizes.get(split, 0):,} {split}" for split in SPLITS)
    limits = [
        f"p95 latency {use_case.limits.max_p95_seconds:g} s" if use_case.limits.max_p95_seconds is not None else "",
        f"{use_case.limits.max_cost_per_1000:g} per 1,000 answers" if use_case.limits.max_cost_per_1000 else "",
    ]
    items = [
        Definition(term="Use case", text=use_case.name),
        Definition(term="Told to the model", text=use_case.instruction or "nothing besides the request"),
        Definition(term="Decided by", text=f"{metric.title} (higher is better): {metric.meaning}"),
        Definition(
            term="Smallest difference that matters",
            text=f"{material.margin} points; less would not change what is deployed",
        ),
        Definition(term="Limits", text=_joined(limits) or "none set"),
        Definition(term="Examples", text=f"{sizes}; hashes under Provenance"),
        Definition(term="Base model", text=", ".join(material.base_models)),
    ]
    return [Heading(text="The question"), Text(text=text), Definitions(items=tuple(items))]


def answer(material: Material) -> list[Block]:
    """The recommendation with its reasons, and what was ruled out."""
    recommendation, rate = material.recommendation, f"{100 * material.recommendation.analysis.alpha:g}"
    callout = Callout(
        headline=recommendation.headline,
        strength=recommendation.strength,
        meaning=MEANINGS[recommendation.strength].format(rate=rate, margin=material.margin),
        sentences=tuple(dict.fromkeys(recommendation.sentences)),
        next_step=recommendation.next_step if recommendation.next_step not in recommendation.sentences else "",
        cautions=tuple(_cautions(material)),
    )
    blocks: list[Block] = [Heading(text="The answer"), callout]
    if recommendation.reasons:
        reasons = [
            Item(text=reason.text)
            if reason.comparison is None
            else Item(text=reason.text, link=f"comparison-{reason.comparison + 1}", link_text=f"{reason.comparison + 1}")
            for reason in recommendation.reasons
        ]
        blocks += [Heading(text="Why"), Items(items=tuple(reasons))]
    return [*blocks, *_limits(material)]


def _cautions(material: Material) -> Iterable[str]:
    if "pocket" in material.base_models:
        yield (
            "The base model pocket is a small bundled one, for trying things out and for tests without the network: "
            "this says how the approaches compare on pocket and nothing about a real language model."
        )
    leaked = len(material.audit.leaked_ids)
    if leaked:
        yield (
            f"{leaked:,} of the test examples {'stands' if leaked == 1 else 'stand'} in the training set, too: "
            "what training gains on those is no gain."
        )
    worst = [finding for finding in material.audit.findings if finding.severity == "error"]
    if worst and not leaked:
        yield f"The data have an error: {worst[0].message}"
    if material.results.waiting:
        yield f"Not all candidates are measured: {_listed(material.results.waiting)} {_have(material.results.waiting)} no finished run."


def _limits(material: Material) -> list[Block]:
    recommendation = material.recommendation
    if not recommendation.limits:
        return []
    out = [Item(text=f"{one.candidate}: {one.figure}.") for one in recommendation.ruled_out]
    unsure = [check for check in recommendation.limits if check.status == "unsure"]
    words = {"pass": "kept", "fail": "broken", "unsure": "not sure"}
    rows = [
        Row(cells=(check.candidate, check.limit, words[check.status], f"{check.text}."), strong=check.candidate == material.subject)
        for check in recommendation.limits
    ]
    blocks: list[Block] = [Heading(text="Ruled out")]
    if out:
        blocks.append(Items(items=tuple(out)))
    elif unsure:
        names = list(dict.fromkeys(check.candidate for check in unsure))
        blocks.append(Text(text=f"Nothing was ruled out, but {_listed(names)} {_be(names)} not shown to keep the limits."))
    else:
        blocks.append(Text(text="Nothing was ruled out: every candidate is shown to keep the limits."))
    columns = (Column(title="Candidate"), Column(title="Limit"), Column(title="Kept?"), Column(title="Figures"))
    return [*blocks, Table(title="Every candidate against every limit", columns=columns, rows=tuple(rows), folded=True)]


# --- The picture and the tables -----------------------------------------------------------------------


def picture(material: Material) -> list[Block]:
    """The candidates on the primary metric, and quality beside time."""
    recommendation, standings = material.recommendation, material.standings
    blocks: list[Block] = [
        Heading(text="The picture"),
        StandingsChart(
            title=standings_title(standings, recommendation.best_set, metric=material.metric),
            metric=material.metric,
            standings=standings,
            best_set=recommendation.best_set,
            choice=recommendation.choice,
            simplest=standings[0].candidate,
        ),
    ]
    timed = []
    for one in standings:
        seconds = mean_seconds(material.measured.get(one.candidate))
        if seconds:
            timed.append(
                Point(
                    candidate=one.candidate,
                    approach=one.approach,
                    mean=one.mean,
                    low=one.low,
                    high=one.high,
                    seconds=seconds,
                )
            )
    if timed:
        title = quality_title(timed)
        blocks.append(
            QualityChart(title=title, metric=material.metric, points=tuple(timed), choice=recommendation.choice)
        )
    return blocks


def tables(material: Material) -> list[Block]:
    """Every candidate: quality, then what it takes."""
    return [
        Heading(text="The candidates"),
        _quality(material),
        Text(
            text="± is half of the 95 % interval of that mean alone. Two such intervals may overlap although the "
            "difference is shown, since all candidates answered the same examples: compare by the differences below. "
            "“May be the best”: no candidate within the limits is shown to be better." + _failure_note(material),
            note=True,
        ),
        *_secondary(material),
        _takes(material),
        Text(text=_timing_note(material), note=True),
    ]


def _quality(material: Material) -> Table:
    analysis = material.recommendation.analysis
    out = {one.candidate for one in material.recommendation.ruled_out}
    best = material.recommendation.best_set
    columns = (
        Column(title="Candidate"),
        Column(title="Approach"),
        Column(title=METRICS[material.results.use_case.metric].title, align="right", better="higher"),
        Column(title="95 % interval", align="right"),
        Column(title="n", align="right"),
        Column(title="Seeds", align="right"),
        Column(title="May be the best"),
        Column(title="Not in form", align="right", better="lower"),
    )
    rows = []
    for one in material.standings:
        place = "ruled out" if one.candidate in out else "yes" if one.candidate in best else "no"
        cells = (
            one.candidate,
            one.approach,
            _mean_cell(one),
            f"{100 * one.low:.1f} to {100 * one.high:.1f}",
            f"{analysis.n:,}",
            str(one.seeds),
            place,
            _failures(material.results.find(one.candidate), len(material.results.examples)),
        )
        rows.append(Row(cells=cells, strong=one.candidate == material.recommendation.choice))
    return Table(title="Quality", columns=columns, rows=tuple(rows))


def _mean_cell(one: Standing) -> str:
    return f"{percent(one.mean)} ± {50 * (one.high - one.low):.1f}"


def _failures(one: CandidateResults, n: int) -> str:
    return f"{sum(one.failures.values()):,} of {len(one.runs) * n:,}"


def _failure_note(material: Material) -> str:
    said = []
    for standing in material.standings:
        failures = material.results.find(standing.candidate).failures
        kinds = sorted(failures.items(), key=lambda each: (-each[1], each[0]))
        if kinds:
            said.append(f"{standing.candidate} {', '.join(f'{count} {kind}' for kind, count in kinds)}")
    if not said:
        return ""
    return f" An answer that is not in the asked-for form counts as wrong: {'; '.join(said)}."


def _secondary(material: Material) -> list[Block]:
    """The metrics that are shown beside the primary one and decide nothing."""
    results = material.results
    metrics = [metric for metric in dict.fromkeys(results.use_case.secondary_metrics) if metric != results.use_case.metric]
    if not metrics:
        return []
    found = {metric: _standings_on(results, metric) for metric in metrics}
    rows = [
        Row(
            cells=(one.candidate, *(found[metric].get(one.candidate, "not measured: no values") for metric in metrics)),
            strong=one.candidate == material.recommendation.choice,
        )
        for one in material.standings
    ]
    columns = (
        Column(title="Candidate"),
        *(Column(title=METRICS[metric].title, align="right", better="higher") for metric in metrics),
    )
    return [Table(title="Also measured; nothing is decided by it", columns=columns, rows=tuple(rows))]


def _standings_on(results: Results, metric: MetricName) -> Mapping[str, str]:
    tables = [one.values[metric] for one in results.candidates]
    kept = np.flatnonzero(~np.isnan(np.concatenate(tables)).any(axis=0))
    if not len(kept):
        return {}
    panel = Panel(
        candidates=tuple(
            Scores(one.name, one.candidate.approach, bool(one.candidate.training), one.values[metric][:, kept])
            for one in results.candidates
        ),
        items=tuple(results.examples[int(i)].id for i in kept),
        clusters=tuple(results.examples[int(i)].cluster for i in kept),
        metric=metric,
    )
    found = analyse(panel, smallest_difference=results.use_case.smallest_difference, rng=np.random.default_rng(0))
    return {one.candidate: f"{_mean_cell(one)} (n = {found.n:,})" for one in found.standings}


def _takes(material: Material) -> Table:
    price = material.results.use_case.machine_cost_per_hour
    columns = [
        Column(title="Candidate"),
        Column(title="p95 latency, s", align="right", better="lower"),
        Column(title="Mean, s", align="right", better="lower"),
        Column(title="Timed", align="right"),
        Column(title="Tokens read", align="right", better="lower"),
        Column(title="Tokens written", align="right", better="lower"),
        Column(title="Training, s a seed", align="right", better="lower"),
    ]
    if price is not None:
        columns.append(Column(title="Cost of 1,000", align="right", better="lower"))
    rows = []
    for standing in material.standings:
        one, measured = material.results.find(standing.candidate), material.measured[standing.candidate]
        seconds = mean_seconds(measured)
        cells = [
            standing.candidate,
            _p95(measured.seconds),
            "not measured: none was timed" if seconds is None else figure(seconds),
            f"{len(measured.seconds):,}",
            _or_not(measured.prompt_tokens),
            _or_not(measured.completion_tokens),
            _or_not(measured.train_seconds) if one.candidate.training else "not trained",
        ]
        if price is not None:
            known = bool(measured.seconds)
            cells.append(figure(cost_per_1000(measured.seconds, price).estimate) if known else "not measured: none was timed")
        rows.append(Row(cells=tuple(cells), strong=standing.candidate == material.recommendation.choice))
    return Table(title="What an answer takes", columns=tuple(columns), rows=tuple(rows))


def _p95(seconds: Sequence[float]) -> str:
    if not seconds:
        return "not measured: none was timed"
    bounds = latency_bounds(seconds)
    return f"{figure(bounds.estimate)} (up to {figure(bounds.high)})" if bounds.high is not None else figure(bounds.estimate)


def _or_not(value: float | None) -> str:
    return "not measured: no step noted it" if value is None else figure(value)


def _timing_note(material: Material) -> str:
    text = (
        "Times are of single requests, retrieval included, one after another on the machine named under Provenance; "
        "“up to” is the upper 95 % bound. Tokens are means of one request."
    )
    few = [name for name, one in material.measured.items() if 0 < len(one.seconds) < FEWEST_TIMINGS]
    if few:
        text += f" Of {_listed(few)} fewer than {FEWEST_TIMINGS} requests were timed, which bounds no 95th percentile."
    if material.results.use_case.machine_cost_per_hour is not None:
        price = material.results.use_case.machine_cost_per_hour
        text += f" Costs are answering alone, at {price:g} an hour for the machine, in that price's currency."
    return text


# --- Paired differences -------------------------------------------------------------------------------


def differences(material: Material) -> list[Block]:
    """Every pair of candidates with its interval."""
    recommendation = material.recommendation
    comparisons = recommendation.comparisons
    if not comparisons:
        return [Heading(text="Differences"), Text(text="There is only one candidate, so there is nothing to compare.")]
    shown = gaps(comparisons, material.standings, subject=material.subject)
    chart = DifferencesChart(
        title=differences_title(shown),
        metric=material.metric,
        gaps=shown,
        smallest_difference=recommendation.analysis.smallest_difference,
    )
    columns = (
        Column(title="No.", align="right"),
        Column(title="Candidate"),
        Column(title="minus"),
        Column(title="Points", align="right", better="higher"),
        Column(title="95 % interval", align="right"),
        Column(title="n", align="right"),
        Column(title="p", align="right"),
        Column(title="Shown?"),
    )
    rows = [
        Row(
            cells=(
                f"{number}",
                one.candidate,
                one.reference,
                _signed(one.delta),
                f"{points(one.low)} to {points(one.high)}",
                f"{one.n:,}",
                _p_value(one.p),
                "no: may be chance" if one.shown == "not shown" else f"{one.candidate} is {one.shown}",
            ),
            anchor=f"comparison-{number}",
            strong=material.subject in (one.candidate, one.reference),
        )
        for number, one in enumerate(comparisons, 1)
    ]
    title = f"Every pair on {material.metric}"
    table = Table(title=title, columns=columns, rows=tuple(rows), folded=len(rows) > MANY_ROWS)
    return [Heading(text="Differences"), chart, table, Text(text=_how(comparisons), note=True)]


def _how(comparisons: Sequence[Comparison]) -> str:
    first, total = comparisons[0], len(comparisons)
    parts = Counter(part for one in comparisons for part in one.method.split(", ") if part != "paired")
    how = "; ".join(part if count == total else f"{part} (in {count} of {total})" for part, count in parts.items())
    groups = f" in {first.clusters:,} groups" if first.clusters < first.n else ""
    return (
        f"Paired: both candidates of a pair answered the same {first.n:,} examples{groups}. All intervals hold at once "
        f"with {100 * first.confidence:.0f} % confidence, and p is adjusted for all pairs. How: {how}."
    )


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _signed(share: float) -> str:
    text = points(share)
    return f"+{text}" if share > 0 and text != "0.0" else text


# --- Examples -----------------------------------------------------------------------------------------


def examples(material: Material) -> list[Block]:
    """Examples on which the candidates disagree: some that the subject won, some that it lost."""
    results, subject = material.results, material.subject
    heading = Heading(text="Where they disagree")
    if len(results.candidates) < 2:
        return [heading, Text(text="There is only one candidate, so there is nobody to disagree with.")]
    disputed = results.disagreements()
    if not disputed:
        return [heading, Text(text=f"All candidates score alike on each of the {len(results.examples):,} test examples.")]
    margins = _margins(results, subject)
    won = [i for i in disputed if margins[i] > 0]
    lost = [i for i in disputed if margins[i] < 0]
    tied = [i for i in disputed if margins[i] == 0]
    chosen = _pick(won, lost, tied, margins=margins, clusters=[example.cluster for example in results.examples])
    text = (
        f"On {len(disputed):,} of {len(results.examples):,} test examples the candidates score differently. Against the "
        f"mean of the others {subject} does better on {len(won):,} of these and worse on {len(lost):,}. "
        f"Shown: {len(chosen)}, the widest apart first, with the answers of each candidate's first seed."
    )
    sides = _Sides.read(results, material.standings)
    shown = [sides.answered(i, "won" if margins[i] > 0 else "lost" if margins[i] < 0 else "tied") for i in chosen]
    return [heading, Text(text=text), Examples(subject=subject, examples=tuple(shown))]


def _margins(results: Results, subject: str) -> NDArray[np.float64]:
    """By example, the subject's mean score over its seeds less the others' mean. Shape (examples,)."""
    means = {one.name: one.values[results.use_case.metric].mean(axis=0) for one in results.candidates}
    others = np.stack([values for name, values in means.items() if name != subject])
    margins: NDArray[np.float64] = (means[subject] - others.mean(axis=0)).round(9)
    return margins


def _pick(
    won: Sequence[int], lost: Sequence[int], tied: Sequence[int], *, margins: NDArray[np.float64], clusters: Sequence[str]
) -> list[int]:
    """Half of each where there are enough; the widest margins first, other groups before the same again."""

    def ordered(positions: Sequence[int]) -> list[int]:
        widest = sorted(positions, key=lambda i: (-abs(margins[i]), i))
        first = {clusters[i]: i for i in reversed(widest)}
        return sorted(widest, key=lambda i: first[clusters[i]] != i)

    half = MOST_EXAMPLES // 2
    wins, losses = ordered(won), ordered(lost)
    few_losses = min(len(losses), half)
    few_wins = min(len(wins), MOST_EXAMPLES - few_losses)
    losses = losses[: MOST_EXAMPLES - few_wins]
    chosen = wins[:few_wins] + losses
    return chosen + ordered(tied)[: MOST_EXAMPLES - len(chosen)]


@dataclass(frozen=True)
class _Side:
    """One candidate's first run."""

    of: CandidateResults
    responses: Mapping[str, Response]
    retrieved: Mapping[str, Retrieved]


@dataclass(frozen=True)
class _Sides:
    """All candidates' first runs, to be put side by side."""

    results: Results
    sides: tuple[_Side, ...]

    @classmethod
    def read(cls, results: Results, standings: Sequence[Standing]) -> "_Sides":
        found = []
        for standing in standings:
            one = results.find(standing.candidate)
            responses = {response.example: response for response in one.responses()}
            found.append(_Side(one, responses, one.retrieved(results.plan.split)))
        return cls(results, tuple(found))

    def answered(self, position: int, subject: str) -> AnsweredExample:
        example = self.results.examples[position]
        return AnsweredExample(
            example=example.id,
            request=_request(example),
            target=example.target,
            subject=subject,  # type: ignore[arg-type]
            answers=tuple(self._answer(side, example, position) for side in self.sides),
        )

    def _answer(self, side: _Side, example: Example, position: int) -> Answer:
        metric = self.results.use_case.metric
        values = side.of.values[metric][:, position]
        response = side.responses[example.id]
        remarks = {
            "length": "cut off at the limit of new tokens",
            "too long": "the request left no room for an answer",
            "stop": "" if response.text else "empty",
        }
        said = [remarks[response.finish]]
        if not METRICS[metric].binary and 0 < values[0] < 1:
            said.append(percent(float(values[0])))
        if len(values) > 1 and len(set(values)) > 1:
            kind = "right" if METRICS[metric].binary else "mean"
            total = f"{int(values.sum())} of {len(values)} seeds" if METRICS[metric].binary else percent(float(values.mean()))
            said.append(f"{kind} {total}" if kind == "mean" else f"right with {total}")
        found = side.retrieved.get(example.id)
        texts = {passage.id: passage.text for passage in found.passages} if found else {}
        return Answer(
            candidate=side.of.name,
            approach=side.of.candidate.approach,
            text=response.text,
            verdict=_verdict(float(values[0])),
            remark=_joined(said),
            passages=tuple(Quote(id=id, text=texts.get(id, "(its text was not kept)")) for id in response.passages),
        )


def _verdict(value: float) -> Verdict:
    if np.isnan(value):
        return "not scored"
    return "right" if value == 1 else "wrong" if value == 0 else "partly"


def _request(example: Example) -> str:
    if len(example.messages) == 1:
        return example.question
    return "\n\n".join(f"{message.role}: {message.content}" for message in example.messages)


# --- What is not known --------------------------------------------------------------------------------


def not_measured(material: Material) -> list[Block]:
    """What a reader might think was measured and was not, in words with the reason."""
    results, use_case = material.results, material.results.use_case
    said: list[str] = [f"{name}: it has no finished run, so it is in no figure here." for name in results.waiting]
    for one in results.candidates:
        planned = sum(owner == one.name for owner, _ in results.plan.runs)
        if len(one.runs) < planned:
            said.append(f"{one.name}: {len(one.runs)} of {planned} training seeds finished; the others are in no figure here.")
        elif one.candidate.training and planned == 1:
            said.append(f"{one.name}: how much training it again would change was not measured, since it has one seed.")
    if results.excluded:
        said.append(_excluded(results))
    if use_case.limits.max_p95_seconds is None:
        said.append("Latency as a limit: none is set, so nothing could be ruled out for being slow.")
    if use_case.limits.max_cost_per_1000 is None:
        said.append("Cost as a limit: none is set, so nothing could be ruled out for being dear.")
    if use_case.machine_cost_per_hour is None:
        said.append("Money: the use case has no price of a machine hour, so cost is shown in seconds and tokens.")
    said += NOT_IN_REPORT
    said.append(f"Other base models than {_listed(material.base_models)}, and other requests than the test examples stand for.")
    return [Heading(text="What was not measured"), Items(items=tuple(Item(text=text) for text in said))]


def _excluded(results: Results) -> str:
    reasons: Counter[str] = Counter()
    for one in results.candidates:
        for steps in one.steps:
            for record in read_jsonl(steps["score"].path("scores.jsonl")):
                if record["metric"] == results.use_case.metric and record["value"] is None:
                    reasons[str(record.get("reason") or "no reason given")] += 1
    why = "; ".join(f"{reason} ({count} answers)" for reason, count in reasons.most_common(3)) or "no score was written"
    count, be = results.excluded, "is" if results.excluded == 1 else "are"
    return f"{count:,} of {len(results.examples):,} test examples {be} in no comparison, since the scorer failed there: {why}."


def power(material: Material) -> list[Block]:
    """The smallest difference that this test can show."""
    analysis = material.recommendation.analysis
    said = [material.audit.smallest_difference]
    if analysis.detectable is not None:
        said.append(
            f"That goes by their number alone. As far as these candidates' answers differ, a true difference of "
            f"{points(analysis.detectable)} points between a typical pair would be shown in 80 of 100 repetitions of "
            f"this test; the smallest difference that matters was set to {material.margin} points."
        )
    if analysis.caution:
        said.append(analysis.caution)
    return [Heading(text="The smallest difference this test can show"), *(Text(text=text) for text in said)]


def data(material: Material) -> list[Block]:
    """What is wrong with the examples, worst first."""
    findings = material.audit.findings
    heading = Heading(text="The data")
    if not findings:
        return [heading, Text(text="Nothing was found wrong with the examples: no leaks, repeats or contradictions.")]
    columns = (Column(title="How bad"), Column(title="What"), Column(title="What to do"))
    rows = tuple(Row(cells=(one.severity, one.message, one.hint)) for one in findings[:MOST_FINDINGS])
    blocks: list[Block] = [heading, Table(title="What was found in the examples, worst first", columns=columns, rows=rows)]
    if len(findings) > MOST_FINDINGS:
        rest = len(findings) - MOST_FINDINGS
        blocks.append(Text(text=f"And {rest} more: `workbench check {material.results.case.name}` lists them.", note=True))
    return blocks


# --- Provenance ---------------------------------------------------------------------------------------


def provenance(material: Material) -> list[Block]:
    """What it was done with, and how to do it again."""
    name = material.results.case.name
    commands = f"workbench run {name}\nworkbench recommend {name}\nworkbench report {name} --to html"
    candidates = "---\n".join(one.candidate.to_yaml() for one in material.results.candidates)
    return [
        Heading(text="Provenance"),
        Definitions(items=(*_hashes(material), *_made_with(material))),
        Code(title="To do it again, in the workspace that holds the use case; finished steps are reused", text=commands),
        _runs(material),
        _steps(material),
        Code(title="The candidates as they were", text=candidates.rstrip("\n"), folded=True),
    ]


def _hashes(material: Material) -> list[Definition]:
    case, sizes = material.results.case, material.audit.sizes
    items = [
        Definition(term=f"{split} examples", text=f"{sizes.get(split, 0):,}, sha256 {case.split_digest(split)}", literal=True)
        for split in SPLITS
        if case.split_path(split).exists()
    ]
    documents = f"sha256 {case.documents_digest()}" if case.documents is not None else "none"
    settings = digest(material.results.use_case.model_dump(mode="json"))
    bases = dict.fromkeys(
        f"{record.inputs['base_model']}, {_identity(str(record.inputs['base']))}"
        for record in material.steps.values()
        if record.kind == "answer"
    )
    return [
        *items,
        Definition(term="documents", text=documents, literal=True),
        Definition(term="settings", text=f"sha256 {settings}", literal=True),
        Definition(term="base model", text="; ".join(bases), literal=True),
    ]


def _identity(base: str) -> str:
    return "from the Hub" if base.startswith("hub:") else f"sha256 {base}"


def _made_with(material: Material) -> list[Definition]:
    made = [record.provenance for record in material.steps.values()]

    def all_of(read: Callable[[Mapping[str, object]], object]) -> str:
        found = dict.fromkeys(str(value) for each in made if (value := read(each)) is not None)
        return "; ".join(found) or "not recorded"

    packages: dict[str, dict[str, None]] = {}
    for each in made:
        for package, version in each.get("packages", {}).items():
            packages.setdefault(package, {})[version or "not installed"] = None
    versions = ", ".join(f"{package} {' and '.join(found)}" for package, found in sorted(packages.items()))
    seeds = {one.name: ", ".join(str(run.seed) for run in one.runs) for one in material.results.candidates}
    trained = [f"{one.name} {seeds[one.name]}" for one in material.results.candidates if one.candidate.training]
    machine = all_of(lambda each: f"{each.get('platform')}, {each.get('processors')} processors" if "platform" in each else None)
    items = [
        Definition(term="workbench", text=f"{__version__}, commit {all_of(lambda each: each.get('commit'))}", literal=True),
        Definition(term="Python", text=all_of(lambda each: each.get("python")), literal=True),
        Definition(term="packages", text=versions or "not recorded", literal=True),
        Definition(term="machine", text=machine, literal=True),
        Definition(term="training seeds", text="; ".join(trained) or "none: nothing is trained", literal=True),
        Definition(term="analysis seed", text="0", literal=True),
    ]
    return items


def _runs(material: Material) -> Table:
    columns = (Column(title="Run"), Column(title="Candidate"), Column(title="Seed", align="right"), Column(title="Steps"))
    rows = [
        Row(cells=(run.id, one.name, str(run.seed), ", ".join(run.steps.values())))
        for one in material.results.candidates
        for run in one.runs
    ]
    return Table(title="Every run and its steps", columns=columns, rows=tuple(rows), folded=True)


def _steps(material: Material) -> Table:
    columns = (Column(title="Step"), Column(title="What it did"), Column(title="Seconds", align="right"))
    rows = []
    for name, record in material.steps.items():
        seconds = record.facts.get("seconds")
        rows.append(Row(cells=(name, record.title, "not measured: it was not noted" if seconds is None else figure(float(seconds)))))
    return Table(title="Every step and what it took", columns=columns, rows=tuple(rows), folded=True)


# --- Words --------------------------------------------------------------------------------------------


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHORT else f"{flat[: SHORT - 1].rstrip()}…"


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(part for part in parts if part)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _be(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


ALL: Sequence[Callable[[Material], list[Block]]] = (
    question, answer, picture, tables, differences, examples, not_measured, power, data, provenance,
)  # fmt: skip
"""Every section, in the order of reading."""
