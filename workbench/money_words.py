"""The sentences of a recommendation that was made by what candidates earn."""

from collections.abc import Sequence

from workbench.analysis import Standing
from workbench.break_even import BreakEven
from workbench.decision import Decision, Picked, least_shown
from workbench.earnings import Earning, Earnings, Switch, price
from workbench.limits import LimitCheck
from workbench.phrases import agreeing, listed, percent, points

LEAST_TOLD = 0.01
"""Smaller amounts for one right answer are told for many."""


def money_headline(decision: Decision) -> str:
    """Say in one line what to use, where a choice was made by money."""
    assert decision.choice is not None
    label, currency = decision.label(decision.choice), decision.use_case.money.currency
    if decision.ground == "value":
        low, high = decision.by_money[0].choice, decision.by_money[-1].choice
        assert low is not None
        assert high is not None
        lead = "Use" if decision.strength == "clear" else "Lean towards"
        if decision.switch is None:
            # The one for little is preferred for being simpler, not for earning more: their lines do not cross.
            ends = [one.value for one in (decision.by_money[0], decision.by_money[-1])]
            many = scale(ends)
            little, much = (price(many * value, currency) for value in ends)
            return f"{lead} {decision.label(high)} if {answers(many)} worth {much}, {decision.label(low)} if {little}."
        many = scale([decision.switch.value])
        at = f"{answers(many)} worth more than {price(many * decision.switch.value, currency)}"
        return f"{lead} {decision.label(high)} if {at}, else {decision.label(low)}."
    tail = _whatever(decision)
    if decision.ground == "approach":
        if decision.doubts:
            return f"Lean towards {label}: it is not yet shown who keeps your limits."
        lead, rivals = "Use" if decision.strength == "clear" else "Lean towards", listed(decision.rivals)
        return f"{lead} {decision.claimed}{tail}; which of {rivals} earns most, this test can't tell."
    if decision.strength == "clear":
        within = per_1000(_margin(decision), currency)
        what = {
            "winner": f": it earns most{tail}",
            "good enough": f": shown to earn within {within} of the best{tail}",
            "only one left": ": the only candidate within your limits",
        }
        return f"Use {label}{what.get(decision.ground, '')}."
    if decision.ground == "simpler":
        return f"Lean towards {label}: it is simpler, and nothing shows it to earn less."
    if decision.ground == "bet":
        loss = per_1000(_expected_loss(decision, decision.choice), currency)
        return f"Lean towards {label}: a bet, with an expected loss of {loss}."
    return f"Lean towards {label}: it is not yet shown to keep your limits."


def money_what(decision: Decision) -> str:
    """How the choice answers, and what a request earns, beside the simplest other."""
    assert decision.choice is not None
    earned, currency = decision.earnings, decision.use_case.money.currency
    one = of(earned, decision.choice)
    text = f"{decision.label(decision.choice)} answers {outcomes(one)}"
    at = _amounts(one.earned, currency)
    costs = ", costs taken off" if earned.costs_known else "; costs are not taken off, since they are not all known"
    worth = " to ".join(price(value, currency) for value in earned.values)
    text += f"; with a right answer worth {worth}, 1,000 requests earn {at}{costs}"
    if one.earned and max(one.earned) < 0:
        return f"{text}: less than nothing."
    others = [name for name in decision.order if name != decision.choice]
    if others:
        other = of(earned, others[0])
        text += f" ({decision.label(others[0])}: {_amounts(other.earned, currency)})"
    return f"{text}."


def money_how_sure(decision: Decision) -> str:
    """Say what the choice may lose, and how often such a claim is wrong."""
    assert decision.choice is not None
    picked, currency = least_shown(decision.by_money), decision.use_case.money.currency
    rate = f"{100 * picked.analysis.alpha:g} in 100"
    promise = f"at most {rate} such claims are wrong"
    if decision.ground == "value":
        low, high = decision.by_money[0], decision.by_money[-1]
        text = f"At {price(low.value, currency)} {low.choice} and at {price(high.value, currency)} {high.choice} "
        if decision.strength == "clear":
            text += f"is shown to lose less than what matters to you: {promise}"
        else:
            text += f"is the better bet, not a claim of which at most {rate} are wrong"
        text = doubted(text, decision.doubts)
        if decision.switch is None:
            return text
        return f"{text} {_uncertain(decision.switch, currency, scale([decision.switch.value]))}"
    loss = per_1000(_expected_loss(decision, decision.choice), currency)
    if decision.ground in ("bet", "simpler"):
        return (
            f"Choosing {decision.choice} is expected to lose {loss}, which would not change what you deploy: "
            f"a bet, not a claim of which at most {rate} are wrong."
        )
    if decision.ground == "approach":
        # At the value where the loss is most beside what matters there.
        regret, unit = max((_standing(one, decision.choice).expected_regret, one.unit) for one in decision.by_money)
        delta, rivals = picked.analysis.smallest_difference, listed(decision.rivals)
        loss, margin = per_1000(regret * unit, currency), per_1000(delta * unit, currency)
        beside = f"more than the {margin} that matter" if regret > delta else ""
        beside = beside or f"and less than {margin} would not change what you deploy"
        text = (
            f"What earns most is {decision.claimed} (one of {rivals}): {promise}. Which one is a bet: choosing "
            f"{decision.choice} is expected to lose {loss}, {beside}"
        )
        return doubted(text, decision.doubts)
    if decision.ground == "winner":
        text = f"It is shown to earn more than every other candidate left: {promise}"
    elif decision.ground == "only one left":
        text = f"Every other candidate is shown to break a limit: {promise}"
    else:
        bound = max(one.unit * _standing(one, decision.choice).regret_bound for one in decision.by_money)
        text = (
            f"Choosing it loses at most {per_1000(bound, currency)} against the best, and less than "
            f"{per_1000(_margin(decision), currency)} would not change what you deploy: {promise}"
        )
    return doubted(text, decision.doubts)


def doubted(text: str, doubts: Sequence[LimitCheck]) -> str:
    """A sentence's end, with the first of the limits that are in doubt."""
    if not doubts:
        return f"{text}."
    return f"{text}; but {doubts[0].candidate} is not shown to keep the limits ({doubts[0].text})."


def per_1000(amount: float, currency: str) -> str:
    """An amount for one request, as for a thousand: "0.50 EUR per 1,000 requests"."""
    return f"{price(1000 * amount, currency)} per 1,000 requests"


def scale(values: Sequence[float]) -> int:
    """For how many right answers an amount is told, so that it is no tiny figure."""
    largest = max(values, default=1.0)
    return 1 if largest >= LEAST_TOLD or largest <= 0 else 1_000 if largest >= LEAST_TOLD / 1_000 else 1_000_000


def value_scale(earned: Earnings) -> int:
    """The same for all values at which somebody else begins to earn most."""
    return scale([*earned.values, *(one.value for one in earned.switches[1:])])


def answers(many: int) -> str:
    """The subject of a sentence about what right answers are worth."""
    return "a right answer is" if many == 1 else f"{many:,} right answers are"


def pays(decision: Decision) -> str:
    """Whether the test examples and trainings that would settle it pay; empty where that can't be said."""
    use_case, money = decision.use_case, decision.use_case.money
    volume, hour = use_case.volume_per_month, money.training_cost_per_hour or use_case.machine_cost_per_hour
    if not decision.by_money or volume is None:
        return ""
    # What is planned for is read off this one, too.
    picked = least_shown(decision.by_money)
    if not (picked.more or picked.trainings):
        return ""
    if (picked.more and money.cost_per_example is None) or (picked.trainings and None in (hour, picked.seconds)):
        return ""
    parts, cost = [], 0.0
    if picked.more and money.cost_per_example is not None:
        cost += money.cost_per_example * picked.more
        parts.append(f"{picked.more:,} more examples")
    if picked.trainings and hour is not None and picked.seconds is not None:
        cost += picked.seconds / 3600 * hour
        parts.append(f"{picked.trainings:,} more {agreeing(picked.trainings, 'training', 'trainings')}")
    worth = picked.learned * volume * money.training_lasts_months
    verdict = "that pays" if worth > cost else "that does not pay"
    return (
        f"The {listed(parts)} would cost {price(cost, money.currency)}; choosing better is expected to bring "
        f"{price(worth, money.currency)} over {money.training_lasts_months:g} months of {volume:,} requests: {verdict}."
    )


def outcomes(one: Earning) -> str:
    """Right, wrong and abstained as percentages, in words."""
    abstained = f", {percent(one.abstained)} “I do not know”" if one.abstained > 0 else ""
    return f"{percent(one.right)} right, {percent(one.wrong)} wrong{abstained}"


def switching(earned: Earnings, currency: str) -> list[str]:
    """Who earns most from which value of a right answer on, in sentences."""
    first, *rest = earned.switches
    many = value_scale(earned)
    per = "a right answer" if many == 1 else f"{many:,} right answers"
    pays = earned.pays_from or 0.0
    none = f"Below {price(many * pays, currency)} for {per}, nobody earns what a request costs on average."
    below = [none] if pays > 0 else []
    if not rest:
        return [f"{first.candidate} earns most on average, whatever a right answer is worth.", *below]
    said = [f"Below {price(many * rest[0].value, currency)} for {per}, {first.candidate} earns most on average."]
    for one, after in zip(rest, [*rest[1:], None], strict=True):
        upto = f" to {price(many * after.value, currency)}" if after is not None else " on"
        uncertain = _uncertain(one, currency, many)
        said.append(f"From {price(many * one.value, currency)}{upto}, {one.candidate} does. {uncertain}")
    return said + below


def of(earned: Earnings, name: str) -> Earning:
    """One candidate's earnings."""
    return next(one for one in earned.candidates if one.candidate == name)


def _uncertain(switch: Switch, currency: str, many: int) -> str:
    if switch.low is None:
        return "No such value is shown to exist."
    upto = (
        f"to {price(many * switch.high, currency)}"
        if switch.high is not None
        else "upwards: there may be no such value"
    )
    return f"That value is uncertain: 95 % interval {price(many * switch.low, currency)} {upto}."


def _whatever(decision: Decision) -> str:
    values, currency = decision.earnings.values, decision.use_case.money.currency
    if len(values) < 2:
        return ""
    return f", whatever a right answer is worth from {price(values[0], currency)} to {price(values[1], currency)}"


def _margin(decision: Decision) -> float:
    """What would change what is deployed, in money a request: the smallest difference, of wrong answers made right."""
    return decision.use_case.smallest_difference * max(one.unit for one in decision.by_money)


def _expected_loss(decision: Decision, name: str) -> float:
    return max(one.unit * _standing(one, name).expected_regret for one in decision.by_money)


def _standing(picked: Picked, name: str) -> Standing:
    return next(one for one in picked.analysis.standings if one.candidate == name)


def _amounts(earned: Sequence[float], currency: str) -> str:
    return " to ".join(price(1000 * one, currency) for one in sorted(earned))


def break_even_sentences(found: BreakEven, *, currency: str, volume: int | None) -> list[str]:
    """From which volume on training pays, what there is, and whether that matters at all."""
    one, other = found.trained, found.other
    month, saved = price(found.training_a_month, currency), price(1000 * abs(found.saved), currency)
    if found.volume is None:
        said = [
            f"By cost alone training {one} never pays: 1,000 answers of it cost {saved} more than of {other}, and the "
            f"training {month} a month."
        ]
    else:
        upto = f"to {round_volume(found.high)}" if found.high is not None else "upwards: there may be no such volume"
        said = [
            f"Training {one} costs {month} a month and saves {saved} on 1,000 answers beside {other}: it is cheaper "
            f"from {round_volume(found.volume)} requests a month on (95 % interval {round_volume(found.low)} {upto})."
        ]
        if volume is not None:
            cheaper = one if volume > found.volume else other
            said.append(f"With the {volume:,} that you have, {cheaper} is cheaper.")
    if not found.as_good:
        how = f"{points(found.behind)} points behind" if found.behind > 0 else "not shown to answer as well"
        said.append(f"That decides only between equals, and {one} is {how}.")
    return said


def round_volume(requests: float | None) -> str:
    """A volume with two significant digits; None: never."""
    if requests is None:
        return "never"
    return f"{float(f'{requests:.2g}'):,.0f}" if requests >= 1 else "less than 1"
