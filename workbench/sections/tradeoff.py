"""How far training has moved a model, its alignment tax, and what a weaker adapter would keep and spare."""

from collections.abc import Mapping, Sequence

from workbench.blocks import Block, Column, FrontierChart, Heading, Row, Table, Text
from workbench.candidate import Approach
from workbench.checked import AllChecked, Checked
from workbench.forgetting import Loss
from workbench.frontier import Frontier, Matched, Place, sparing
from workbench.loss_charts import frontier_title
from workbench.loss_words import level
from workbench.phrases import percent, points, signed


def moved(checked: AllChecked) -> list[Block]:
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


def taxed(checked: AllChecked, metric: str) -> list[Block]:
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
            "is the worst suite's, of what the model was above guessing there (95 %), where that was 10 points or "
            "more. Undefined: the gain's own interval holds 0, so no ratio means anything.",
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


def weaker(checked: AllChecked, approaches: Mapping[str, Approach], metric: str) -> list[Block]:
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
    least = sparing(one)
    if least is None or least.worst is None or whole is None or whole.worst is None:
        return f"{one.candidate}: no weaker adapter keeps half of the gain without a loss in some suite."
    return (
        f"{one.candidate}: no weaker adapter keeps half of the gain without a loss in some suite. Least is lost at "
        f"alpha {least.at:g}: it keeps {100 * least.gain.delta / whole.gain.delta:.0f} % of the gain, and the worst "
        f"suite, {least.worst.suite.facet}, loses {points(-least.worst.change)} points instead of "
        f"{points(-whole.worst.change)}."
    )


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
    text = "At 80 % of the largest gain that all of them reach, interpolated between the places that were measured."
    return [Table(title=title, columns=columns, rows=rows), Text(text=text, note=True)]
