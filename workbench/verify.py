"""Check a report: do its figures follow from the raw rows that it carries?"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.blocks import Callout, Report, StandingsChart
from workbench.charts import gaps
from workbench.errors import DataError, NotFound
from workbench.grounds import Grounds, disagreements
from workbench.model import Noun
from workbench.recommend import Recommendation


class Verification(Noun):
    """What came of checking a report."""

    path: str
    figures: int
    """How many figures and sentences were compared."""
    wrong: tuple[str, ...]
    """Each that does not follow, with what does."""
    version: str
    """Of the program that wrote the report."""


def verify(path: Path) -> Verification:
    """Decide again from a report's raw rows, and compare all that it tells.

    Raises NotFound where there is no such file, and DataError where it is no report with raw rows.
    """
    data = _read(path)
    grounds = Grounds.parse(data["grounds"], where=f"The raw rows of {path.name}")
    told = data["recommendation"]
    found = grounds.decide()
    again = json.loads(found.model_dump_json())
    report = Report.parse(data["report"], where=f"The report in {path.name}")
    wrong = [*disagreements(told, again), *_blocks(report, found)]
    return Verification(
        path=str(path),
        figures=_leaves(again) + sum(isinstance(b, Callout | StandingsChart) for b in report.blocks),
        wrong=tuple(wrong),
        version=grounds.version,
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", "Name a report: `workbench report CASE --to json`.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path.name} is no JSON: {error}.", "Name the report in JSON, not its other forms.") from None
    if not isinstance(data, dict) or not {"report", "recommendation"} <= data.keys():
        raise DataError(f"{path.name} is no report.", "Make one: `workbench report CASE --to json`.")
    if data.get("grounds") is None:
        raise DataError(
            f"{path.name} holds no raw rows to check: people's choices decided it, or it is of an older version.",
            "Labels are exported by `workbench labels`; write the report anew where it is only old.",
        )
    return data


def _blocks(report: Report, found: Recommendation) -> Iterator[str]:
    """What the report shows beside the recommendation: its answer and its pictures."""
    for block in report.blocks:
        if isinstance(block, Callout):
            told = (block.headline, *block.sentences)
            follows = (found.headline, *dict.fromkeys(found.sentences))
            if told != follows:
                yield f"the answer: {' '.join(told)!r} is told, {' '.join(follows)!r} follows"
        elif isinstance(block, StandingsChart):
            told_by_name = {one.candidate: one for one in block.standings}
            follows_by_name = {one.candidate: one for one in found.standings}
            if told_by_name.keys() != follows_by_name.keys():
                yield "the picture shows other candidates than the raw rows hold"
            for name in told_by_name.keys() & follows_by_name.keys():
                one = json.loads(told_by_name[name].model_dump_json())
                other = json.loads(follows_by_name[name].model_dump_json())
                yield from (f"the picture, {name}, {text}" for text in disagreements(one, other))
        elif block.kind == "differences":
            shown = {one.other: one for one in block.gaps}
            follows_gaps = gaps(found.comparisons, found.standings, subject=block.gaps[0].candidate)
            for gap in follows_gaps:
                if gap.other in shown:
                    one = json.loads(shown[gap.other].model_dump_json())
                    other = json.loads(gap.model_dump_json())
                    yield from (f"the differences, {gap.other}, {text}" for text in disagreements(one, other))


def _leaves(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


def summary(found: Verification) -> str:
    """What came of it, in words."""
    other = f" (it was written by version {found.version}, this is {__version__})"
    if not found.wrong:
        return (
            f"{found.path}: all {found.figures:,} figures and sentences of the recommendation, the answer and its "
            "pictures follow from its raw rows. Its other tables were not compared."
        )
    note = other if found.version != __version__ else ""
    count = len(found.wrong)
    return f"{found.path}: {count:,} of {found.figures:,} do not follow from its raw rows{note}."
