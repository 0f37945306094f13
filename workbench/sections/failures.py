"""Where the answers of candidates that retrieve are lost: by cause, with examples of each."""

from collections.abc import Sequence

from workbench.analysis import Standing
from workbench.blocks import AnsweredExample, Block, Column, EffectsChart, Examples, Heading, Row, Table, Text
from workbench.failures import CAUSES, Cause, Failures, failures_of
from workbench.phrases import agreeing, joined, percent, points
from workbench.rows import Rows
from workbench.sections.disagreements import Sides
from workbench.sections.material import Material

SHOWN = 2
"""Examples of each cause that a report shows."""
REMEDIES: dict[Cause, str] = {
    "absent": "documents that hold the answers are worth most",
    "missed": "better retrieval is worth most",
    "unread": "fewer passages, a reranker, a better reader or training with passages is worth most",
    "abstained": "a prompt that asks for an answer, or training with passages, is worth most",
    "form": "asking for the form, or training on it, is worth most",
    "no room": "fewer or shorter passages are worth most",
    "unknown": "evidence named by the examples would tell more",
}
"""What helps against each cause."""


def failures(material: Material) -> list[Block]:
    """Why answers of every candidate that retrieves fail; nothing where nobody retrieves."""
    blocks: list[Block] = []
    for standing in material.ran:
        found = failures_of(material.results, material.results.find(standing.candidate))
        if found is not None:
            blocks += failure_blocks(found)
            shown = failure_examples(material.results, standing, found, most=SHOWN)
            blocks += [Examples(subject=found.candidate, examples=tuple(shown))] if shown else []
    return [Heading(text="Where answers are lost"), *blocks] if blocks else []


def failure_blocks(found: Failures) -> list[Block]:
    """One candidate's failures: a picture, a sentence, and a table with every cause."""
    if not found.causes:
        return [Text(text=f"Every answer of {found.candidate} is right: nothing is lost.")]
    columns = (
        Column(title="Cause"),
        Column(title="Answers", align="right", better="lower"),
        Column(title="Of all that fail", align="right"),
        Column(title="Points lost (95 %)", align="right", better="lower"),
    )
    rows = tuple(
        Row(
            cells=(
                CAUSES[one.cause][0],
                f"{one.answers:,}",
                percent(one.answers / found.failed),
                f"{points(one.lost.value)} ({points(one.lost.low)} to {points(one.lost.high)})",
            )
        )
        for one in found.causes
    )
    return [
        EffectsChart(title=title(found), approach=found.approach, effects=tuple(one.lost for one in found.causes)),
        Text(text=sentence(found)),
        Table(title=f"{found.candidate}: causes", columns=columns, rows=rows),
        Text(text=note(found), note=True),
    ]


def title(found: Failures) -> str:
    """The finding in a line."""
    most = found.causes[0]
    return f"Most of what {found.candidate} loses: {CAUSES[most.cause][0].lower()} ({points(most.lost.value)} points)"


def sentence(found: Failures) -> str:
    """How much is lost, to what most, and what helps."""
    most, verb = found.causes[0], agreeing(found.failed, "is", "are")
    return (
        f"{found.candidate} scores {percent(found.score)}: {found.failed:,} of its {found.answers:,} answers {verb} "
        f"not wholly right. It loses most, {points(most.lost.value)} of {points(1 - found.score)} points, where "
        f"{CAUSES[most.cause][1]}: {REMEDIES[most.cause]}."
    )


def note(found: Failures) -> str:
    """How causes are told, and what stands in for evidence."""
    parts = [
        "Each answer that is not wholly right has one cause, and with the score they make up 100 %. Where several hold "
        "it is the first of these: no room, right in another form, abstained, then where the passage was",
        *(": ".join(CAUSES[one.cause]) for one in found.causes),
    ]
    if found.stand_in:
        verb = agreeing(found.stand_in, "example names", "examples name")
        parts.append(
            f"{found.stand_in:,} {verb} no evidence: there a passage that holds the answer's words stands in for it, "
            "which may hold them by chance"
        )
    if not found.read_leniently:
        parts.append("the answers were not read leniently yet, so those right in another form count as wrong")
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts)


def failure_examples(results: Rows, standing: Standing, found: Failures, *, most: int) -> list[AnsweredExample]:
    """The first examples of each cause, with what the candidate's first run answered and was given."""
    sides = Sides.read(results, [standing])
    places = {example.id: n for n, example in enumerate(results.examples)}
    return [
        _because(sides.answered(places[name], "lost"), CAUSES[one.cause][0].lower())
        for one in found.causes
        for name in one.examples[:most]
    ]


def _because(shown: AnsweredExample, cause: str) -> AnsweredExample:
    """The same with the cause beside each answer."""
    answers: Sequence[object] = [
        one.model_copy(update={"remark": joined([cause, one.remark])}) for one in shown.answers
    ]
    return shown.model_copy(update={"answers": tuple(answers)})
