"""What training cost the model: every suite of every trained candidate, and all that goes with it."""

from collections.abc import Mapping, Sequence

from workbench.blocks import Block, Column, Heading, LossesChart, Row, Table, Text
from workbench.candidate import Approach
from workbench.checked import AllChecked
from workbench.loss_charts import losses_title
from workbench.loss_words import form_or_substance, loss_cells, loss_sentences
from workbench.phrases import listed, percent
from workbench.score import METRICS
from workbench.sections.material import Material
from workbench.sections.refused import refused
from workbench.sections.tradeoff import moved, taxed, weaker

LOSS_COLUMNS = (
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
    """All that is known of what training cost; nothing where nothing was checked."""
    results = material.results
    approaches = {one.name: one.candidate.approach for one in results.candidates}
    metric = METRICS[results.use_case.metric].phrase
    return cost_blocks(material.checked, approaches=approaches, metric=metric, subject=material.subject)


def cost_blocks(
    checked: AllChecked, *, approaches: Mapping[str, Approach], metric: str, subject: str = "", narrow: bool = False
) -> list[Block]:
    """The blocks of report and terminal. ``subject``: the candidate that comes first where it was checked; ``narrow``:
    a table for each candidate instead of one for all."""
    told = [Text(text=problem) for problem in checked.problems]
    if not checked.losses:
        return [Heading(text="What training cost"), *told] if told else []
    names = sorted(checked.losses, key=lambda name: name != subject)
    return [
        Heading(text="What training cost"),
        *told,
        Text(text=" ".join([*loss_sentences({name: checked.losses[name] for name in names}), unchanged(approaches)])),
        losses_block(names[0], checked),
        *([narrow_table(name, checked) for name in names] if narrow else [loss_table(checked, names)]),
        Text(text=loss_note(checked), note=True),
        *refused(checked, approaches),
        *moved(checked),
        *taxed(checked, metric),
        *weaker(checked, approaches, metric),
    ]


def losses_block(name: str, checked: AllChecked) -> LossesChart:
    """One candidate's change in every suite, as a picture."""
    found = checked.losses[name]
    return LossesChart(title=losses_title(name, found), candidate=name, losses=found)


# --- Suites -------------------------------------------------------------------------------------------


def loss_table(checked: AllChecked, names: Sequence[str]) -> Table:
    """Every suite of every candidate, the worst first."""
    rows = tuple(
        Row(cells=(name, one.suite.facet, *loss_cells(one)), strong=n == 0)
        for n, name in enumerate(names)
        for one in checked.losses[name]
    )
    return Table(title="Every suite beside the untrained base", columns=LOSS_COLUMNS, rows=rows)


def narrow_table(name: str, checked: AllChecked) -> Table:
    """Every suite of one candidate in few columns."""
    kept = [n for n, column in enumerate(LOSS_COLUMNS) if column.title not in ("Candidate", *FLIPS)]
    rows = tuple(
        Row(cells=tuple(cells[n] for n in kept))
        for cells in (("", one.suite.facet, *loss_cells(one)) for one in checked.losses[name])
    )
    return Table(title=f"{name} beside its untrained base", columns=tuple(LOSS_COLUMNS[n] for n in kept), rows=rows)


def unchanged(approaches: Mapping[str, Approach]) -> str:
    """Which candidates lost nothing because nothing was trained; empty where every one is."""
    names = [name for name, approach in approaches.items() if approach in ("prompting", "RAG")]
    return f"{listed(names)}: unchanged by construction." if names else ""


FLIPS = ("Right to wrong", "Wrong to right")


def loss_note(checked: AllChecked) -> str:
    """How the table is to be read, and what else is to be known of its figures."""
    every = [one for found in checked.losses.values() for one in found]
    text = (
        "Paired item by item with the untrained base; intervals hold for all suites of a candidate at once, for the "
        "trainings that were run. Degraded: shown to have lost, one-sided, at 5 % for the whole panel. Suites are "
        "never averaged: a loss in one is not made good by gains in others. Prompts and retrieval change no weights: "
        "there everything is unchanged by construction."
    )
    floors = [one.floor for one in every if one.floor is not None]
    if floors:
        worst = max(floors)
        asked = "no item became wrong" if not worst else f"up to {percent(worst)} of a suite's items became wrong"
        text += f" When the base was asked again, in other batches, {asked}: that is the noise beneath the flips."
    forms = {f"{one.suite.facet}: {said}" for one in every if (said := form_or_substance(one))}
    if forms:
        text += f" Form or substance, by a lenient reading of the answers: {'; '.join(sorted(forms))}."
    long = {(one.suite.name, one.too_long, one.n) for one in every if one.too_long}
    for name, count, n in sorted(long):
        text += f" {count:,} of {count + n:,} items of {name} do not fit into the model's context and were not asked."
    return text
