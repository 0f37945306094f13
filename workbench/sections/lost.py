"""What training cost the model: every suite of every trained candidate, what it refuses, how far it has moved."""

from collections.abc import Mapping, Sequence

from workbench.blocks import Block, Column, FrontierChart, Heading, LossesChart, RefusalsChart, Row, Table, Text
from workbench.candidate import Approach
from workbench.checked import AllChecked, Checked
from workbench.forgetting import Loss
from workbench.frontier import Frontier, Matched, Place
from workbench.loss_charts import frontier_title, losses_title, refusals_title
from workbench.loss_words import form_or_substance, level, loss_cells, loss_sentences
from workbench.phrases import percent, points, signed
from workbench.refusals import Refusals
from workbench.score import METRICS
from workbench.sections.material import Material

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
    checked: AllChecked, *, approaches: Mapping[str, Approach], metric: str, subject: str = ""
) -> list[Block]:
    """The blocks of page, report and terminal. ``subject``: the candidate that comes first where it was checked."""
    told = [Text(text=problem) for problem in checked.problems]
    if not checked.losses:
        return [Heading(text="What training cost"), *told] if told else []
    names = sorted(checked.losses, key=lambda name: name != subject)
    return [
        Heading(text="What training cost"),
        *told,
        Text(text=" ".join(loss_sentences({name: checked.losses[name] for name in names}))),
        _losses_chart(names[0], checked),
        loss_table(checked, names),
        Text(text=_loss_note(checked), note=True),
        *_refused(checked, approaches),
        *_moved(checked),
        *_taxed(checked, metric),
        *_weaker(checked, approaches, metric),
    ]


def _losses_chart(name: str, checked: AllChecked) -> LossesChart:
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


def _loss_note(checked: AllChecked) -> str:
    every = [one for found in checked.losses.values() for one in found]
    text = (
        "Paired item by item with the untrained base; intervals hold for all suites of a candidate at once, "
        "for the trainings that were run. Degraded: shown to have lost, at 5 % for the whole panel. Suites are "
        "never averaged: a loss in one is not made good by gains in others. Prompts and retrieval change no "
        "weights: there everything is unchanged by construction."
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


# --- Refusals -----------------------------------------------------------------------------------------


def _refused(checked: AllChecked, approaches: Mapping[str, Approach]) -> list[Block]:
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
            "that only refuses more of both, or less, has moved its threshold and not become better. Refusals are "
            "told by rules over openings and hedges (evals/refusal.py); `python -m evals.agreement` measures them "
            "against people's labels.",
            note=True,
        ),
    ]


def _beside(name: str, one: Refusals, checked: AllChecked) -> str:
    base = checked.bases.get(checked.base_of.get(name, ""))
    return one.beside(base) if base is not None else ""


# --- How far it has moved -----------------------------------------------------------------------------


def _moved(checked: AllChecked) -> list[Block]:
    """KL divergence to the base on task and neutral prompts."""
    rows = tuple(
        Row(cells=(name, one.words, f"{one.nats:.3f}", f"{one.low:.3f} to {one.high:.3f}", f"{one.prompts:,}"))
        for name, found in checked.candidates.items()
        for one in found.drifts
    )
    if not rows:
        return []
    columns = (
        Column(title="Candidate"),
        Column(title="On"),
        Column(title="KL divergence, nats per token", align="right", better="lower"),
        Column(title="95 % interval", align="right"),
        Column(title="Prompts", align="right"),
    )
    return [
        Table(title="How far the predictions have moved from the base", columns=columns, rows=rows),
        Text(
            text="Over the whole vocabulary at every token. On the base's answers it is KL(base || trained), which "
            "foretells forgetting; on its own answers KL(trained || base).",
            note=True,
        ),
    ]


# --- Alignment tax ------------------------------------------------------------------------------------


def _taxed(checked: AllChecked, metric: str) -> list[Block]:
    """What preference and RL stages cost beside the weights that they went on from."""
    taxed = [one for one in checked.candidates.values() if one.tax is not None]
    if not taxed:
        return []
    columns = (
        Column(title="Candidate"),
        Column(title="Beside"),
        Column(title="Worst suite"),
        Column(title="Lost there, points", align="right", better="lower"),
        Column(title="At most, of the headroom", align="right", better="lower"),
        Column(title=f"Gain in {metric}, points", align="right", better="higher"),
        Column(title="Points lost per point gained", align="right", better="lower"),
    )
    return [
        Heading(text="Alignment tax"),
        Table(title="What preferences and reinforcement cost", columns=columns, rows=tuple(map(_tax_row, taxed))),
        Text(
            text="Beside the weights before the candidate's first preference or RL stage, on the same items. The bound "
            "is the worst suite's, of what the model was above guessing there (95 %). Undefined: the gain's own "
            "interval holds 0, so no ratio means anything.",
            note=True,
        ),
    ]


def _tax_row(one: Checked) -> Row:
    assert one.tax is not None
    tax, worst = one.tax, one.tax.worst
    ratio = "undefined"
    if tax.per_gain is not None:
        ratio = f"{tax.per_gain.value:.2f} ({tax.per_gain.low:.2f} to {tax.per_gain.high:.2f})".replace("-", "\u2212")
    return Row(
        cells=(
            one.name,
            tax.before,
            worst.suite.facet,
            f"{points(-worst.change)} ({points(-worst.high)} to {points(-worst.low)})",
            percent(max(0.0, tax.bound)),
            "not measured" if tax.gain is None else tax.gain.words,
            ratio,
        )
    )


# --- Weaker adapters ----------------------------------------------------------------------------------


def _weaker(checked: AllChecked, approaches: Mapping[str, Approach], metric: str) -> list[Block]:
    """The frontier of gain and loss, what a weaker adapter would keep, and costs at a matched gain."""
    found = [one.frontier for one in checked.candidates.values() if one.frontier is not None]
    if not found:
        return []
    columns = (
        Column(title="Candidate"),
        Column(title="Where"),
        Column(title=f"Gain in {metric}, points", align="right", better="higher"),
        Column(title="Worst suite"),
        Column(title="Change there, points", align="right", better="higher"),
        Column(title="Text, nats per token", align="right", better="higher"),
        Column(title="Every suite within its limit?"),
    )
    rows = tuple(
        _place_row(one, place) for one in found for way in ("alpha", "steps") for place in one.along(way)
        if way == "alpha" or place.way == "steps"
    )  # fmt: skip
    return [
        Heading(text="Gain and loss"),
        Text(text=" ".join(map(proposal, found))),
        FrontierChart(title=frontier_title(found), metric=metric, frontiers=tuple(found), approaches=dict(approaches)),
        Table(title="With weaker adapters, and along the training", columns=columns, rows=rows),
        Text(
            text="Measured on development examples, and on items of the suites that no claim rests on: settings are "
            "chosen here, what they are worth is measured once they are run as a candidate of their own.",
            note=True,
        ),
        *_matched(checked.matched),
    ]


def proposal(one: Frontier) -> str:
    """What a weaker adapter would keep, and whether it is worth a run of its own."""
    whole = next((place for place in one.places if place.way == "alpha" and place.at == 1), None)
    if one.proposed is not None and one.kept is not None:
        return (
            f"{one.candidate}: at alpha {one.proposed:g} it keeps {100 * one.kept:.0f} % of the gain, and no suite "
            f"loses more than counts as none, on development items. Run it as a candidate with adapter_scale: "
            f"{one.proposed:g}."
        )
    if whole is not None and whole.keeps_all:
        return f"{one.candidate}: as it was trained no suite lost more than counts as none, on development items."
    if whole is not None and whole.gain.delta <= 0:
        return f"{one.candidate}: it gained nothing on the development set, so no alpha is proposed."
    return f"{one.candidate}: no weaker adapter keeps half of the gain without a loss in some suite."


def _place_row(one: Frontier, place: Place) -> Row:
    worst = place.worst
    text = next((loss for loss in place.losses if not loss.suite.is_share), None)
    return Row(
        cells=(
            one.candidate,
            place.words,
            place.gain.words,
            worst.suite.facet if worst is not None else "",
            f"{signed(worst.change)} ({signed(worst.low)} to {signed(worst.high)})" if worst is not None else "",
            _nats(text) if text is not None else "not measured",
            "yes" if place.keeps_all else "no",
        ),
        strong=place.way == "alpha" and place.at == one.proposed,
    )


def _nats(one: Loss) -> str:
    return f"{level(one, one.before)} to {level(one, one.after)}"


def _matched(found: Sequence[Matched]) -> list[Block]:
    if not found:
        return []
    columns = (
        Column(title="Candidate"),
        Column(title="Along"),
        Column(title="Points lost in the worst suite", align="right", better="lower"),
        Column(title="95 % interval", align="right"),
        Column(title="Worst suite"),
    )
    ways = {"alpha": "weaker adapters", "steps": "the training"}
    rows = tuple(
        Row(
            cells=(
                one.candidate,
                ways[one.way],
                points(one.loss),
                f"{points(one.low)} to {points(one.high)}",
                one.facet,
            )
        )
        for one in found
    )
    title = f"What each way costs at the same gain, {points(found[0].gain)} points"
    return [Table(title=title, columns=columns, rows=rows)]
