"""Retrieval and what rests on it, part by part: what was found, what came of it, what answers cite."""

from collections.abc import Sequence

from workbench.blocks import Block, Column, Heading, RecallChart, Row, Table, Text
from workbench.claim_labels import agreements
from workbench.found import Outcome, ahead, curve, finders, left_out, measured, outcomes
from workbench.measures import FOUND, JUDGED, MEASURES, SAID, MeasureName
from workbench.phrases import listed, percent
from workbench.retrieval_charts import recall_title
from workbench.rows import CandidateRows, Rows
from workbench.score import METRICS
from workbench.sections.material import Material

SHOWN: tuple[MeasureName, ...] = ("recall@1", "recall@5", "recall@10", "reciprocal_rank", "ndcg@10", "in_prompt")
"""Of what was found; all of it is in a table that is folded."""
COMPARED: tuple[MeasureName, ...] = ("recall@5", "reciprocal_rank", "ndcg@10", "in_prompt")
"""Measures by which ways of finding passages are held beside one another."""


def retrieval(material: Material) -> list[Block]:
    """What each candidate finds and how its answers rest on it; nothing where nobody retrieves."""
    blocks = parts(material.results, material.recommendation.choice)
    return [Heading(text="Retrieval, part by part"), *blocks] if blocks else []


def parts(rows: Rows, choice: str | None = None) -> list[Block]:
    """The same without its heading; ``choice``: the candidate whose rows are set off."""
    groups = finders(rows)
    if not groups:
        return []
    return [*_finding(rows, groups, choice), *_outcomes(rows, choice), *_resting(rows, choice)]


# --- What was found -----------------------------------------------------------------------------------


def _finding(rows: Rows, groups: Sequence[tuple[CandidateRows, ...]], choice: str | None) -> list[Block]:
    curves = [one for one in (curve(rows, group) for group in groups) if one.points]
    if not curves:
        return [Text(text=f"How well passages are found is not known: {_why_not(groups[0][0])}. {_mend(rows)}")]
    blocks: list[Block] = [
        RecallChart(title=recall_title(curves), curves=tuple(curves)),
        _found_table(groups, rows, choice=choice),
        Text(text=_note(rows, groups[0][0]), note=True),
    ]
    if len(groups) > 1:
        blocks.append(_compared(rows, groups))
    return [*blocks, _every_measure(groups, rows)]


def _found_table(groups: Sequence[tuple[CandidateRows, ...]], rows: Rows, *, choice: str | None) -> Table:
    shown = [name for name in SHOWN if any(name in group[0].measures for group in groups)]
    columns = (
        Column(title="Candidate"),
        *(Column(title=MEASURES[name].title, align="right", better="higher") for name in shown),
        Column(title="n", align="right"),
    )
    body = []
    for group in groups:
        names = [one.name for one in group]
        means = {name: measured(rows, group[0], name) for name in shown}
        cells = (_why_none(group[0], name) if mean is None else mean.short for name, mean in means.items())
        body.append(Row(cells=(", ".join(names), *cells, _most(rows, group[0], shown)), strong=choice in names))
    return Table(title="How well the evidence is found", columns=columns, rows=tuple(body))


def _every_measure(groups: Sequence[tuple[CandidateRows, ...]], rows: Rows) -> Table:
    """A row for each measure, with what it means."""
    columns = (
        Column(title="Measure"),
        Column(title="What it is"),
        *(Column(title=", ".join(one.name for one in group), align="right", better="higher") for group in groups),
    )
    shown = [name for name in FOUND if any(name in group[0].measures for group in groups)]
    body = tuple(
        Row(cells=(MEASURES[name].title, MEASURES[name].meaning, *(_told(rows, group[0], name) for group in groups)))
        for name in shown
    )
    return Table(title="Every measure of what is found, and what it is", columns=columns, rows=body, folded=True)


def _told(rows: Rows, one: CandidateRows, name: MeasureName) -> str:
    mean = measured(rows, one, name)
    return mean.words if mean is not None else _why_none(one, name)


def _why_none(one: CandidateRows, name: MeasureName) -> str:
    return f"not measured: {_why_not(one, name)}"


def _most(rows: Rows, one: CandidateRows, names: Sequence[MeasureName]) -> str:
    """The number of examples that the means rest on; fewer under some measures."""
    return f"{max((mean.n for name in names if (mean := measured(rows, one, name)) is not None), default=0):,}"


def _why_not(one: CandidateRows, name: MeasureName = "recall@1") -> str:
    return next(iter(left_out(one, name)), "no example has a value")


def _mend(rows: Rows) -> str:
    return (
        "Name the documents that hold the answers in a column `evidence`, or confirm proposed ones: "
        f"`workbench evidence {rows.use_case.name}`."
    )


def _note(rows: Rows, one: CandidateRows) -> str:
    text = (
        "± is half of the 95 % interval of that mean alone. The evidence of an example is the documents that it names "
        "or that people confirmed. A passage is right where its document is (binary gains, by document); k counts "
        "passages, as a prompt does."
    )
    missing = left_out(one, "recall@1")
    if missing:
        said = "; ".join(f"{count:,}, since {reason}" for reason, count in missing.items())
        text += f" Not counted of {len(rows.examples):,} examples: {said}."
    return text


def _compared(rows: Rows, groups: Sequence[tuple[CandidateRows, ...]]) -> Table:
    """Every other way of finding passages beside the first, on the same examples."""
    first = groups[0][0]
    columns = (
        Column(title="Finds passages"),
        Column(title="minus"),
        *(Column(title=MEASURES[name].title, align="right", better="higher") for name in COMPARED),
    )
    body = []
    for group in groups[1:]:
        gains = [ahead(rows, group[0], first, name) for name in COMPARED]
        cells = (gain.words if gain is not None else "not measured" for gain in gains)
        body.append(Row(cells=(", ".join(one.name for one in group), first.name, *cells)))
    return Table(
        title="Differences in what is found, in points, on the same examples (95 % interval)",
        columns=columns, rows=tuple(body),
    )  # fmt: skip


# --- What came of it ----------------------------------------------------------------------------------


def _outcomes(rows: Rows, choice: str | None) -> list[Block]:
    """Right, abstained and wrong, by whether the evidence was in the prompt."""
    told = [outcomes(rows, one) for one in rows.candidates if "in_prompt" in one.measures]
    if not told:
        return []
    metric = METRICS[rows.use_case.metric]
    columns = (
        Column(title="Candidate"),
        Column(title="Evidence"),
        Column(title="n", align="right"),
        Column(title="Right" if metric.binary else metric.title, align="right", better="higher"),
        Column(title="Does not know", align="right"),
        Column(title="Wrong", align="right", better="lower"),
    )
    body = [
        Row(
            cells=(one.candidate if first else "", where, *_came(outcome)),
            strong=one.candidate == choice,
        )
        for one in told
        for first, where, outcome in ((True, "in the prompt", one.found), (False, "not found", one.missed))
    ]
    note = (
        "In the prompt: passages of all of an example's documents were handed over. Right on other passages may be "
        "what the model knew, a passage that says the same, or luck; wrong with the evidence is misreading."
    )
    title = "What came of it: answers by whether the evidence was found"
    return [Table(title=title, columns=columns, rows=tuple(body)), Text(text=note, note=True)]


def _came(outcome: Outcome | None) -> tuple[str, ...]:
    if outcome is None:
        return ("0", "no such example", "", "")
    return (f"{outcome.right.n:,}", outcome.right.words, percent(outcome.abstained), percent(outcome.wrong))


# --- What answers rest on -----------------------------------------------------------------------------


def _resting(rows: Rows, choice: str | None) -> list[Block]:
    """Claims that passages support, and citations that do."""
    every = (*SAID, *JUDGED.values())
    told = [one for one in rows.candidates if any(name in one.measures for name in every)]
    if not told:
        return []
    names = [name for name in every if any(name in one.measures for one in told)]
    columns = (
        Column(title="Candidate"),
        *(Column(title=MEASURES[name].title, align="right", better="higher") for name in names),
        Column(title="n", align="right"),
    )
    body = []
    for one in told:
        cells = (_told(rows, one, name) for name in names)
        body.append(Row(cells=(one.name, *cells, _most(rows, one, names)), strong=one.name == choice))
    title = "Whether answers rest on their passages"
    blocks: list[Block] = [
        Table(title=title, columns=columns, rows=tuple(body)),
        Text(text=_resting_note(rows, names, told), note=True),
    ]
    return [*blocks, *_agreeing(rows)]


def _agreeing(rows: Rows) -> list[Block]:
    """How far the checks say what people say, where people labelled claims."""
    found = agreements(rows.labelled)
    if not found:
        return []
    columns = (
        Column(title="Checked by"),
        Column(title="Says what people say (95 % interval)", align="right", better="higher"),
        Column(title="Cohen's kappa", align="right", better="higher"),
        Column(title="Too generous", align="right", better="lower"),
        Column(title="Too strict", align="right", better="lower"),
        Column(title="Claims labelled", align="right"),
    )
    body = [
        Row(
            cells=(
                one.check,
                f"{percent(one.share)} ({100 * one.low:.1f} to {100 * one.high:.1f})",
                "chance explains all" if one.kappa is None else f"{one.kappa:.2f}",
                f"{one.too_generous:,}",
                f"{one.too_strict:,}",
                f"{one.n:,}",
            )
        )
        for one in found
    ]
    return [Table(title="How far these checks agree with people", columns=columns, rows=tuple(body))]


def _resting_note(rows: Rows, names: Sequence[MeasureName], told: Sequence[CandidateRows]) -> str:
    text = "A claim is a sentence of an answer, or a value of its JSON. "
    text += " ".join(f"{MEASURES[name].title}: {MEASURES[name].meaning}." for name in names)
    text += " Words see what was made up, such as a number that stands nowhere; they do not see a “not”."
    silent = {one.name: len(rows.examples) - mean.n for one in told if (mean := measured(rows, one, "grounded"))}
    if any(silent.values()):
        counts = listed([f"{name} {count:,}" for name, count in silent.items() if count])
        text += f" Answers that claim nothing or had no passage are not counted: {counts}."
    return text
