"""Candidates: what could answer, in four columns by approach; choose, tune, see what it will take, and run."""

from collections.abc import Mapping

import streamlit as st

from workbench.bill import Bill, estimate
from workbench.candidate import APPROACHES, Approach, Candidate
from workbench.case import Case, in_order, presets
from workbench.errors import ConfigError, WorkbenchError
from workbench.planning import make_plan
from workbench.views import search, state, tune, words
from workbench.views.elsewhere import elsewhere
from workbench.views.fields import changed
from workbench.views.room import room
from workbench.views.state import RUNS, USE_CASE

MEANING: Mapping[Approach, str] = {
    "prompting": "Say it better: an instruction, perhaps solved examples.",
    "RAG": "Look it up: passages that fit the request go into the prompt.",
    "fine-tuning": "Learn it: the weights are trained on your examples.",
    "RAG + fine-tuning": "Both: trained on, and answered with, passages.",
}


def show() -> None:
    """The page from top to bottom."""
    st.title("Candidates")
    case = state.need_case()
    with state.problems_shown():
        known = available(case)
        ticked = ticks(case, known)
        run_button(case, [known[name] for name in ticked])
        st.space("small")
        rare = {name: one for name, one in known.items() if is_rare(one) and name not in ticked}
        cards(case, {name: one for name, one in known.items() if name not in rare}, ticked)
        st.space("small")
        tuning(case, known)
        elsewhere(case)
        if rare:
            st.space("small")
            more(case, rare, ticked)


def available(case: Case) -> dict[str, Candidate]:
    """Every preset, what was taken in from elsewhere, and the candidates chosen for this use case."""
    found = dict(presets()) | {candidate.name: candidate for candidate in (*case.imported(), *case.candidates())}
    return {candidate.name: candidate for candidate in in_order(found.values())}


def ticks(case: Case, known: Mapping[str, Candidate]) -> list[str]:
    """The names that are ticked: as the link says, else as chosen before, else as suggested."""
    wanted = st.query_params.get("chosen")
    if wanted is not None:
        names = wanted.split(",")
        return [name for name in known if name in names and not case.lacks(known[name])]
    chosen = {candidate.name for candidate in case.candidates()}
    return [name for name in known if name in chosen and not case.lacks(known[name])]


def is_rare(candidate: Candidate) -> bool:
    """Whether it is trained in other ways than by supervised fine-tuning."""
    return any(stage.method != "sft" for stage in candidate.training)


# --- The button ---------------------------------------------------------------------------------------


def run_button(case: Case, chosen: list[Candidate]) -> None:
    """One button that carries the bill, and the command that does the same."""
    running = state.under_way(case)
    bill = None
    if chosen:
        with state.problems_shown():
            bill = estimate(make_plan(case, chosen), state.past())
    label = f"Run {words.count(len(chosen), 'candidate')}"
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            label + told(bill), type="primary", icon=":material/play_arrow:",
            disabled=not chosen or bill is None or running,
        )  # fmt: skip
        if running:
            state.link(RUNS, "A run is under way: follow it", icon=":material/pending:")
        elif bill is not None and bill.steps == 0:
            state.link(state.RESULTS, "All steps are done: see the results", icon=":material/check_circle:")
        elif bill is not None:
            reused = f", {bill.reused} reused" if bill.reused else ""
            st.caption(f"{words.count(bill.steps, 'step')} to do{reused}.")
    state.show_command("run", case.name, *[part for one in chosen for part in ("--candidate", one.name)])
    if pressed:
        with state.problems_shown():
            start(case, chosen)


def told(bill: Bill | None) -> str:
    """The bill behind the button's label; nothing where nothing comparable was done yet."""
    if bill is None or bill.seconds is None or bill.steps == 0:
        return ""
    memory = f", {words.memory(bill.memory_mb)}" if bill.memory_mb is not None else ""
    return f": about {words.duration(max(1.0, bill.seconds))}{memory}"


def start(case: Case, chosen: list[Candidate]) -> None:
    """Write the choice down, start it in a process of its own, and turn to Runs.

    Raises ConfigError where test examples stand in the training set.
    """
    leaked = state.audit_of(case).leaked_ids
    if leaked and any(map(case.sees_training_answers, chosen)):
        raise ConfigError(
            f"{words.count(len(leaked), 'test example')} stand in the training set: answers could be copied.",
            "Leave those training rows out on the page Use case, or run the command above with --leaks-known.",
        )
    case.choose(chosen)
    state.start(case, [candidate.name for candidate in chosen])
    state.go(RUNS, case=case.name)


# --- The cards ----------------------------------------------------------------------------------------


def cards(case: Case, known: Mapping[str, Candidate], ticked: list[str]) -> None:
    """Four columns, one for each approach."""
    grid = st.grid(4, min_column_width=190, gap="small")
    for approach in APPROACHES:
        with grid.container():
            st.markdown(f"{words.marked(approach)}  \n:small[:gray[{MEANING[approach]}]]")
            mine = [candidate for candidate in known.values() if candidate.approach == approach]
            for candidate in mine:
                card(case, candidate, ticked)
            if not mine:
                st.caption("None yet: tune another one until it has these parts.")


def more(case: Case, rare: Mapping[str, Candidate], ticked: list[str]) -> None:
    """The candidates that learn from documents, preferences or rewards, side by side."""
    st.subheader("More ways to train")
    st.caption("From documents, preferences, rewards or a larger model, in stages on one another.")
    grid = st.grid(4, min_column_width=190, gap="small")
    for candidate in rare.values():
        with grid.container():
            card(case, candidate, ticked)


def card(case: Case, candidate: Candidate, ticked: list[str]) -> None:
    """One candidate: tick it, see what it takes, tune it."""
    missing = case.lacks(candidate)
    with st.container(border=True, gap="xsmall"):
        key = f"tick {case.name} {candidate.name} {candidate.name in ticked}"
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.checkbox(
                candidate.name, candidate.name in ticked, key=key, disabled=bool(missing),
                on_change=_ticked, args=(key, candidate.name, ticked),
            )  # fmt: skip
            tunable = candidate.imported is None
            if tunable and st.button("Tune", key=f"tune {candidate.name}", type="tertiary", icon=":material/tune:"):
                st.query_params["candidate"] = candidate.name
                st.rerun()
        st.markdown(f":small[{words.plain(candidate.description) or 'No description.'}]")
        st.caption(f":material/block: needs {missing}" if missing else takes(case, candidate))
        if tunable and (turned := changed(candidate)):
            paths = "  \n".join(f"`{each.path}`: {each.one}" for each in turned)
            st.caption(f":material/tune: {words.count(len(turned), 'setting')} changed", help=paths)


def _ticked(key: str, name: str, ticked: list[str]) -> None:
    names = [*ticked, name] if st.session_state[key] else [one for one in ticked if one != name]
    st.query_params["chosen"] = ",".join(names)


def takes(case: Case, candidate: Candidate) -> str:
    """Time and memory of this candidate alone, or that nothing like it was run here yet."""
    try:
        bill = estimate(make_plan(case, [candidate]), state.past())
    except WorkbenchError as error:
        return f":material/error: {words.plain(error.message)}"
    if bill.steps == 0:
        return ":material/check_circle: already run"
    if bill.seconds is None:
        return ":material/schedule: time not known yet: nothing like it was run here"
    memory = "" if bill.memory_mb is None else f" · {words.memory(bill.memory_mb)}, {fit(bill.memory_mb)}"
    return f":material/schedule: about {words.duration(bill.seconds)}{memory}"


def fit(megabytes: float) -> str:
    """Whether so much memory is there."""
    share = megabytes / 1024 / state.machine(str(state.workspace())).memory_gb
    return "fits" if share < 0.75 else "tight" if share < 1 else "too much for this machine"


# --- Tuning -------------------------------------------------------------------------------------------


def tuning(case: Case, known: dict[str, Candidate]) -> None:
    """The form of the candidate that the link names."""
    name = st.query_params.get("candidate")
    if name not in known or known[name].imported is not None:
        st.caption(
            ":material/tune: Tune a candidate to see its settings, its YAML, and what differs from the one beside it."
        )
        return
    before = known[name]
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(f"Tune {words.plain(name)}", anchor="tune")
            if st.button("Close", icon=":material/close:", type="tertiary"):
                del st.query_params["candidate"]
                st.rerun()
        left, right = st.columns([3, 2], gap="large")
        with state.problems_shown():
            with left:
                after = tune.tuned(before)
                room(case, after)
                tune.keep(case, before, after, known=known)
            with right:
                tune.beside(after, list(known.values()))
            search.automatic(case, before)
        if case.lacks(before) == "documents":
            state.link(USE_CASE, "Add documents", icon=":material/description:")


if __name__ == "__main__":
    show()
