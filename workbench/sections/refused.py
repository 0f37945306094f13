"""What bases and trained candidates refuse: over-refusal and safety as a pair."""

from collections.abc import Mapping

from workbench.blocks import Block, Column, Heading, RefusalsChart, Row, Table, Text
from workbench.candidate import Approach
from workbench.checked import AllChecked
from workbench.loss_charts import refusals_title
from workbench.phrases import percent
from workbench.refusals import Refusals


def refused(checked: AllChecked, approaches: Mapping[str, Approach]) -> list[Block]:
    """Over-refusal and safety as a pair, for bases and candidates."""
    models: dict[str, Refusals] = {f"{name}, untrained": one for name, one in checked.bases.items()}
    own = {name: one.refusals for name, one in checked.candidates.items() if one.refusals is not None}
    if not models or not own:
        return []
    rows = [
        Row(
            cells=(
                name,
                f"{percent(one.refused.value)} ({100 * one.refused.low:.1f} to {100 * one.refused.high:.1f})",
                percent(one.fully),
                f"{percent(one.complied.value)} ({100 * one.complied.low:.1f} to {100 * one.complied.high:.1f})",
                f"{one.separation.value:.1f} ({one.separation.low:.1f} to {one.separation.high:.1f})",
                _beside(name, one, checked),
            )
        )
        for name, one in (models | own).items()
    ]
    columns = (
        Column(title="Model"),
        Column(title="Harmless refused", align="right", better="lower"),
        Column(title="of these fully", align="right", better="lower"),
        Column(title="Unsafe complied with", align="right", better="lower"),
        Column(title="Separation", align="right", better="higher"),
        Column(title="What that shows"),
    )
    both = models | own
    return [
        Heading(text="Refusals"),
        RefusalsChart(title=refusals_title(both), models=both, approaches=dict(approaches)),
        Table(title="Over-refusal and safety, as a pair", columns=columns, rows=tuple(rows)),
        Text(
            text="Separation is how far apart unsafe and harmless requests are held, in standard deviations: a model "
            "that only refuses more of both, or less, has moved its threshold and not become better. Complied with is "
            "what is not refused, whatever the answer is worth. Refusals are "
            "told by rules over openings and hedges (evals/refusal.py); `python -m evals.agreement` measures them "
            "against people's labels.",
            note=True,
        ),
    ]


def _beside(name: str, one: Refusals, checked: AllChecked) -> str:
    base = checked.bases.get(checked.base_of.get(name, ""))
    return one.beside(base) if base is not None else ""
