"""The sections of a report: from results and recommendation to blocks."""

from collections.abc import Callable, Sequence

from workbench.blocks import Block
from workbench.sections.answer import answer, question
from workbench.sections.disagreements import examples
from workbench.sections.evidence import differences, picture, tables
from workbench.sections.flips import flips
from workbench.sections.lost import lost
from workbench.sections.material import Material
from workbench.sections.money import money
from workbench.sections.origin import provenance
from workbench.sections.preferred import preferred
from workbench.sections.segments import segments
from workbench.sections.stages import stages
from workbench.sections.tuning import tuning
from workbench.sections.unknowns import data, not_measured, power
from workbench.sections.why import why

__all__ = ["ALL", "Material"]

ALL: Sequence[Callable[[Material], list[Block]]] = (
    question,
    answer,
    picture,
    tables,
    money,
    segments,
    why,
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
