"""A search over a candidate's settings, started from its form: the budget, how it goes, and what it showed."""

import streamlit as st

from workbench.budget import told
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.errors import ConfigError
from workbench.launch import doing, stop, stop_flag
from workbench.phrases import percent
from workbench.sections.tuning import note, search_blocks
from workbench.tuning import Tuning
from workbench.tuning_choice import Choice
from workbench.tuning_start import refuse
from workbench.views import blocks, state, words

EVERY_SECONDS = 2.0
"""How often the page looks again while a search is under way."""
BUDGETS = ("5m", "20m", "1h", "3h")


def automatic(case: Case, candidate: Candidate) -> None:
    """Tune a candidate automatically, follow the search, and see what it showed."""
    mine = doing(case) == f"tune {candidate.name}"
    found = state.search_of(case, candidate.name)
    with st.expander("Tune automatically", icon=":material/auto_fix_high:", expanded=mine or found is not None):
        try:
            refuse(case, candidate)
        except ConfigError as error:
            st.caption(f":material/block: {words.plain(error.message)} {words.plain(error.hint)}")
            return
        if mine:
            st.fragment(follow, run_every=EVERY_SECONDS)(case, candidate.name)
            return
        offer(case, candidate)
        if found is not None:
            shown(*found)


def offer(case: Case, candidate: Candidate) -> None:
    """How long to search, the button, and the command that does the same."""
    st.caption(
        "Tries other settings of its prompt, retrieval and training on the development set alone, few examples first; "
        "the best is kept as a candidate of its own. Give every approach the same time."
    )
    busy = state.under_way(case)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = st.segmented_control(
            "Budget", BUDGETS, default="20m", required=True, key=f"{candidate.name} budget",
            help="Seconds that its trials may take; the settings as they are come first and always end.",
        )  # fmt: skip
        if st.button("Tune automatically", key=f"{candidate.name} search", icon=":material/play_arrow:", disabled=busy):
            state.start_tuning(case, candidate.name, str(budget))
            st.rerun()
        if busy:
            st.caption("Something of this use case is under way.")
    state.show_command("tune", case.name, "--candidate", candidate.name, "--budget", str(budget))


def follow(case: Case, name: str) -> None:
    """How far a search is, and the button that stops it; drawn again every other second."""
    if doing(case) != f"tune {name}":
        st.rerun()
    found = state.search_of(case, name)
    with st.container(horizontal=True, vertical_alignment="center"):
        if stop_flag(case).exists():
            st.button("Stopping …", disabled=True, icon=":material/pause_circle:")
        elif st.button(
            "Stop", icon=":material/stop_circle:", help="What was tried is kept; the search can go on later."
        ):
            stop(case)
            st.rerun(scope="fragment")
        if found is not None:
            tuning, choice = found
            done = tuning.spent / tuning.budget if tuning.budget else len(tuning.trials) / (tuning.most_trials or 1)
            st.progress(min(1.0, done), text=blocks.prose(so_far(tuning, choice)))
    if found is None:
        st.caption("Starting …")
    else:
        shown(*found)


def so_far(tuning: Tuning, choice: Choice) -> str:
    """Trials, the best, and the time: in a line."""
    best = choice.of(choice.best)
    parts = [words.count(len(tuning.trials), "trial"), f"{choice.whole} of them on all examples"]
    parts += [f"best {percent(best.mean)}"] if best is not None and best.mean is not None else []
    parts += [f"{told(tuning.spent)} of {told(tuning.budget)}"] if tuning.budget is not None else []
    return " · ".join(parts)


def shown(tuning: Tuning, choice: Choice) -> None:
    """What a search showed: the sentence, the picture, the trials."""
    for number, block in enumerate(search_blocks(tuning, choice)):
        blocks.draw(block, f"search {choice.candidate} {number}")
    st.caption(blocks.prose(note([tuning])))
