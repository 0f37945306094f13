"""What candidates earn: right, wrong and abstained answers, what they cost, and who earns most."""

from collections.abc import Iterator

import numpy as np

from workbench.blocks import AcceptabilityChart, Block, BreakEvenChart, Column, Heading, Item, Items, Row, Table, Text
from workbench.break_even import BreakEven, break_even
from workbench.cost import figure
from workbench.earnings import Earning, Earnings, price
from workbench.money_charts import acceptability_title
from workbench.money_words import answers, break_even_sentences, round_volume, switching, value_scale
from workbench.phrases import listed, percent
from workbench.running_cost import RunningCost
from workbench.sections.material import Material

SHOWN = 7
"""Values of a right answer in the table of chances."""
UNKNOWN = "not measured"


def money(material: Material) -> list[Block]:
    """Outcomes, costs and earnings; nothing where the use case says nothing of money and nobody abstained."""
    earned, use_case = material.recommendation.earnings, material.results.use_case
    abstained = any(one.abstained > 0 for one in earned.candidates)
    priced = earned.costs_known or bool(earned.values) or earned.price_of_wrong > 0
    if not priced and not abstained:
        return []
    blocks: list[Block] = [Heading(text="What it earns" if priced else "Right, wrong, and “I do not know”")]
    blocks.append(_outcomes(material, earned))
    if not priced:
        return [*blocks, Text(text=ABSTAINED, note=True)]
    currency = use_case.money.currency
    if any(one.cost is not None for one in earned.candidates):
        blocks.append(costs(material, subject=material.recommendation.choice))
    blocks.append(Text(text=_note(material, earned), note=True))
    blocks += _break_even(material, earned)
    if earned.acceptability is not None:
        approaches = {one.candidate: one.approach for one in earned.candidates}
        blocks.append(
            AcceptabilityChart(
                title=acceptability_title(earned, currency), shown=earned.acceptability, approaches=approaches,
                values=earned.values, currency=currency, many=value_scale(earned),
            )
        )  # fmt: skip
        blocks.append(_chances(earned, currency))
    blocks.append(Items(items=tuple(Item(text=text) for text in switching(earned, currency))))
    return blocks


ABSTAINED = (
    "An answer that only says it does not know is neither right nor wrong. What a wrong answer costs beside it is a "
    "setting of the use case (money.price_of_wrong)."
)


def _ordered(material: Material, earned: Earnings) -> list[Earning]:
    by_name = {one.candidate: one for one in earned.candidates}
    return [by_name[one.candidate] for one in material.standings if one.candidate in by_name]


def _outcomes(material: Material, earned: Earnings) -> Table:
    currency = material.results.use_case.money.currency
    columns = [
        Column(title="Candidate"),
        Column(title="Right", align="right", better="higher"),
        Column(title="Wrong", align="right", better="lower"),
        Column(title="“I do not know”", align="right"),
    ]
    columns += [
        Column(title=f"1,000 earn, a right one worth {price(value, currency)}", align="right", better="higher")
        for value in earned.values
    ]
    rows = [
        Row(
            cells=(
                one.candidate,
                percent(one.right),
                percent(one.wrong),
                percent(one.abstained),
                *(price(1000 * each, currency) for each in one.earned),
            ),
            strong=one.candidate == material.recommendation.choice,
        )
        for one in _ordered(material, earned)
    ]
    return Table(title="Answers by outcome", columns=tuple(columns), rows=tuple(rows))


def costs(material: Material, *, subject: str | None) -> Table:
    """What every candidate costs; the row of ``subject`` stands out."""
    earned = material.recommendation.earnings
    currency = material.results.use_case.money.currency
    columns = (
        Column(title="Candidate"),
        Column(title="Answering 1,000", align="right", better="lower"),
        Column(title="One training", align="right", better="lower"),
        Column(title="Trainings a year", align="right", better="lower"),
        Column(title="1,000 with training", align="right", better="lower"),
        Column(title="1,000 right answers", align="right", better="lower"),
    )
    rows = []
    for one in _ordered(material, earned):
        cost = one.cost
        if cost is None:
            cells = (one.candidate, *[f"{UNKNOWN}: none was timed"] * 5)
        else:
            trained = cost.training_once > 0
            untold = "trained elsewhere" if "fine-tuning" in one.approach else "not trained"
            whole = UNKNOWN + ": no volume" if cost.training is None else price(1000 * cost.request, currency)
            cells = (
                one.candidate,
                price(1000 * cost.answering, currency),
                price(cost.training_once, currency) if trained else untold,
                figure(cost.trainings_a_year) if trained else untold,
                whole,
                _of_right(one, cost, currency),
            )
        rows.append(Row(cells=cells, strong=one.candidate == subject))
    return Table(title="What it costs", columns=columns, rows=tuple(rows))


def _of_right(one: Earning, cost: RunningCost, currency: str) -> str:
    """What 1,000 right answers cost, with training."""
    if one.right <= 0:
        return "none is right"
    return UNKNOWN + ": no volume" if cost.training is None else price(1000 * cost.request / one.right, currency)


def _break_even(material: Material, earned: Earnings) -> Iterator[Block]:
    """From which volume on training pays; what that hangs on is shown where both answer equally well."""
    recommendation, use_case = material.recommendation, material.results.use_case
    found = break_even(
        earned.candidates, recommendation.standings, recommendation.comparisons,
        smallest_difference=recommendation.smallest_difference, eligible=earned.counted,
    )  # fmt: skip
    currency, volume = use_case.money.currency, use_case.volume_per_month
    approaches = {one.candidate: one.approach for one in earned.candidates}
    for one in found:
        equal = one.as_good or abs(one.behind) < recommendation.smallest_difference
        if one.volume is not None and equal:
            pays_from = round_volume(one.volume)
            title = f"Training {one.trained} pays from {pays_from} requests a month on, and what that hangs on"
            yield BreakEvenChart(title=title, found=one, approach=approaches[one.trained], volume=volume)
        yield Text(text=" ".join(break_even_sentences(one, currency=currency, volume=volume)))
        if one.volume is not None and equal:
            yield _hangs_on(one)


def _hangs_on(found: BreakEven) -> Table:
    columns = (
        Column(title="What it hangs on"),
        Column(title="From"),
        Column(title="Requests a month", align="right"),
        Column(title="To"),
        Column(title="Requests a month", align="right"),
    )
    rows = tuple(
        Row(cells=(bar.what, bar.from_, round_volume(bar.at_from), bar.to, round_volume(bar.at_to)))
        for bar in found.bars
    )
    return Table(
        title=f"Training {found.trained}, one thing changed at a time", columns=columns, rows=rows, folded=True
    )


def _note(material: Material, earned: Earnings) -> str:
    use_case, money_ = material.results.use_case, material.results.use_case.money
    text = (
        "A request earns the worth of a right answer times the share that is right, less the price of a wrong answer "
        f"({price(earned.price_of_wrong, money_.currency)}) times the share that is wrong, less its costs; an answer "
        "that only says it does not know is neither."
    )
    if not earned.costs_known:
        unpriced = use_case.machine_cost_per_hour is None and all(one.cost is None for one in earned.candidates)
        missing = "the use case has no price of a machine hour" if unpriced else (
            "those of some candidate were not measured"
        )  # fmt: skip
        return f"{text} Costs are not taken off: {missing}."
    hour = use_case.machine_cost_per_hour
    told = [one.candidate for one in material.standings if material.costs_told(one.candidate)]
    if told:
        text += f" What an answer of {listed(told)} costs came with the answers or by its tokens."
    if hour is not None and len(told) < len(material.ran):
        text += (
            f" Answering {'otherwise ' if told else ''}is machine time at {hour:g} an hour, one request after another."
        )
        if money_.utilisation < 1:
            text += f" The machine is busy {100 * money_.utilisation:g} % of the time, and all of it is paid for."
    if any(one.cost is not None and one.cost.training_once > 0 for one in earned.candidates):
        trainings = money_.trainings_for_one if money_.trainings_for_one is not None else float(use_case.seeds)
        text += (
            f" One training counts {trainings:g} times (seeds and failed runs); it lasts "
            f"{money_.training_lasts_months:g} months, and where nothing is looked up, no longer than the knowledge "
            f"({use_case.knowledge_changes})"
        )
        volume = use_case.volume_per_month
        text += (
            f", spread over {volume:,} requests a month."
            if volume
            else "; without a volume it is not spread over requests."
        )
    return text


def _chances(earned: Earnings, currency: str) -> Table:
    shown = earned.acceptability
    assert shown is not None
    rows, many = [], value_scale(earned)
    head = f"{answers(many)[:1].upper()}{answers(many)[1:]} worth"
    for n in np.linspace(0, len(shown.values) - 1, SHOWN).round().astype(int):
        chances = [percent(shown.chances[name][n]) for name in shown.chances]
        rows.append(Row(cells=(price(many * shown.values[n], currency), *chances)))
    columns = (
        Column(title=head, align="right"),
        *(Column(title=name, align="right") for name in shown.chances),
    )
    return Table(title="Chance to earn most", columns=columns, rows=tuple(rows), folded=True)
