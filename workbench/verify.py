"""Check a report: does everything that it tells follow from the raw rows that it carries?

Every section is written again from those rows, by the code that wrote it, and compared leaf by leaf. Sections that no
rows can give are left out and named (``sections.STATED``).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.blocks import Block, Heading, Report
from workbench.carried import carried
from workbench.differences import between, between_blocks, figures_in, figures_of
from workbench.errors import DataError, NotFound, WorkbenchError
from workbench.grounds import Grounds
from workbench.model import Noun
from workbench.rows import decide
from workbench.sections import STATED, Material, title, write

RAW = "scores, timings, people's labels, texts, and what was found in the examples"
"""What a report carries as it is."""


class Verification(Noun):
    """What came of checking a report."""

    path: str
    figures: int
    """How many figures, and sentences with figures, were compared."""
    sections: tuple[str, ...]
    """The sections that were written again, by the headings of the report."""
    stated: dict[str, str]
    """Those that were not, and why."""
    wrong: tuple[str, ...]
    """Each figure or sentence that does not follow, with what does."""
    version: str
    """Of the program that wrote the report."""


@dataclass(frozen=True)
class Written:
    """A report as it is compared: what it tells, section by section."""

    title: str
    recommendation: Mapping[str, Any]
    sections: Mapping[str, Sequence[Block]]


def verify(path: Path) -> Verification:
    """Decide again from a report's raw rows, write its sections again, and compare all that it tells.

    Raises NotFound where there is no such file, and DataError where it is no report with raw rows for every section.
    """
    data = _read(path)
    grounds = Grounds.parse(data["grounds"], where=f"The raw rows of {path.name}")
    told = _told(data, where=path.name)
    try:
        follows = written_again(grounds)
    except WorkbenchError as error:
        wrong: tuple[str, ...] = (f"nothing can be computed from the raw rows: {error}",)
        compared: tuple[str, ...] = ()
    else:
        wrong, compared = tuple(disagreements(told, follows)), tuple(follows.sections)
    return Verification(
        path=str(path),
        figures=figures_in(told.recommendation) + sum(figures_of(told.sections.get(name, ())) for name in compared),
        sections=tuple(_heading(name, told.sections[name]) for name in compared if told.sections.get(name)),
        stated={_heading(name, told.sections[name]): why for name, why in STATED.items() if told.sections.get(name)},
        wrong=wrong,
        version=grounds.version,
    )


def written_again(grounds: Grounds) -> Written:
    """What a report tells if it follows from these rows, without what is only stated.

    Raises WorkbenchError where nothing can be computed from them.
    """
    rows = carried(grounds)
    found = decide(rows)
    parts = dict(write(Material(rows, found, rows.audit())))
    return Written(title(rows.use_case), found.model_dump(mode="json"), parts)


def disagreements(told: Written, follows: Written) -> Iterator[str]:
    """Each figure and each sentence that is told and does not follow, with its place in words and what does."""
    yield from between(told.title, follows.title, place="the title")
    yield from between(told.recommendation, follows.recommendation, place="the recommendation")
    for name, blocks in follows.sections.items():
        own = told.sections.get(name, ())
        yield from between_blocks(own, blocks, place=_heading(name, own or blocks))
    for name in told.sections.keys() - follows.sections.keys() - STATED.keys():
        yield from between_blocks(told.sections[name], (), place=_heading(name, told.sections[name]))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", "Name a report: `workbench report CASE --to json`.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path.name} is no JSON: {error}.", "Name the report in JSON, not its other forms.") from None
    if not isinstance(data, dict) or not {"report", "recommendation"} <= data.keys():
        raise DataError(f"{path.name} is no report.", "Make one: `workbench report CASE --to json`.")
    if data.get("grounds") is None or not isinstance(data.get("sections"), dict):
        raise DataError(
            f"{path.name} was written by an older version and does not hold the raw rows of every section.",
            "Write it anew where the workspace is: `workbench report CASE --to json`.",
        )
    return data


def _told(data: Mapping[str, Any], *, where: str) -> Written:
    """What a report tells, by section."""
    report, counts = Report.parse(data["report"], where=f"The report in {where}"), data["sections"]
    sizes = [count for count in counts.values() if isinstance(count, int) and count >= 0]
    if len(sizes) < len(counts) or sum(sizes) != len(report.blocks):
        said = f"The sections of {where} are not as long as the report."
        raise DataError(said, "Write it anew: `workbench report CASE --to json`.")
    blocks = iter(report.blocks)
    sections = {name: list(islice(blocks, size)) for name, size in zip(counts, sizes, strict=True)}
    return Written(report.title, data["recommendation"], sections)


def _heading(name: str, blocks: Sequence[Block]) -> str:
    """A section by the heading that a reader sees."""
    return blocks[0].text if blocks and isinstance(blocks[0], Heading) else name


def summary(found: Verification) -> str:
    """What came of it, in words."""
    stated = "; ".join(f"{name} ({why})" for name, why in found.stated.items())
    rest = f" Raw rows are {RAW}, taken as they stand. Stated and not computed: {stated}." if stated else ""
    if not found.wrong:
        return (
            f"{found.path}: all {found.figures:,} figures, of the recommendation and of the tables, pictures and "
            f"sentences of {len(found.sections)} sections, follow from its raw rows.{rest}"
        )
    other = f" (it was written by version {found.version}, this is {__version__})"
    note = other if found.version != __version__ else ""
    count = len(found.wrong)
    return f"{found.path}: {count:,} of {found.figures:,} figures and sentences do not follow from its raw rows{note}."
