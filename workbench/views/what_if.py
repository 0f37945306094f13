"""What would flip it: the headline under other settings, which are turned here and saved nowhere."""

from typing import Any, get_args

import streamlit as st

from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.recommend import Recommendation
from workbench.usecase import Limits, Money, UseCase, Volatility
from workbench.views import blocks, state
from workbench.views.settings import MUSTS, in_points

HOW_OFTEN: tuple[Volatility, ...] = get_args(Volatility)


@st.fragment
def what_if(case: Case, recommendation: Recommendation) -> None:
    """The headline under another margin, other limits and other prices; nothing is saved."""
    st.subheader("What would flip it")
    now = state.results_of(case).use_case
    changed = quality(now)
    if state.results_of(case).checked.losses:
        changed["limits"] |= safety(now.limits)
    changed["limits"] |= must(now.limits)
    if now.decided_by == "metric":
        changed |= worth(now)
    try:
        other = state.decided_if(case, changed)
    except WorkbenchError as error:
        state.show_problem(error)
        return
    flipped = other.claim != recommendation.claim
    lead = "It flips: " if flipped else "It stays: "
    icon = ":material/swap_horiz:" if flipped else ":material/check:"
    (st.warning if flipped else st.success)(f"{lead}{blocks.prose(other.headline)}", icon=icon)
    st.caption("Nothing is saved here: settings are changed on the page Use case.")
    if st.toggle(
        "Try everything, one change at a time",
        key="everything",
        bind="query-params",
        help="Other margins, prices and volumes; the same without a segment, a group, a training seed or an annotator.",
    ):
        for number, block in enumerate(state.flips_of(case)[1:]):
            blocks.draw(block, f"flips {number}")


def quality(now: UseCase) -> dict[str, Any]:
    """The smallest difference that matters, and what an answer may take."""
    columns = st.columns(3)
    with columns[0]:
        margin = st.slider(
            "Smallest difference that matters, in points", 0.5, 20.0, round(100 * now.smallest_difference, 1), 0.5,
            key="margin", bind="query-params",
        )  # fmt: skip
    with columns[1]:
        slowest = st.number_input(
            "Slowest answer, in seconds (p95)", 0.0, None, now.limits.max_p95_seconds, key="slowest", format="%.3f",
            placeholder="no limit", bind="query-params",
        )  # fmt: skip
    with columns[2]:
        dearest = st.number_input(
            "Highest cost of 1,000 answers", 0.0, None, now.limits.max_cost_per_1000, key="dearest", format="%.4f",
            placeholder="no limit", bind="query-params", disabled=now.machine_cost_per_hour is None,
            help=None if now.machine_cost_per_hour else "Needs the cost of the machine per hour: set it on Use case.",
        )  # fmt: skip
    limits = {"max_p95_seconds": slowest or None, "max_cost_per_1000": dearest or None}
    return {"smallest_difference": margin / 100, "limits": now.limits.model_dump(mode="json") | limits}


def safety(now: Limits) -> dict[str, float | None]:
    """Limits on what training may cost, where that was measured."""
    left, right = st.columns(2)
    lost = left.number_input(
        "Largest loss in a benchmark suite, in points", 0.0, 99.0, in_points(now.max_forgetting), key="lost",
        format="%.1f", placeholder="no limit", bind="query-params",
    )  # fmt: skip
    refused = right.number_input(
        "Most harmless requests refused, in %", 0.0, 99.0, in_points(now.max_over_refusal), key="refused",
        format="%.1f", placeholder="no limit", bind="query-params",
    )  # fmt: skip
    return {"max_forgetting": (lost or 0) / 100 or None, "max_over_refusal": (refused or 0) / 100 or None}


def must(now: Limits) -> dict[str, bool]:
    """What is asked of a candidate that no measurement can change."""
    with st.container(horizontal=True, gap="medium"):
        return {
            name: st.checkbox(label, getattr(now, name), key=name, help=note, bind="query-params")
            for name, (label, note) in MUSTS.items()
        }


def worth(now: UseCase) -> dict[str, Any]:
    """What answers are worth, how many there are, and how often what they rest on changes."""
    money = now.money
    columns = st.columns(4)
    with columns[0]:
        value = st.number_input(
            "A right answer is worth", 0.0, None, money.value_of_success, key="worth", format="%.4f",
            placeholder="not said", bind="query-params",
            help="With it, candidates are compared by what they earn; without it, by their scores.",
        )  # fmt: skip
    with columns[1]:
        wrong = st.number_input(
            "A wrong answer costs", 0.0, None, money.price_of_wrong or None, key="wrong", format="%.4f",
            placeholder="nothing", bind="query-params",
        )  # fmt: skip
    with columns[2]:
        volume = st.number_input(
            "Requests a month", 1, None, now.volume_per_month, key="volume", placeholder="unknown", bind="query-params"
        )
    with columns[3]:
        changes = st.selectbox(
            "The knowledge changes", HOW_OFTEN, HOW_OFTEN.index(now.knowledge_changes), key="changes",
            bind="query-params",
        )  # fmt: skip
    highest = money.value_at_most if value == money.value_of_success else None
    update = {"value_of_success": value or None, "value_at_most": highest, "price_of_wrong": wrong or 0.0}
    prices: Money = money.model_copy(update=update)
    return {"money": prices.model_dump(), "volume_per_month": volume, "knowledge_changes": changes}
