"""What was not measured, what this test cannot show, and what is wrong with the data."""

from collections import Counter

from workbench.blocks import Block, Column, Heading, Item, Items, Row, Table, Text
from workbench.phrases import agreeing, listed, points
from workbench.rows import Rows
from workbench.sections.material import Material

MOST_FINDINGS = 8
"""Findings about the data that a report shows."""
FORGETTING = (
    "Forgetting, over-refusal and alignment tax: whether training cost {names} something else that it could do was not "
    "measured (`workbench checks` does). Prompting and RAG change no weights: there it is unchanged by construction."
)
NOT_IN_REPORT = ("What people prefer: nobody was asked to choose between answers.",)


def not_measured(material: Material) -> list[Block]:
    """What a reader might think was measured and was not, in words with the reason."""
    results, use_case = material.results, material.results.use_case
    said: list[str] = [_waiting(results, name) for name in results.waiting]
    for one in results.candidates:
        planned, done = sum(run.candidate == one.name for run in results.planned), len(one.seeds)
        if done < planned:
            said.append(f"{one.name}: {done} of {planned} training seeds finished; the others are in no figure here.")
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
    trained = [one.name for one in results.candidates if one.candidate.training]
    unchecked = [name for name in trained if name not in material.checked.losses]
    if unchecked:
        said.append(FORGETTING.format(names=listed(unchecked)))
    if not material.recommendation.findings:
        said.append(f"Why one wins: `workbench diagnose {use_case.name}` measures what explains it.")
    said += NOT_IN_REPORT
    bases = f"Other base models than {listed(material.base_models)}, and other" if material.base_models else "Other"
    said.append(f"{bases} requests than the test examples stand for.")
    return [Heading(text="What was not measured"), Items(items=tuple(Item(text=text) for text in said))]


def _waiting(results: Rows, name: str) -> str:
    """Why a candidate has no finished run: what stopped it, where something did."""
    why = results.stopped(name)
    return (
        f"{name}: it could not be run. {why}" if why else f"{name}: it has no finished run, so it is in no figure here."
    )


def _excluded(results: Rows) -> str:
    reasons: Counter[str] = Counter()
    for one in results.candidates:
        reasons.update({reason: sum(map(len, places)) for reason, places in one.unscored.items()})
    why = "; ".join(f"{reason} ({count} answers)" for reason, count in reasons.most_common(3)) or "no score was written"
    count, verb = results.excluded, agreeing(results.excluded, "is", "are")
    return (
        f"{count:,} of {len(results.examples):,} test examples {verb} in no comparison, since the scorer failed "
        f"there: {why}."
    )


def power(material: Material) -> list[Block]:
    """The smallest difference that this test can show."""
    recommendation = material.recommendation
    said = [material.audit.smallest_difference]
    if recommendation.detectable is not None:
        said.append(
            f"That goes by their number alone. As far as these candidates' answers differ, a true difference of "
            f"{points(recommendation.detectable)} points between a typical pair would be shown in 80 of 100 "
            f"repetitions of this test; the smallest difference that matters was set to {material.margin} points."
        )
    return [Heading(text="The smallest difference this test can show"), *(Text(text=text) for text in said)]


def data(material: Material) -> list[Block]:
    """What is wrong with the examples, worst first."""
    findings = material.audit.findings
    heading = Heading(text="The data")
    if not findings:
        return [heading, Text(text="Nothing was found wrong with the examples: no leaks, repeats or contradictions.")]
    columns = (Column(title="How bad"), Column(title="What"), Column(title="What to do"))
    rows = tuple(Row(cells=(one.severity, one.message, one.hint)) for one in findings[:MOST_FINDINGS])
    title = "What was found in the examples, worst first"
    blocks: list[Block] = [heading, Table(title=title, columns=columns, rows=rows)]
    rest = len(findings) - MOST_FINDINGS
    if rest > 0:
        command = f"workbench check {material.results.use_case.name}"
        blocks.append(Text(text=f"And {rest} more, which {command} lists.", note=True))
    return blocks
