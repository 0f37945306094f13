"""What each stage of training brought."""

from workbench.blocks import Block, Column, Heading, Item, Items, Row, Table, Text
from workbench.course import Station, stations
from workbench.gain import Gain
from workbench.phrases import percent
from workbench.score import METRICS
from workbench.sections.material import Material

METHOD_NAMES = {
    "cpt": "continued pre-training",
    "sft": "supervised fine-tuning",
    "dpo": "preference optimisation (DPO)",
    "kto": "good and bad answers (KTO)",
    "grpo": "reinforcement by the metric (GRPO)",
    "rlhf": "reinforcement by a reward model (RLHF)",
    "rejection_sampling": "its own answers that pass",
    "distill": "distillation",
    "": "before training",
}
"""The methods of stages that change the answering weights, in words."""


def stages(material: Material) -> list[Block]:
    """A table of all candidates with several stages, as each stage left them; nothing where there is none."""
    found = [one for candidate in material.results.candidates for one in stations(material.results, candidate)]
    tried = [f"{name}: {one.figures()}. {one.meaning()}" for name, one in material.results.chances()]
    if not found and not tried:
        return []
    blocks: list[Block] = [Heading(text="Stage by stage")]
    if found:
        blocks += _gains(material, found)
    if tried:
        blocks.append(Text(text="Before reinforcement, answers were drawn to see whether right ones come up at all:"))
        blocks.append(Items(items=tuple(Item(text=text) for text in tried)))
    return blocks


def _gains(material: Material, found: list[Station]) -> list[Block]:
    columns = (
        Column(title="Candidate"),
        Column(title="After stage"),
        Column(title=METRICS[material.results.use_case.metric].title, align="right", better="higher"),
        Column(title="Change from the stage before", align="right"),
        Column(title="Change from the base", align="right"),
        Column(title="What that shows"),
    )
    several = "s" if any(one.seeds > 1 for one in found) else ""
    return [
        Table(title="What each stage brought", columns=columns, rows=tuple(map(_row, found))),
        Text(
            text=f"Measured on the {found[0].n:,} development examples, which nobody trains on; with 95 % intervals "
            f"over examples, for the training seed{several} that {'were' if several else 'was'} run. The "
            "recommendation rests on the test set alone.",
            note=True,
        ),
    ]


def _row(one: Station) -> Row:
    cells = (
        one.candidate,
        f"{one.number}: {METHOD_NAMES[one.method]}" if one.number else METHOD_NAMES[""],
        f"{percent(one.mean)} ({100 * one.low:.1f} to {100 * one.high:.1f})",
        _change(one.gain),
        _change(one.whole),
        _shows(one),
    )
    return Row(cells=cells)


def _change(gain: Gain | None) -> str:
    return "" if gain is None else gain.words


def _shows(one: Station) -> str:
    if one.gain is None:
        return "where it starts"
    if not one.gain.shown:
        return "no change is shown"
    return "the stage helped" if one.gain.delta > 0 else "the stage did harm"
