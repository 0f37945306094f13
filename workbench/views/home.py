"""Home: what this does, one button to see it work, and every use case of the workspace."""

import streamlit as st

from workbench.bill import demo_minutes
from workbench.case import Case, cases
from workbench.demos import DEMOS, build
from workbench.demos.opening import open_demo
from workbench.errors import WorkbenchError
from workbench.planning import make_plan
from workbench.views import state, words
from workbench.views.state import RECOMMENDATION, RUNS, USE_CASE

MOST_HEADLINES = 8  # Use cases whose recommendation is worked out for the list; the others only say how far they are.


def show() -> None:
    """The page from top to bottom."""
    st.title("Prompting, RAG or fine-tuning?")
    st.markdown(
        "The workbench runs all of them side by side on your own held-out examples, and compares what they answer. "
        "Then it recommends one with its reasons, or says plainly that the evidence does not decide yet "
        "and what to measure next."
    )
    st.space("small")
    begin()
    st.space("small")
    found = cases(state.workspace())
    if found:
        st.subheader("Use cases")
        for position, case in enumerate(found):
            entry(case, with_headline=position < MOST_HEADLINES)
        st.space("small")
    this_machine()


def begin() -> None:
    """The demo, or the user's own data."""
    machine = state.machine(str(state.workspace()))
    minutes = demo_minutes(machine.cores)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = st.session_state.get("demo", "product-facts")
        if st.button(
            f"Run the demo (about {minutes} minutes on this machine)", type="primary", icon=":material/play_arrow:"
        ):
            with state.problems_shown():
                run_demo(name)
        if st.button("Start with my data", icon=":material/upload_file:"):
            state.go(USE_CASE, new="1")
    choice = words.count(len(DEMOS), "bundled use case")
    with st.expander(f"Which demo? {choice}, each with a known right answer", expanded=False):
        name = st.segmented_control(
            "Demo", list(DEMOS), default="product-facts", required=True, key="demo", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        st.markdown(blurb(name))
    state.show_command("demo", *([] if name == "product-facts" else [name]))


@st.cache_data(show_spinner=False)
def blurb(name: str) -> str:
    """What a demo is about."""
    return build(name, 0).blurb


def run_demo(name: str) -> None:
    """Make the demo's use case, start its candidates and turn to Runs."""
    case = open_demo(state.workspace(), name)
    chosen = case.candidates()
    make_plan(case, chosen)
    case.choose(chosen)
    state.start(case, [candidate.name for candidate in chosen])
    state.go(RUNS, case=case.name)


def entry(case: Case, *, with_headline: bool) -> None:
    """One use case: how far it is, and what is recommended so far."""
    with st.container(border=True), state.problems_shown():
        plan = state.plan_of(case)
        left, running = len(plan.unfinished()), state.under_way(case)
        whole = words.count(len(plan.steps), "step")
        progress = "being run" if running else f"all {whole} done" if not left else f"{left} of {whole} to do"
        begun = left < len(plan.steps)
        told = headline(case) if begun and with_headline else "Nothing is measured yet." if not begun else ""
        target = RUNS if running else RECOMMENDATION if begun else USE_CASE
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{words.plain(case.name)}** :gray[· {progress}]  \n{words.plain(told)}", width="stretch")
            st.page_link(
                target.path, label="Open", icon=":material/arrow_forward:", icon_position="right",
                query_params={"case": case.name},
            )  # fmt: skip


def headline(case: Case) -> str:
    """What is recommended so far, or why nothing is."""
    try:
        return state.recommendation_of(case).headline
    except WorkbenchError as error:
        return error.message


def this_machine() -> None:
    """What this machine can do, and what stands in the way."""
    machine = state.machine(str(state.workspace()))
    st.caption(
        f":material/memory: This machine: {machine.sentence()}. Workspace: {words.plain(str(state.workspace()))}"
    )
    for problem in machine.problems():
        st.warning(problem, icon=":material/build:")


if __name__ == "__main__":
    show()
