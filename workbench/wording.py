"""The sentences of a recommendation: what, how sure, what it takes, and what to do next."""

from workbench.comparison import are_compared, find
from workbench.cost import cost_per_1000, figure, mean_seconds, told_per_1000
from workbench.decision import Decision
from workbench.earnings import price
from workbench.forgetting import Loss
from workbench.money_words import doubted, money_headline, money_how_sure, money_what, pays
from workbench.phrases import listed, percent, points
from workbench.score import counted, deciding


def headline(decision: Decision) -> str:
    """Say in one line what to use, or why nothing is decided."""
    if decision.ground == "limits":
        return f"None of the candidates keeps your limits; {decision.label(_closest(decision))} comes closest."
    if decision.ground == "all wrong":
        return "Not decided: no candidate answered anything right."
    if decision.choice is None:
        if len(decision.analysis.standings) < 2 and decision.use_case.decided_by == "metric":
            return "Not decided: there is only one candidate."
        if decision.analysis.caution:
            what_there_is = "labels" if decision.use_case.decided_by == "preference" else "test examples"
            return f"Not decided: these {what_there_is} can't support a claim."
        return f"Not decided yet: {decision.label(decision.leader)} is ahead, but this test can't tell."
    if decision.is_router(decision.choice) and decision.ground != "value":
        return _route(decision)
    if decision.by_money:
        return money_headline(decision)
    label = decision.label(decision.choice)
    if decision.ground == "approach":
        return _approach(decision)
    if decision.strength == "clear":
        tail = {
            "winner": "",
            "good enough": f": shown to be within {decision.margin} points of the best",
            "only one left": ": the only candidate within your limits",
        }
        return f"Use {label}{tail.get(decision.ground, '')}."
    if decision.ground == "simpler":
        return f"Lean towards {label}: it is simpler, and nothing shows it to be worse."
    if decision.ground == "bet":
        loss = points(decision.standing(decision.choice).expected_regret)
        return f"Lean towards {label}: a bet, with an expected loss of {loss} points."
    return f"Lean towards {label}: it is not yet shown to keep your limits."


def _approach(decision: Decision) -> str:
    """The headline where an approach is shown, and no candidate of it."""
    assert decision.choice is not None
    if decision.doubts:
        return f"Lean towards {decision.label(decision.choice)}: it is not yet shown who keeps your limits."
    lead = "Use" if decision.strength == "clear" else "Lean towards"
    return f"{lead} {decision.claimed}; which of {listed(decision.rivals)} is the best, this test can't tell."


def _route(decision: Decision) -> str:
    """The headline where routing by segment is chosen."""
    assert decision.segments is not None
    policy = decision.segments.policy
    if decision.strength == "clear":
        return f"Route: {policy}."
    return f"Lean towards routing: {policy}."


def what(decision: Decision) -> str:
    """Give the score of the choice, or of who is ahead, beside the simplest other's."""
    if decision.by_money and decision.choice is not None:
        return money_what(decision)
    analysis = decision.analysis
    name = decision.choice or decision.leader
    one = decision.standing(name)
    metric, examples = deciding(decision.use_case)[1], counted(decision.use_case)
    score = (
        f"{decision.label(name)} scores {percent(one.mean)} on {metric} over {analysis.n} {examples} "
        f"(95 % interval {100 * one.low:.1f} to {100 * one.high:.1f})"
    )
    others = [one for one in decision.order if one != name and are_compared(analysis.comparisons, one, name)]
    if decision.choice is None or not others:
        return f"{score}."
    reference = others[0]
    comparison = analysis.comparisons[find(analysis.comparisons, name, reference)]
    delta = comparison.delta if comparison.candidate == name else -comparison.delta
    if delta == 0:
        return f"{score}, the same as {decision.label(reference)}."
    side = "more" if delta > 0 else "less"
    return f"{score}, {points(abs(delta))} points {side} than {decision.label(reference)}."


def how_sure(decision: Decision) -> str:
    """Say what the choice may lose, and how often such a claim is wrong."""
    analysis, rate = decision.analysis, f"{100 * decision.analysis.alpha:g} in 100"
    promise = f"at most {rate} such claims are wrong"
    if decision.ground == "limits":
        return "Each is shown to break a limit: at most 5 in 100 such findings are wrong."
    if decision.ground == "all wrong":
        return "Where every answer is wrong there is nothing to choose by, at any error rate."
    if decision.choice is None:
        by, best = ("to earn most", "earning most") if decision.by_money else ("to be the best", "the best")
        detail = analysis.caution or (
            f"No candidate is shown {by}, or to be within {decision.margin} points of it; "
            f"still possible as {best}: {', '.join(decision.deciding.best_set)}."
        )
        return f"{detail} A claim would be wrong more often than {rate}."
    if decision.by_money:
        return money_how_sure(decision)
    one = decision.standing(decision.choice)
    loss = points(one.expected_regret)
    if decision.ground == "simpler":
        shown = ", ".join(analysis.good_enough)
        return (
            f"Either may do: only {shown} is shown to be within {decision.margin} points of the best, but "
            f"{decision.choice} is simpler and expected to lose {loss} points, which would not change what you "
            f"deploy: a bet, not a claim of which at most {rate} are wrong."
        )
    if decision.ground == "approach":
        matters = one.expected_regret > analysis.smallest_difference
        beside = f"more than the {decision.margin} that matter to you" if matters else ""
        beside = beside or f"and less than {decision.margin} would not change what you deploy"
        text = (
            f"What is best is {one.approach} (one of {listed(decision.rivals)}): {promise}. Which one is a bet: "
            f"choosing {decision.choice} is expected to lose {loss} points, {beside}"
        )
        return doubted(text, decision.doubts)
    if decision.ground == "bet":
        return (
            f"Choosing {decision.choice} is expected to lose {loss} points, no more than a third of the "
            f"{decision.margin} that matter to you: a bet, not a claim of which at most {rate} are wrong."
        )
    if decision.ground == "winner":
        text = f"It is shown to be better than every other candidate left: {promise}"
    elif decision.ground == "only one left":
        text = f"Every other candidate is shown to break a limit: {promise}"
    else:
        bound = points(one.regret_bound)
        most = f"at most {bound} points" if float(bound) else "less than 0.1 points"
        since = ", since nothing can be more than all right," if decision.choice in analysis.at_the_top else ","
        text = (
            f"Choosing it loses {most} against the best{since} and less than {decision.margin} would not change what "
            f"you deploy: {promise}"
        )
        open_ = [name for name in decision.order[: decision.order.index(decision.choice)] if name in analysis.best_set]
        if open_ and not set(open_) & set(analysis.good_enough):
            text += f" (simpler, and perhaps as good, but not shown to be: {', '.join(open_)})"
    return doubted(text, decision.doubts)


def takes(decision: Decision) -> str:
    """What the choice takes in seconds, money and training."""
    assert decision.choice is not None
    name, hour, currency = decision.choice, decision.use_case.answering_hour, decision.use_case.money.currency
    measured = decision.measured.get(name)
    seconds = mean_seconds(measured)
    if measured is not None and seconds is None and measured.costs:
        return f"1,000 answers cost {price(told_per_1000(measured.costs).estimate, currency)}."
    if measured is None or seconds is None:
        return f"What an answer of {name} takes was not measured."
    parts = [f"An answer takes {figure(seconds)} s on average"]
    others = [other for other in decision.order if other != name and mean_seconds(decision.measured.get(other))]
    if others:
        other_seconds = mean_seconds(decision.measured.get(others[0])) or seconds
        parts[0] += f" ({figure(seconds / other_seconds)} times {others[0]}'s)"
    if hour is not None or measured.costs:
        told = bool(measured.costs) or hour is None
        cost = (told_per_1000(measured.costs) if told else cost_per_1000(measured.seconds, hour or 0.0)).estimate
        text = f"1,000 answers cost {price(cost, currency)}"
        if decision.use_case.volume_per_month:
            text += f", a month's {price(cost * decision.use_case.volume_per_month / 1000, currency)}"
        parts.append(text)
    elif measured.prompt_tokens is not None and measured.completion_tokens is not None:
        tokens = measured.prompt_tokens + measured.completion_tokens
        parts.append(f"it reads and writes {figure(tokens)} tokens")
    if measured.train_seconds:
        parts.append(f"training took {figure(measured.train_seconds)} s for each seed")
    return "; ".join(parts) + "."


def next_step(decision: Decision) -> str:
    """Say what to do with the choice, or what to measure to come to one."""
    analysis, needed = decision.analysis, decision.deciding.needed
    if decision.ground == "limits":
        return min(decision.failed(_closest(decision)), key=lambda check: check.excess).relax
    if decision.ground == "all wrong":
        return "Look at some answers beside their targets: metric, instruction or targets may not fit."
    if decision.doubts and decision.ground != "bet":
        return decision.doubts[0].settle
    if decision.strength == "clear" and decision.ground == "approach":
        return _after_approach(decision)
    if decision.strength == "clear":
        return _after_choice(decision)
    if analysis.ask:
        return analysis.ask
    if len(analysis.standings) < 2:
        only = analysis.standings[0].approach
        other = "fine-tuning, or RAG where there are documents" if only == "prompting" else "zero-shot prompting"
        return f"Run at least one more candidate: {other}."
    if analysis.caution and needed is None:
        return "Add test examples from more groups."
    if needed is None:
        return "Add test examples, or train with more seeds, to make it a finding."
    text = _more_data(decision)
    money = pays(decision)
    text = f"{text} {money}".strip()
    if analysis.caution and analysis.n >= 30:
        text += " They must come from more groups (documents, customers, templates), none of which dominates."
    return text


def _more_data(decision: Decision) -> str:
    analysis, needed = decision.analysis, decision.deciding.needed
    assert needed is not None
    parts = []
    if needed.seeds is not None and decision.trainings_tell:
        many = f"{needed.seeds}" if needed.seeds <= 20 else "more than 20"
        parts.append(f"train each fine-tuned candidate with {many} seeds")
    if needed.planned is not None and needed.examples is not None:
        range_ = f"{_round_up(needed.examples):,} if all of the lead seen is real"
        if needed.at_most is not None:
            range_ += f", {_round_up(needed.at_most):,} if half of it is"
        parts.append(f"plan for {_round_up(needed.planned):,} test examples in all (you have {analysis.n:,}; {range_})")
    if not parts:
        return f"Add test examples to show whether {needed.candidate} is good enough."
    goal = f"to show whether {needed.candidate} is within {decision.margin} points of the best"
    text = f"{' and '.join(parts)} {goal}."
    if needed.for_winner is not None and needed.seeds is None:
        text += f" To prove which is best takes about {_round_up(needed.for_winner):,}."
    return text[:1].upper() + text[1:]


def _after_approach(decision: Decision) -> str:
    """Put one of them into use; what would tell them apart."""
    analysis, it = decision.deciding, str(decision.choice)
    if len(decision.would_do) > 1:
        it += f", or whichever of {listed(decision.would_do)} you would rather run,"
    text = _after_choice(decision, it=it)
    apart = _more_data(decision) if analysis.needed is not None else analysis.ask
    return f"{text} If it matters which: {apart[:1].lower()}{apart[1:]} {pays(decision)}".strip() if apart else text


def _after_choice(decision: Decision, *, it: str = "it") -> str:
    changes = decision.use_case.knowledge_changes
    text = f"Put {it} into use, and run this again when the requests, the documents or the base model change."
    approach = decision.standing(decision.choice).approach if decision.choice is not None else "prompting"
    lost = [one.suite.facet for one in _losses(decision) if one.state == "degraded"]
    if lost:
        case = decision.use_case.name
        text = (
            f"Decide whether {decision.choice}'s loss of {listed(lost)} matters: set limits.max_forgetting in the use "
            f"case, or look for a weaker adapter that keeps more (`workbench checks {case} --sweep`)."
        )
    if changes in ("monthly", "weekly", "daily") and approach == "fine-tuning":
        text += f" What the answers depend on changes {changes}: plan to train again as often."
    return text


def _round_up(number: int) -> int:
    """Two significant digits are all that a forecast is worth."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step


def _closest(decision: Decision) -> str:
    """Of candidates that all break a limit, the one that breaks its worst one by least."""
    names = [one.candidate for one in decision.analysis.standings]
    return min(names, key=lambda name: max((check.excess for check in decision.failed(name)), default=1.0))


def _losses(decision: Decision) -> tuple[Loss, ...]:
    """What the benchmark suites show of the choice."""
    measured = decision.measured.get(decision.choice) if decision.choice is not None else None
    return measured.losses if measured is not None else ()
