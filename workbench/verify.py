"""Check a report: does everything that it tells follow from the raw rows that it carries?

Every section is written again from those rows, by the code that wrote it, and compared leaf by leaf. Sections that no
rows can give are left out and named (``sections.STATED``).
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from workbench import __version__, sections
from workbench.blocks import Block, Heading, Report
from workbench.carried import carried
from workbench.differences import between, between_blocks, figures_in, figures_of
from workbench.errors import DataError, NotFound, WorkbenchError
from workbench.grounds import Grounds
from workbench.model import Noun
from workbench.rows import decide

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


def verify(path: Path) -> Verification:
    """Decide again from a report's raw rows, write its sections again, and compare all that it tells.

    Raises NotFound where there is no such file, and DataError where it is no report with raw rows for every section.
    """
    data = _read(path)
    grounds = Grounds.parse(data["grounds"], where=f"The raw rows of {path.name}")
    report = Report.parse(data["report"], where=f"The report in {path.name}")
    told = _parts(report, data["sections"], where=path.name)
    wrong, compared, figures = [], [], figures_in(data["recommendation"])
    try:
        rows = carried(grounds)
        found = decide(rows)
        again = dict(sections.write(sections.Material(rows, found, rows.audit())))
    except WorkbenchError as error:
        wrong.append(f"nothing can be computed from the raw rows: {error}")
    else:
        wrong += between(report.title, sections.title(rows.use_case), place="the title")
        wrong += between(data["recommendation"], json.loads(found.model_dump_json()), place="the recommendation")
        for name, blocks in again.items():
            compared.append(_heading(name, blocks))
            figures += figures_of(told.get(name, ()))
            wrong += between_blocks(told.get(name, ()), blocks, place=compared[-1])
        wrong += [
            f"{_heading(name, blocks)}: no such section follows"
            for name, blocks in told.items()
            if blocks and name not in again and name not in sections.STATED
        ]
    return Verification(
        path=str(path),
        figures=figures,
        sections=tuple(one for one in compared if one),
        stated={_heading(name, told[name]): why for name, why in sections.STATED.items() if told.get(name)},
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
    if data.get("grounds") is None or not isinstance(data.get("sections"), dict):
        raise DataError(
            f"{path.name} was written by an older version and does not hold the raw rows of every section.",
            "Write it anew where the workspace is: `workbench report CASE --to json`.",
        )
    return data


def _parts(report: Report, counts: Mapping[str, Any], *, where: str) -> dict[str, list[Block]]:
    """The blocks of a report by section."""
    sizes = [count for count in counts.values() if isinstance(count, int) and count >= 0]
    if len(sizes) < len(counts) or sum(sizes) != len(report.blocks):
        raise DataError(
            f"The sections of {where} are not as long as the report.",
            "Write it anew: `workbench report CASE --to json`.",
        )
    blocks = iter(report.blocks)
    return {name: list(islice(blocks, size)) for name, size in zip(counts, sizes, strict=True)}


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
