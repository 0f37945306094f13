"""What training cost the model: every suite of every trained candidate, the worst first."""

from collections.abc import Mapping

from workbench.blocks import Block, Column, Heading, Row, Table, Text
from workbench.forgetting import Loss, loss_cells
from workbench.phrases import listed
from workbench.sections.material import Material

COLUMNS = (
    Column(title="Candidate"),
    Column(title="Suite"),
    Column(title="Base", align="right"),
    Column(title="Trained", align="right"),
    Column(title="Change", align="right"),
    Column(title="95 % interval", align="right"),
    Column(title="Right to wrong", align="right", better="lower"),
    Column(title="Wrong to right", align="right"),
    Column(title="What that shows"),
)


def lost(material: Material) -> list[Block]:
    """One table for all trained candidates that were checked; nothing where none was."""
    measured = material.losses
    if not measured:
        return []
    rows = tuple(_row(name, one, chosen=material.subject) for name, found in measured.items() for one in found)
    return [
        Heading(text="What training cost"),
        Text(text=" ".join(sentences(measured))),
        Table(title="Every suite beside the untrained base", columns=COLUMNS, rows=rows),
        Text(
            text="Paired item by item with the untrained base; intervals hold for all suites of a candidate at once, "
            "for the trainings that were run. Degraded: shown to have lost, at 5 % for the whole panel. Suites are "
            "never averaged: a loss in one is not made good by gains in others. Prompts and retrieval change no "
            "weights.",
            note=True,
        ),
    ]


def sentences(measured: Mapping[str, tuple[Loss, ...]]) -> list[str]:
    """For each candidate, what it is shown to have lost, kept, and what is open."""
    said = []
    for name, found in measured.items():
        degraded = [one for one in found if one.state == "degraded"]
        open_ones = [one.suite.facet for one in found if one.state == "not shown"]
        if degraded:
            parts = [f"{one.suite.facet} ({loss_cells(one)[2]} {one.suite.unit})" for one in degraded]
            said.append(f"{name} is shown to have lost {listed(parts)}.")
        elif open_ones:
            said.append(f"{name}: no loss is shown; whether it kept {listed(open_ones)} is open.")
        else:
            said.append(f"{name} is shown to have kept all that was measured.")
    return said


def _row(name: str, one: Loss, *, chosen: str) -> Row:
    return Row(cells=(name, one.suite.facet, *loss_cells(one)), strong=name == chosen)
