"""What people prefer: win rates, what they prove, how far annotators agree, and what a judge was worth."""

from collections.abc import Iterator

from workbench.blocks import Block, Column, Heading, Items, Row, Table, Text, WinRatesChart
from workbench.blocks import Item as ListItem
from workbench.judged import JudgeFindings
from workbench.phrases import agreeing, listed, percent
from workbench.preference_charts import win_rates_title
from workbench.preferred import Findings, findings_of
from workbench.queues import QUESTIONS
from workbench.rates import Rate, WinRates
from workbench.sections.material import Material

FAST = 2.0
"""Median seconds for a label below which nobody can have read both answers."""
RARE = 0.001
"""Probability below which an annotator's share of first answers is no chance."""


def preferred(material: Material) -> list[Block]:
    """What people prefer, by every queue on test requests that somebody has labelled."""
    margin = material.results.use_case.smallest_difference
    helps = material.results.use_case.judge_helps
    found = [findings_of(given, smallest_difference=margin, judge_helps=helps) for given in material.given]
    return [block for one in found for block in preferred_blocks(one)]


def preferred_blocks(found: Findings) -> list[Block]:
    """The blocks of page, report and terminal."""
    rates = found.rates
    blocks: list[Block] = [Heading(text="What people prefer"), Text(text=" ".join(_sentences(found)))]
    if rates.labels:
        blocks += [
            WinRatesChart(title=win_rates_title(rates), rates=rates, approaches=dict(found.approaches)),
            rates_table(found),
            Text(text=_note(found), note=True),
            *([duels_table(found)] if len(rates.duels) > 1 else []),
            *_annotators(found),
        ]
    for judge in found.judges:
        blocks += _judge(judge, helps=judge.judge == found.helper)
    return blocks


def _sentences(found: Findings) -> Iterator[str]:
    """The headline, what holds it back, and what would settle it."""
    rates = found.rates
    who = "A judge, no person," if found.by_judge else f"{rates.annotators} annotator{'s' * (rates.annotators != 1)}"
    if not rates.labels:
        yield "Nobody has labelled yet."
        return
    yield (
        f"{who} gave {rates.labels:,} labels on {rates.items:,} requests (those of one group counted once), blind: "
        f"{QUESTIONS[found.queue.question]}"
    )
    yield from _helped(found)
    if rates.caution:
        yield rates.caution
    elif rates.winner is not None:
        whose = {"people": "People prefer", "these annotators": "These annotators prefer"}
        yield f"{whose.get(rates.scope, 'This annotator prefers')} {rates.winner} to every other candidate."
    else:
        leader = rates.leader or rates.baseline
        yield f"{leader} is ahead; {listed(list(rates.best_set), word='or')} may be the best."
        if rates.good_enough:
            yield found.stopping.sentence
    if rates.scope != "people":
        yield f"With {rates.annotators} annotator{'s' * (rates.annotators != 1)} this is about their taste alone."
    if rates.remark:
        yield rates.remark
    if rates.misfit is not None:
        yield rates.misfit.sentence()
    if not found.stopping.stop and found.stopping.least is not None:
        yield f"The question is likely to take {_more(found)}."
    elif found.stopping.stop and found.stopping.why in ("budget spent", "out of reach"):
        yield found.stopping.sentence
    if rates.position is not None and rates.position.warning:
        yield f"Mind the sides: {rates.position.sentence()} Sides are drawn at random, so no candidate gains by it."
    if found.same:
        same = percent(found.same)
        yield f"{same} of the pairs of answers are the same word for word: not shown, and counted nowhere."


def _helped(found: Findings) -> Iterator[str]:
    """Whose choices these are, where a judge was to help."""
    helped = found.rates.helped
    if helped is not None:
        yield (
            f"These are people's choices, with the judge {found.helper}, which was corrected by them: as if "
            f"{helped.worth - found.rates.labels:,.0f} more people's labels."
        )
    elif found.unhelped:
        yield f"People's choices speak alone. {found.unhelped}"


def _more(found: Findings) -> str:
    """How many labels more."""
    least, most = found.stopping.least, found.stopping.most
    return f"{least:,} to {most:,} labels more" if most is not None else f"{least:,} labels more, or many more"


# --- Tables -------------------------------------------------------------------------------------------


def rates_table(found: Findings) -> Table:
    """Every candidate against the baseline."""
    rates = found.rates
    columns: tuple[Column, ...] = (
        Column(title="Candidate"),
        Column(title="Win rate", align="right", better="higher"),
        Column(title="95 % interval", align="right"),
        Column(title="Won · tied · both bad · lost", align="right"),
        Column(title="Labels", align="right"),
        Column(title="Called bad", align="right", better="lower"),
        Column(title="What that shows"),
    )
    rows = [_cells(one, found) for one in rates.rates]
    if found.alone is not None:
        columns = (*columns[:3], Column(title="By people alone", align="right"), *columns[3:])
        rows = [(*row[:3], _alone(found.alone.of(row[0])), *row[3:]) for row in rows]
    told = tuple(Row(cells=row, strong=row[0] == rates.winner) for row in rows)
    return Table(title=f"Win rates against {rates.baseline}", columns=columns, rows=told)


def _alone(one: Rate) -> str:
    """A rate as it would be without the judge, with its interval."""
    if one.rate is None or one.low is None or one.high is None or one.low == one.high:
        return ""
    return f"{percent(one.rate)} ({_span(one.low, one.high)})"


def _cells(one: Rate, found: Findings) -> tuple[str, ...]:
    baseline = one.candidate == found.rates.baseline
    known = one.rate is not None and not baseline
    interval = f"{100 * one.low:.1f} to {100 * one.high:.1f}" if one.low is not None and one.high is not None else ""
    return (
        one.candidate,
        "the baseline" if baseline else percent(one.rate or 0.0) if known else "not known",
        interval if known else "",
        "" if baseline else " · ".join(f"{n:,}" for n in (one.won, one.tied, one.both_bad, one.lost)),
        f"{one.labels:,}",
        "" if one.both_bad_share is None else percent(one.both_bad_share),
        _shows(one, found),
    )


def _shows(one: Rate, found: Findings) -> str:
    rates = found.rates
    if rates.caution:
        return "nothing yet"
    if one.candidate == rates.winner:
        return "preferred to every other"
    if one.candidate in rates.good_enough:
        return "good enough"
    return "may be the best" if one.candidate in rates.best_set else "somebody is preferred to it"


def duels_table(found: Findings) -> Table:
    """Every pair of candidates."""
    columns = (
        Column(title="Candidate"),
        Column(title="Against"),
        Column(title="Wins", align="right"),
        Column(title="95 % interval, all pairs at once", align="right"),
        Column(title="Labels", align="right"),
        Column(title="Shown?"),
    )
    rows = tuple(
        Row(
            cells=(
                duel.candidate, duel.other, percent(duel.rate), f"{100 * duel.low:.1f} to {100 * duel.high:.1f}",
                f"{duel.labels:,}", {"not shown": "no"}.get(duel.shown, duel.shown),
            )
        )
        for duel in found.rates.duels
    )  # fmt: skip
    return Table(title="Every pair", columns=columns, rows=rows, folded=True)


def _note(found: Findings) -> str:
    rates = found.rates
    return (
        "Davidson's model with ties, the advantage of the first place taken out; errors are robust to requests and "
        f"annotators, and allow for {rates.looks} looks on the way. Claims hold for all candidates at once, at 5 %. A "
        f"difference below {100 * rates.smallest_difference:.0f} points of win rate would not matter. "
        f"{percent(rates.tie_share or 0.0)} of the labels prefer neither, {percent(rates.both_bad_share or 0.0)} "
        "call both bad. Repeats and skipped pairs count nowhere here." + _how_it_helped(rates)
    )


def _how_it_helped(rates: WinRates) -> str:
    """How the judge's verdicts entered; empty where they did not."""
    helped = rates.helped
    if helped is None:
        return ""
    return (
        f" {helped.labels:,} of the labels are on answers that the judge judged, too, which judged {helped.verdicts:,} "
        "pairs of answers in all. For each two candidates chance draws the requests that people are shown; what the "
        "judge says of these, beside all that it judged, is taken off their labels with a weight of "
        f"{helped.weight:.2f} (PPI++, each request's weight estimated without it). What is counted are people's labels."
    )


def _annotators(found: Findings) -> list[Block]:
    agreed = found.agreement
    if not agreed.annotators:
        return []
    columns = (
        Column(title="Annotator"),
        Column(title="Labels", align="right"),
        Column(title="Median seconds", align="right"),
        Column(title="Prefers the left one", align="right"),
        Column(title="Repeats alike", align="right", better="higher"),
        Column(title="With others", align="right"),
        Column(title="To look into"),
    )
    rows = []
    for one in agreed.annotators:
        worries = []
        if one.first_p is not None and one.first_p < RARE:
            worries.append("goes by the side")
        if one.seconds is not None and one.seconds < FAST:
            worries.append("too fast to have read")
        rows.append(
            Row(
                cells=(
                    one.annotator,
                    f"{one.labels:,}",
                    "" if one.seconds is None else f"{one.seconds:.1f}",
                    "" if one.first_share is None else percent(one.first_share),
                    f"{percent(one.alike)} of {one.repeats}" if one.alike is not None else "none",
                    "" if one.with_others is None else percent(one.with_others),
                    "; ".join(worries),
                )
            )
        )
    return [Table(title="Annotators", columns=columns, rows=tuple(rows)), Text(text=_agreed(found), note=True)]


def _agreed(found: Findings) -> str:
    one = found.agreement
    if not one.units or one.raw is None:
        return "No two annotators have labelled the same answers, so nothing is known of how far they agree."
    alpha = "" if one.alpha is None else f"Krippendorff's alpha {one.alpha:.2f}"
    if one.low is not None and one.high is not None:
        alpha += f" ({one.low:.2f} to {one.high:.2f})"
    gwet = "" if one.ac1 is None else f"Gwet's AC1 {one.ac1:.2f}"
    figures = listed([text for text in (f"raw agreement {percent(one.raw)}", alpha, gwet) if text])
    return (
        f"On the {one.units:,} pairs of answers that several labelled: {figures}. Between candidates that are equally "
        "good people agree by chance only, however careful they are: who is careful shows in the repeats."
    )


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}"


# --- Judges -------------------------------------------------------------------------------------------


def _judge(one: JudgeFindings, *, helps: bool) -> list[Block]:
    """What is known of a judge; what it is worth beside people is not told twice of one that ``helps``."""
    said = [
        f"It judged {one.judged:,} pairs in both orders; {one.flips:,} verdicts turned with the order and count as ties"
        + (f", {one.first:,} of them for whatever came first." if one.flips else ".")
    ]
    if one.alike is not None and one.alike_low is not None and one.alike_high is not None:
        said.append(
            f"On the {one.both:,} pairs that people labelled, too, it says what they say in {percent(one.alike)} "
            f"({100 * one.alike_low:.0f} to {100 * one.alike_high:.0f})."
        )
    else:
        said.append("People have labelled none of these pairs, so nothing is known of how far it agrees with them.")
    if one.length is not None and one.length_low is not None and one.length_high is not None:
        leans = "prefers longer answers" if one.length_low > 0 else "prefers shorter answers"
        shown = one.length_low > 0 or one.length_high < 0
        said.append(f"It {leans if shown else 'is not shown to go by length'}, at equal candidates.")
    worth = tuple(
        ListItem(
            text=f"{rate.candidate}, on requests that it judged: {percent(rate.people)} by people "
            f"({_span(rate.people_low, rate.people_high)}), "
            f"{percent(rate.together)} with the judge's help ({_span(rate.low, rate.high)}). "
            + (
                f"{rate.labelled} labelled requests {agreeing(rate.labelled, 'is', 'are')} worth {rate.worth:.0f}."
                if rate.helps
                else f"The judge is worth none: use the {rate.labelled} labelled requests alone."
            )
        )
        for rate in (() if helps else one.sharpened)
    )
    blocks: list[Block] = [Heading(text=f"The judge {one.judge}"), Text(text=" ".join(said))]
    if worth:
        blocks += [
            Items(items=worth),
            Text(
                text="People's labels anchor the rate; the judge only shortens its interval where it can foretell them "
                "(prediction-powered inference, its weight fitted on the other half). Never the judge's mean alone.",
                note=True,
            ),
        ]
    return blocks
