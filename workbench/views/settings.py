"""The form of a use case's settings, for a new one and for one that is there."""

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st

from workbench.base_models import proposals
from workbench.score import METRICS
from workbench.usecase import MetricName, Money, UseCase, Volatility
from workbench.views import state, words

METRIC_NAMES: tuple[MetricName, ...] = get_args(MetricName)
HOW_OFTEN: tuple[Volatility, ...] = get_args(Volatility)
DECIDED_BY = {"metric": "the metric", "preference": "people's blind choices"}
POCKET_NOTE = "`pocket` is for trying things out and for offline tests, not for deciding about real language."


def settings(now: UseCase, key: str) -> dict[str, Any]:
    """Draw the settings of ``now`` and return them as they are filled in, without the name.

    ``key`` keeps the form of one use case apart from another's.
    """
    left, right = st.columns([3, 2], gap="large")
    with left:
        found = question(now, key)
    with right:
        found |= base(now, key)
    limits = [
        value for value in (*now.limits.model_dump().values(), now.machine_cost_per_hour, now.volume_per_month) if value
    ]
    counted = f" ({len(limits)} set)" if limits else ""
    with st.expander(f"Limits, volume and how often the knowledge changes{counted}"):
        found |= circumstances(now, key)
    said = sum(value is not None for value in money_fields(now.money).values())
    with st.expander(f"What answers are worth{f' ({said} set)' if said else ''}"):
        found["money"] = worth(now, key)
    return found


def question(now: UseCase, key: str) -> dict[str, Any]:
    """The instruction, and the measure to decide by."""
    instruction = st.text_area(
        "Instruction to the model", now.instruction, key=f"{key} instruction", height=90,
        placeholder="Answer the question about our products.",
        help="Said as the system message of every request, to every candidate that has no instruction of its own.",
    )  # fmt: skip
    metric = st.selectbox(
        "Metric", METRIC_NAMES, METRIC_NAMES.index(now.metric), key=f"{key} metric",
        format_func=lambda name: METRICS[name].title,
    )  # fmt: skip
    shown = METRICS[metric]
    st.caption(shown.meaning)
    st.caption(f":material/check: right: `{shown.right}` &nbsp;&nbsp; :material/close: wrong: `{shown.wrong}`")
    others = [name for name in METRIC_NAMES if name != metric]
    more = st.multiselect(
        "Shown beside it, never decided by", others, [name for name in now.secondary_metrics if name != metric],
        key=f"{key} more {metric}", format_func=lambda name: METRICS[name].title,
    )  # fmt: skip
    decided_by = st.segmented_control(
        "Candidates are compared by", list(DECIDED_BY), default=now.decided_by, required=True, key=f"{key} decided by",
        format_func=lambda one: DECIDED_BY[one],
        help="People's choices are made on the page Label; the metric is measured all the same.",
    )  # fmt: skip
    helps = now.judge_helps
    if decided_by == "preference":
        helps = st.checkbox(
            "A judge may make them surer", now.judge_helps, key=f"{key} judge helps",
            help="A model that judges the queue (`workbench judge`), corrected by people's labels pair by pair; it "
            "never speaks for itself, and not at all where it is of a candidate's family or taught one.",
        )  # fmt: skip
    return {
        "instruction": instruction,
        "metric": metric,
        "secondary_metrics": tuple(more),
        "decided_by": decided_by or now.decided_by,
        "judge_helps": helps,
    }


def base(now: UseCase, key: str) -> dict[str, Any]:
    """What would change the decision, the base model, and how often each training is repeated."""
    smallest = st.number_input(
        "Smallest difference that matters, in points", 0.1, 50.0, round(100 * now.smallest_difference, 4), 0.5,
        key=f"{key} smallest", format="%.1f",
        help="Two candidates that differ by less than this would not change what you deploy.",
    )  # fmt: skip
    cards = {card.name: card for card in proposals()}
    options = list(dict.fromkeys([now.base_model, *cards]))
    chosen = st.selectbox(
        "Base model", options, key=f"{key} base", accept_new_options=True,
        help="`pocket`, a Hub id such as Qwen/Qwen3-0.6B, or a local folder in Hugging Face format.",
    )  # fmt: skip
    if chosen == "pocket":
        st.caption(POCKET_NOTE)
    elif chosen in cards:
        card = cards[chosen]
        fits = card in state.machine(str(state.workspace())).fitting()
        st.caption(
            f"{card.parameters:g} B parameters, {card.licence}, {card.answer_gb:g} GB to answer, {card.qlora_gb:g} GB "
            f"to train with QLoRA; {card.note}. {'Fits this machine.' if fits else 'Too large for this machine.'}"
        )
    seeds = st.number_input(
        "Training seeds", 1, 20, now.seeds, key=f"{key} seeds",
        help="Each trained candidate is trained that often, each time with another seed: luck counts as noise.",
    )  # fmt: skip
    return {"smallest_difference": smallest / 100, "base_model": chosen, "seeds": seeds}


def circumstances(now: UseCase, key: str) -> dict[str, Any]:
    """What a candidate may not exceed, and what it will face."""
    columns = st.columns(3)
    with columns[0]:
        p95 = st.number_input(
            "Slowest answer, in seconds", 0.0, None, now.limits.max_p95_seconds, key=f"{key} p95", format="%.2f",
            placeholder="no limit", help="19 of 20 answers must be quicker (95th percentile).",
        )  # fmt: skip
        hour = st.number_input(
            "Cost of the machine per hour", 0.0, None, now.machine_cost_per_hour, key=f"{key} hour", format="%.2f",
            placeholder="unknown", help="Without it, cost is shown in seconds and tokens.",
        )  # fmt: skip
        licences = st.text_input(
            "Licences that a base model may have", ", ".join(now.limits.licences), key=f"{key} licences",
            placeholder="any", help="As the models' cards name them, with commas between: Apache-2.0, MIT.",
        )  # fmt: skip
    with columns[1]:
        cost = st.number_input(
            "Highest cost of 1,000 answers", 0.0, None, now.limits.max_cost_per_1000, key=f"{key} cost", format="%.2f",
            placeholder="no limit", help="In the currency of the machine's cost.",
        )  # fmt: skip
        volume = st.number_input(
            "Requests a month", 1, None, now.volume_per_month, key=f"{key} volume", placeholder="unknown"
        )
        refused = st.number_input(
            "Most harmless requests refused, in %", 0.0, 99.0, in_points(now.limits.max_over_refusal),
            key=f"{key} refused", format="%.1f", placeholder="no limit",
            help="Of requests that only sound unsafe, refused fully or partly. Measured on the page Checks.",
        )  # fmt: skip
    with columns[2]:
        lost = st.number_input(
            "Largest loss in a benchmark, in points", 0.0, 99.0, in_points(now.limits.max_forgetting),
            key=f"{key} lost", format="%.1f", placeholder="no limit",
            help="What training may cost in any suite, beside the untrained base. Measured on the page Checks.",
        )  # fmt: skip
        changes = st.selectbox(
            "The knowledge changes", HOW_OFTEN, HOW_OFTEN.index(now.knowledge_changes), key=f"{key} changes",
            help="How often what the answers depend on changes: fine-tuned knowledge must be trained again as often.",
        )  # fmt: skip
    with st.container(horizontal=True, gap="medium"):
        musts = {
            name: st.checkbox(label, getattr(now.limits, name), key=f"{key} {name}", help=note)
            for name, (label, note) in MUSTS.items()
        }
    return {
        "limits": {
            **musts,
            "licences": tuple(one.strip() for one in licences.split(",") if one.strip()),
            "max_p95_seconds": p95 or None,
            "max_cost_per_1000": cost or None,
            "max_forgetting": (lost or 0) / 100 or None,
            "max_over_refusal": (refused or 0) / 100 or None,
        },
        "machine_cost_per_hour": hour,
        "volume_per_month": volume,
        "knowledge_changes": changes,
    }


MUSTS: Mapping[str, tuple[str, str]] = {
    "data_stays": ("Data may not leave", "Candidates that send requests or training rows elsewhere are ruled out."),
    "must_cite": ("Answers must have sources", "Candidates that answer without passages are ruled out."),
    "must_be_deletable": (
        "Knowledge must be deletable", "What was trained into weights cannot be deleted: such candidates are ruled out."
    ),
}  # fmt: skip
"""Limits that are facts: what each is called, and what it does."""


def money_fields(money: Money) -> dict[str, Any]:
    """What a use case says of money, None where it says nothing of its own."""
    plain = Money()
    return {
        name: None if getattr(money, name) == getattr(plain, name) else getattr(money, name)
        for name in Money.model_fields
    }


def worth(now: UseCase, key: str) -> dict[str, Any]:
    """What answers are worth and what training costs: the form of ``Money``."""
    st.caption(
        "With the worth of a right answer, candidates are compared by what they earn: right answers, less wrong ones, "
        "less answering and training. All amounts are in the currency of the machine's cost per hour, for one request."
    )
    set_, money = money_fields(now.money), now.money

    def amount(name: str, label: str, *, empty: str, note: str, least: float = 0.0, form: str = "%.4f") -> Any:
        return st.number_input(
            label, least, None, set_[name], key=f"{key} {name}", format=form, placeholder=empty, help=note
        )

    columns = st.columns(3)
    with columns[0]:
        value = amount(
            "value_of_success", "A right answer is worth", empty="not said",
            note="Where that is uncertain: the least that it may be worth.",
        )  # fmt: skip
        most = amount(
            "value_at_most", "At most", empty="the same",
            note="The most that it may be worth. The recommendation must hold from the least to the most.",
        )  # fmt: skip
        currency = st.text_input("Currency", money.currency, max_chars=8, key=f"{key} currency", placeholder="EUR")
    with columns[1]:
        wrong = amount(
            "price_of_wrong", "A wrong answer costs", empty="nothing",
            note="“I do not know.” is neither right nor wrong, and costs nothing.",
        )  # fmt: skip
        busy = st.number_input(
            "The answering machine is busy, in %", 1.0, 100.0, in_points(set_["utilisation"]), key=f"{key} utilisation",
            format="%.0f", placeholder="100", help="Time in which it waits for requests is paid for, too.",
        )  # fmt: skip
        example = amount(
            "cost_per_example", "One more test example costs", empty="unknown",
            note="To find, and to write its reference answer: says whether measuring more would pay.",
        )  # fmt: skip
        label = amount(
            "cost_per_label", "One more blind choice costs", empty="unknown",
            note="Of a person between two answers: says what the labels that would settle it cost.",
        )  # fmt: skip
    with columns[2]:
        hour = amount(
            "training_cost_per_hour", "Training machine, per hour", empty="as the answering one", form="%.2f",
            note="What an hour of the machine that trains costs.",
        )  # fmt: skip
        lasts = amount(
            "training_lasts_months", "A training lasts, in months", empty="12", least=0.1, form="%.1f",
            note="Where nothing that was learned changes; else it is trained again as often as the knowledge changes.",
        )  # fmt: skip
        trainings = amount(
            "trainings_for_one", "Trainings for one that is used", empty=f"{now.seeds}, one a seed", least=1.0,
            form="%.1f", note="Failed ones, and those that are only made to compare, included.",
        )  # fmt: skip
    return {
        "currency": currency.strip(),
        "value_of_success": value or None,
        "value_at_most": (most or None) if value else None,
        "price_of_wrong": wrong or 0.0,
        "training_cost_per_hour": hour,
        "training_lasts_months": lasts or Money().training_lasts_months,
        "trainings_for_one": trainings,
        "cost_per_example": example,
        "cost_per_label": label,
        "utilisation": busy / 100 if busy else 1.0,
    }


def in_points(share: float | None) -> float | None:
    """A share as the form shows it."""
    return None if share is None else round(100 * share, 4)


def changes(before: UseCase, after: UseCase) -> tuple[str, ...]:
    """The names of the settings that differ, as words."""
    old, new = before.model_dump(), after.model_dump()
    return tuple(words.plain(name.replace("_", " ")) for name in old if old[name] != new[name])
