"""The picture, the tables and every paired difference."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from workbench.analysis import Standing
from workbench.blocks import (
    Block,
    Column,
    DifferencesChart,
    Heading,
    QualityChart,
    Row,
    StandingsChart,
    Table,
    Text,
)
from workbench.charts import differences_title, gaps, standings_title
from workbench.compare import analyse
from workbench.comparison import Comparison, rank_interval
from workbench.cost import FEWEST_TIMINGS, cost_per_1000, figure, latency_bounds, mean_seconds
from workbench.phrases import listed, percent, points, signed
from workbench.quality_charts import SECONDS, Point, Takes, quality_title
from workbench.retrieval_notes import retrieval_notes
from workbench.rows import CandidateRows, Rows
from workbench.running_cost import RunningCost
from workbench.score import METRICS, deciding
from workbench.sections.material import Material
from workbench.statistics.bounds import Bounds, mean_bounds
from workbench.usecase import MetricName

AS_PARTS = "as its parts"
TWO_SIDED = 0.975
"""Confidence of each bound of a 95 % interval."""
MANY_ROWS = 30
"""Tables with more rows are folded."""


def picture(material: Material) -> list[Block]:
    """The candidates on the primary metric, and quality beside time."""
    recommendation, standings = material.recommendation, material.standings
    blocks: list[Block] = [
        Heading(text="The picture"),
        StandingsChart(
            title=standings_title(
                standings,
                recommendation.best_set,
                metric=material.metric,
                broken=[each.candidate for each in recommendation.ruled_out],
                unknown=material.unasked,
            ),
            metric=material.metric,
            standings=standings,
            best_set=recommendation.best_set,
            choice=recommendation.choice,
            simplest=standings[0].candidate,
        ),
    ]
    takes, amounts = _amounts(material)
    if amounts:
        found = tuple(
            Point(
                candidate=one.candidate, approach=one.approach, mean=one.mean, low=one.low, high=one.high,
                takes=amounts[one.candidate].estimate, takes_low=amounts[one.candidate].low,
                takes_high=amounts[one.candidate].high,
            )
            for one in standings if one.candidate in amounts
        )  # fmt: skip
        blocks.append(
            QualityChart(
                title=quality_title(found, takes), metric=material.metric, takes=takes, points=found,
                choice=recommendation.choice,
            )
        )  # fmt: skip
        missing = [one.candidate for one in standings if one.candidate not in amounts]
        if missing:
            what = "has no known cost" if takes.money else "was not timed"
            blocks.append(Text(text=f"Not in this picture, since it {what}: {listed(missing)}.", note=True))
    return blocks


def _amounts(material: Material) -> tuple[Takes, Mapping[str, Bounds]]:
    """What answers take, with 95 % intervals: the cost of 1,000 where all have one, else the seconds of one."""
    earned = material.recommendation.earnings
    names = {one.candidate for one in material.standings}
    costs = {one.candidate: one.cost for one in earned.candidates if one.cost is not None and one.candidate in names}
    if costs and len(costs) == len(names):
        spread = all(one.training is not None for one in costs.values())
        takes = Takes(currency=material.results.use_case.money.currency, training=spread)
        return takes, {name: _thousand(one, with_training=spread) for name, one in costs.items()}
    found: dict[str, Bounds] = {}
    for one in material.standings:
        seconds, measured = material.seconds(one.candidate), material.measured.get(one.candidate)
        if seconds and measured is not None and not material.is_router(one.candidate):
            bounds = mean_bounds(measured.seconds, confidence=TWO_SIDED)
            found[one.candidate] = replace(bounds, low=None if bounds.low is None else max(0.0, bounds.low))
        elif seconds:
            found[one.candidate] = Bounds(seconds, None, None)
    return SECONDS, found


def _thousand(cost: RunningCost, *, with_training: bool) -> Bounds:
    """What 1,000 answers cost; the interval is of the requests that were timed, trainings are taken as known."""
    each = cost.request if with_training else cost.answering
    half = float(special.ndtri(TWO_SIDED)) * cost.variance**0.5
    return Bounds(1000 * each, 1000 * max(0.0, each - half), 1000 * (each + half))


def tables(material: Material) -> list[Block]:
    """Every candidate: quality, then what it takes."""
    return [
        Heading(text="The candidates"),
        quality(material, subject=material.recommendation.choice),
        Text(
            text="± is half of the 95 % interval of that mean alone. Two such intervals may overlap although the "
            "difference is shown, since all candidates answered the same examples: compare by the differences below. "
            "“May be best” names a set that holds the best candidate within the limits in "
            f"{100 * (1 - material.recommendation.error_rate):g} of 100 such tests; “Rank” is what the differences "
            "below leave open, for all at once, limits aside." + _failure_note(material),
            note=True,
        ),
        *_secondary(material),
        takes(material, subject=material.recommendation.choice),
        Text(text=_timing_note(material), note=True),
    ]


def quality(material: Material, *, subject: str | None) -> Table:
    """Every candidate on the primary metric; the row of ``subject`` stands out."""
    columns = (
        Column(title="Candidate"),
        Column(title="Approach"),
        Column(title=deciding(material.results.use_case)[0], align="right", better="higher"),
        Column(title="95 % interval", align="right"),
        Column(title="n", align="right"),
        Column(title="Seeds", align="right"),
        Column(title="May be best"),
        Column(title="Rank", align="right"),
        Column(title="Not in form", align="right", better="lower"),
    )
    rows = []
    for one in material.standings:
        routed = material.is_router(one.candidate)
        cells = (
            one.candidate,
            one.approach,
            _mean_cell(one),
            f"{100 * one.low:.1f} to {100 * one.high:.1f}",
            f"{material.recommendation.n:,}",
            AS_PARTS if routed else _seeds(one, trained=_trained(material, one.candidate)),
            material.recommendation.may_be_best(one.candidate),
            _rank(material, one.candidate),
            AS_PARTS if routed else _failures(material.results.find(one.candidate), len(material.results.examples)),
        )
        rows.append(Row(cells=cells, strong=one.candidate == subject))
    return Table(title="Quality", columns=columns, rows=tuple(rows))


def _rank(material: Material, name: str) -> str:
    """Which ranks it may have among all, whether it keeps the limits or not."""
    best, worst = rank_interval(material.recommendation.comparisons, name)
    return f"{best}" if best == worst else f"{best} to {worst}"


def _trained(material: Material, name: str) -> bool:
    return material.results.find(name).candidate.trained


def _seeds(one: Standing, *, trained: bool) -> str:
    if not trained:
        return "untrained"
    spread = "spread unknown" if one.seed_sd is None else f"SD {points(one.seed_sd)}"
    return f"{one.seeds} ({spread})"


def _mean_cell(one: Standing) -> str:
    return f"{percent(one.mean)} ± {50 * (one.high - one.low):.1f}"


def _failures(one: CandidateRows, n: int) -> str:
    return f"{sum(one.failures.values()):,} of {len(one.seeds) * n:,}"


def _failure_note(material: Material) -> str:
    said = []
    for standing in material.ran:
        failures = material.results.find(standing.candidate).failures
        kinds = sorted(failures.items(), key=lambda each: (-each[1], each[0]))
        if kinds:
            said.append(f"{standing.candidate} {', '.join(f'{count} {kind}' for kind, count in kinds)}")
    if not said:
        return ""
    return f" An answer that is not in the asked-for form counts as wrong: {'; '.join(said)}."


def _secondary(material: Material) -> list[Block]:
    """The metrics that are shown beside the primary one and decide nothing."""
    results, primary = material.results, material.results.use_case.metric
    metrics = [metric for metric in dict.fromkeys(results.use_case.secondary_metrics) if metric != primary]
    if not metrics:
        return []
    found = {metric: _standings_on(results, metric) for metric in metrics}
    rows = [
        Row(
            cells=(one.candidate, *(found[metric].get(one.candidate, "not measured: no values") for metric in metrics)),
            strong=one.candidate == material.recommendation.choice,
        )
        for one in material.ran
    ]
    columns = (
        Column(title="Candidate"),
        *(Column(title=METRICS[metric].title, align="right", better="higher") for metric in metrics),
    )
    return [Table(title="Also measured; nothing is decided by it", columns=columns, rows=tuple(rows))]


def _standings_on(results: Rows, metric: MetricName) -> Mapping[str, str]:
    if not results.valued(metric).any():
        return {}
    margin = results.use_case.smallest_difference
    found = analyse(results.panel(metric), smallest_difference=margin, rng=np.random.default_rng(0))
    return {one.candidate: f"{_mean_cell(one)} (n = {found.n:,})" for one in found.standings}


def takes(material: Material, *, subject: str | None) -> Table:
    """The time, tokens, memory and money of every candidate's answers; the row of ``subject`` stands out."""
    price = _price_here(material)
    columns = [
        Column(title="Candidate"),
        Column(title="p95 latency, s", align="right", better="lower"),
        Column(title="Mean, s", align="right", better="lower"),
        Column(title="Timed", align="right"),
        Column(title="Tokens read", align="right", better="lower"),
        Column(title="Tokens written", align="right", better="lower"),
        Column(title="Training, s a seed", align="right", better="lower"),
        Column(title="Memory answering", align="right", better="lower"),
        Column(title="Memory training", align="right", better="lower"),
    ]
    if price is not None:
        currency = material.results.use_case.money.currency
        columns.append(Column(title=Takes(currency=currency).title, align="right", better="lower"))
    rows = []
    for standing in material.ran:
        one, measured = material.results.find(standing.candidate), material.measured[standing.candidate]
        seconds = mean_seconds(measured)
        cells = [
            standing.candidate,
            _p95(measured.seconds),
            "not measured: none was timed" if seconds is None else figure(seconds),
            f"{len(measured.seconds):,}",
            _or_not(measured.prompt_tokens),
            _or_not(measured.completion_tokens),
            _or_not(measured.train_seconds) if one.trains else "not trained",
            _memory(measured.answering_mb),
            _memory(measured.training_mb) if one.trains else "not trained",
        ]
        if price is not None:
            cost = cost_per_1000(measured.seconds, price).estimate if measured.seconds else None
            cells.append("not measured: none was timed" if cost is None else figure(cost))
        rows.append(Row(cells=tuple(cells), strong=standing.candidate == subject))
    return Table(title="What an answer takes", columns=tuple(columns), rows=tuple(rows))


def _p95(seconds: Sequence[float]) -> str:
    if not seconds:
        return "not measured: none was timed"
    bounds = latency_bounds(seconds)
    high = "" if bounds.high is None else f" (up to {figure(bounds.high)})"
    return f"{figure(bounds.estimate)}{high}"


def _or_not(value: float | None) -> str:
    return "not measured: no step noted it" if value is None else figure(value)


def _price_here(material: Material) -> float | None:
    """What the machine costs an hour, unless every candidate's costs have a table of their own."""
    known = material.recommendation.earnings.costs_known
    return None if known else material.results.use_case.answering_hour


def _memory(megabytes: float | None) -> str:
    return "not measured: no step noted it" if megabytes is None else f"{figure(megabytes / 1024)} GB"


def _timing_note(material: Material) -> str:
    text = (
        "Times are of single requests, retrieval included, one after another on the machine named under Provenance; "
        "“up to” is the upper 95 % bound. Tokens are means of one request. Memory is "
        "the most that the process held at once, its libraries included: of the GPU where there is one, else of the "
        "machine."
    )
    if "pocket" in material.base_models and any(one.train_seconds for one in material.measured.values()):
        text += " Trainings of so small a model ran side by side, one on each core."
    few = [name for name, one in material.measured.items() if 0 < len(one.seconds) < FEWEST_TIMINGS]
    if few:
        text += f" Of {listed(few)} fewer than {FEWEST_TIMINGS} requests were timed, which bounds no 95th percentile."
    price = _price_here(material)
    if price is not None:
        text += f" Costs are answering alone, at {price:g} an hour for the machine, in that price's currency."
    ran = (material.results.find(standing.candidate) for standing in material.ran)
    notes = [note for one in ran for note in retrieval_notes(one.name, one.took().prepared)]
    return " ".join([text, *notes])


def _shows(one: Comparison) -> str:
    """What a comparison shows, in the words of its sentence."""
    if one.shown != "not shown":
        return f"{one.candidate} is {one.shown}"
    return "no: may be chance" if one.low <= 0 <= one.high else "no: too few examples or training seeds"


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
        smallest_difference=recommendation.smallest_difference,
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
                signed(one.delta),
                f"{points(one.low)} to {points(one.high)}",
                f"{one.n:,}",
                _p_value(one.p),
                _shows(one),
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
    how = "; ".join(part if count == total else f"{part}, in {count} of {total}" for part, count in parts.items())
    groups = f" in {first.clusters:,} groups" if first.clusters < first.n else ""
    return (
        f"Paired: both candidates of a pair answered the same {first.n:,} examples{groups}. All intervals hold at once "
        f"with {100 * first.confidence:.0f} % confidence, and p is adjusted for all pairs. How: {how}."
    )


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
