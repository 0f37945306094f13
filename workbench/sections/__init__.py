"""The sections of a report: from rows and recommendation to blocks.

A section takes figures from ``material`` alone, so that whoever has the report can write it again from the rows that it
carries (``workbench.verify``). What it needs and is not carried yet is added to ``workbench.rows``, for workspaces in
``workbench.results`` and for reports in ``workbench.grounds`` and ``workbench.carried``. A section that needs what no
report can carry is named in ``STATED``, with the reason.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from workbench.blocks import Block
from workbench.results import Results
from workbench.sections.answer import answer, question
from workbench.sections.disagreements import examples
from workbench.sections.evidence import differences, picture, tables
from workbench.sections.flips import flips
from workbench.sections.lost import lost
from workbench.sections.material import Material
from workbench.sections.money import money
from workbench.sections.origin import provenance
from workbench.sections.preferred import preferred
from workbench.sections.retrieval import retrieval
from workbench.sections.segments import segments
from workbench.sections.stages import stages
from workbench.sections.tuning import tuning
from workbench.sections.unknowns import data, not_measured, power
from workbench.sections.why import why
from workbench.usecase import UseCase

__all__ = ["ALL", "STATED", "Material", "title", "write"]

ALL: Sequence[Callable[[Material], list[Block]]] = (
    question,
    answer,
    picture,
    tables,
    money,
    segments,
    why,
    retrieval,
    differences,
    stages,
    tuning,
    lost,
    preferred,
    examples,
    flips,
    not_measured,
    power,
    data,
    provenance,
)
"""Every section, in the order of reading."""

STATED: Mapping[str, str] = {
    "provenance": "versions, machines, hashes of files and times of steps are stated by whoever ran them",
}
"""Sections that do not follow from the rows of a report, by name, and why."""


def title(use_case: UseCase) -> str:
    """The title of a report."""
    return f"{use_case.name}: prompting, RAG or fine-tuning?"


def write(material: Material) -> Iterator[tuple[str, list[Block]]]:
    """Every section by name; without those that are stated where the rows came with a report."""
    for section in ALL:
        if section.__name__ not in STATED or isinstance(material.results, Results):
            yield section.__name__, section(material)
