"""Label: one request, two answers, and keys. Nothing here tells whose answer is whose."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from workbench.answer_html import MOST_SHOWN, answer_html, differing_html, masked, telling_names
from workbench.case import Case
from workbench.database import Database, DatabaseGone, open_database
from workbench.errors import WorkbenchError
from workbench.labelling import Nothing, Showing, Weigh, choose, next_showing, undo
from workbench.labels import preferences
from workbench.next_pair import pair_chances
from workbench.preference import Choice
from workbench.queues import OpenQueue, annotator_id, most_labels, open_queue, queues, tally
from workbench.views import people, state, words

KEYS: Mapping[Choice, tuple[str, str]] = {
    "left": ("A", "Left is better"),
    "right": ("B", "Right is better"),
    "tie": ("T", "Equally good"),
    "neither": ("X", "Both are bad"),
    "skip": ("S", "Skip"),
}
"""Each choice's key and what its button says."""
RETRY_SECONDS = 2.0
"""How often a choice that could not be stored is tried again."""
STYLE = """
<style>
.wb-prompt { font-size: 1.02rem; padding: .7rem 1rem; border-left: 3px solid rgba(128,128,128,.5); max-height: 32vh;
  overflow: auto; overflow-wrap: anywhere; }
.wb-prompt p:last-child, .wb-said p:last-child { margin-bottom: .3rem; }
.wb-said { padding: .2rem 1rem; border: 1px solid rgba(128,128,128,.35); border-radius: .6rem; min-height: 9rem;
  max-height: 52vh; overflow: auto; overflow-wrap: anywhere; unicode-bidi: isolate; font-size: 1rem; line-height: 1.5; }
.wb-said h1, .wb-said h2, .wb-said h3, .wb-said h4 { font-size: 1.05rem; margin: .6rem 0 .3rem; }
.wb-said pre { white-space: pre-wrap; } .wb-said table { border-collapse: collapse; }
.wb-said td, .wb-said th { border: 1px solid rgba(128,128,128,.35); padding: .2rem .5rem; }
.wb-said.wb-chosen { border: 2px solid #0072b2; }
.wb-said mark { background: rgba(230,159,0,.35); color: inherit; border-radius: 3px; }
.wb-who { font-size: .8rem; opacity: .7; margin: 0 0 .25rem; }
</style>
"""
ENDS: Mapping[Nothing, tuple[str, str]] = {
    "closed": ("This queue is closed", "Whoever asked has what was needed. Thank you."),
    "budget": ("All labels that were asked for are given", "Thank you."),
    "yours": ("Nothing is left for you for now", "Others have the remaining pairs on their screens."),
    "done": ("Every pair has all its labels", "Thank you."),
}


def show() -> None:
    """The page from top to bottom."""
    case = state.need_case()
    with state.problems_shown():
        try:
            database = open_database(case.workspace)
            found = [one.queue.name for one in queues(database, case.name) if one.closed is None]
        except DatabaseGone as error:
            waiting(error)
            return
        # A link to a queue means that queue, also once it is closed.
        name = str(st.query_params.get("queue") or (found[-1] if found else ""))
        if not name:
            nothing_to_label(case)
            return
        annotator = people.annotator()
        if not annotator:
            return
        if len(found) > 1 and "queue" not in st.query_params:
            name = str(st.segmented_control("Queue", found, default=name, required=True) or name)
        st.html(STYLE)
        labelling(case.name, str(case.workspace), name, annotator)


def nothing_to_label(case: Case) -> None:
    """What to do first."""
    st.title("Label")
    st.info(
        "A queue says which candidates' answers people choose between. Make one on the page Preferences.",
        title="There is nothing to label yet",
        icon=":material/lightbulb:",
    )
    state.show_command("queue", case.name, "first")


@st.fragment
def labelling(case: str, workspace: str, name: str, annotator: str) -> None:
    """One pair after the other; only this part of the page runs again after a key."""
    try:
        database = open_database(Path(workspace))
        queue = open_queue(database, case, name)
        me = annotator_id(database, annotator)
        if not stored(database, queue, me):
            return
        shown = on_screen(database, queue, me)
        thin_progress(database, queue, me)
    except DatabaseGone as error:
        waiting(error)
        return
    except WorkbenchError as error:
        state.show_problem(error)
        return
    if isinstance(shown, str):
        ended(database, queue, me, annotator, shown)
        return
    pair(queue, shown)
    keys(shown)


# --- What is stored -----------------------------------------------------------------------------------


def stored(database: Database, queue: OpenQueue, me: int) -> bool:
    """Store what was chosen before anything else is shown; False while the database does not take it."""
    pending = st.session_state.get("label to store")
    if pending is not None:
        try:
            choose(database, annotator=me, **pending)
        except DatabaseGone as error:
            waiting(error)
            return False
        except WorkbenchError as error:
            st.toast(f"{error.message} {error.hint}", icon=":material/info:")
        del st.session_state["label to store"]
        st.session_state.pop("showing", None)
    if st.session_state.pop("take back", False):
        try:
            back = undo(database, queue, me, now=time.time())
        except DatabaseGone as error:
            st.session_state["take back"] = True
            waiting(error)
            return False
        if back is None:
            st.toast("There is nothing to take back.", icon=":material/info:")
        else:
            st.session_state["showing"] = (queue.id, me, back, time.time(), queue)
    return True


def waiting(error: DatabaseGone) -> None:
    """Say that the database is away, and look again every few seconds."""
    kept = "Your choice is kept here and stored as soon as it is back." if "label to store" in st.session_state else ""
    st.warning(
        f"{words.plain(error.message)} {kept} It is tried again every {RETRY_SECONDS:.0f} seconds.",
        title="The database can't be used for now",
        icon=":material/sync_problem:",
    )
    again()


@st.fragment(run_every=RETRY_SECONDS)
def again() -> None:
    """Run the page again after a while."""
    if st.session_state.get("waited"):
        st.session_state["waited"] = False
        st.rerun()
    st.session_state["waited"] = True


def on_screen(database: Database, queue: OpenQueue, me: int) -> Showing | Nothing:
    """The pair that this session shows already, or the next one."""
    kept = st.session_state.get("showing")
    if kept is not None and kept[:2] == (queue.id, me):
        showing: Showing = kept[2]
        return showing
    rng, question = np.random.default_rng(), queue.queue.question
    weigh: Weigh = lambda counts: pair_chances(counts, question)  # noqa: E731
    found = next_showing(database, queue, me, now=time.time(), rng=rng, weigh=weigh)
    if not isinstance(found, str):
        st.session_state["showing"] = (queue.id, me, found, time.time(), queue)
        st.session_state.pop("chosen", None)
    return found


# --- What is shown ------------------------------------------------------------------------------------


def thin_progress(database: Database, queue: OpenQueue, me: int) -> None:
    """How far the queue is, in one line."""
    labels, mine = tally(database, queue, me)
    most = most_labels(database, queue)
    st.progress(min(1.0, labels / max(1, most)), text=f"{labels:,} of {most:,} labels, {mine:,} of them yours")


def pair(queue: OpenQueue, shown: Showing) -> None:
    """The request and both answers, rendered alike."""
    hidden = telling_names(queue.queue.names, [str(one.base_model) for one in queue.queue.candidates])
    if queue.queue.guide:
        st.caption(words.plain(queue.queue.guide))
    turns = "".join(
        (f"<p class='wb-who'>{turn.role}</p>" if len(shown.messages) > 1 else "") + answer_html(turn.content)
        for turn in shown.messages
    )
    st.html(f"<div class='wb-prompt' dir='auto'>{turns}</div>")
    differences = st.session_state.get("mark differences", False)
    whole = st.session_state.get("whole answers", False)
    sides = {"left": (shown.left, shown.right), "right": (shown.right, shown.left)}
    for column, (side, (mine, other)) in zip(st.columns(2), sides.items(), strict=True):
        mine, other = masked(mine, hidden), masked(other, hidden)
        most = None if whole else MOST_SHOWN
        body = differing_html(mine, other) if differences else answer_html(mine, most=most)
        if not mine.strip():
            body = "<p class='wb-who'>(nothing)</p>"
        picked = " wb-chosen" if st.session_state.get("chosen") == side else ""
        column.html(f"<p class='wb-who'>{side.capitalize()}</p><div class='wb-said{picked}' dir='auto'>{body}</div>")
        if most is not None and len(mine) > most:
            column.caption(f"The first {most:,} of {len(mine):,} characters.")
    with st.container(horizontal=True):
        st.toggle("Mark the words that differ", key="mark differences")
        if max(len(shown.left), len(shown.right)) > MOST_SHOWN:
            st.toggle("Show long answers whole", key="whole answers")


def keys(shown: Showing) -> None:
    """The choices, each with its key; Enter goes on."""
    chosen = st.session_state.get("chosen")
    if st.session_state.pop("unmarked", False):
        st.toast("Choose first: A, B, T, X or S.", icon=":material/info:")
    with st.container(horizontal=True, horizontal_alignment="center"):
        for choice, (key, label) in KEYS.items():
            st.button(
                label, key=f"choose {choice}", shortcut=key, on_click=mark, args=(choice,),
                type="secondary" if chosen != choice else "primary",
            )  # fmt: skip
        st.button("Undo", key="undo", shortcut="U", on_click=take_back, type="tertiary", icon=":material/undo:")
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="bottom"):
        st.text_input(
            "Reason (optional)",
            key=f"reason {shown.id}",
            placeholder="Reason (optional)",
            width=480,
            label_visibility="collapsed",
            max_chars=2_000,
        )
        st.button(
            "Go on", key="go on", shortcut="Enter", on_click=go_on, args=(shown.id,),
            icon=":material/keyboard_return:",
        )  # fmt: skip
    st.caption(
        "Press A, B, T, X or S, then Enter. U takes the last choice back. Which answer stands where is drawn anew for "
        "every pair; now and then a pair comes again with its sides swapped."
    )


def mark(choice: Choice) -> None:
    """A key was pressed: the choice may still be changed."""
    st.session_state["chosen"] = choice


def take_back() -> None:
    """Undo: the marked choice first, else the last stored one."""
    if st.session_state.pop("chosen", None) is None:
        st.session_state["take back"] = True
        st.session_state.pop("showing", None)


def go_on(showing: str) -> None:
    """Enter was pressed: the marked choice is to be stored."""
    choice = st.session_state.pop("chosen", None)
    kept = st.session_state.get("showing")
    if choice is None or kept is None:
        st.session_state["unmarked"] = True
        return
    now = time.time()
    st.session_state["label to store"] = {
        "queue": kept[4],
        "showing": showing, "choice": choice, "now": now, "seconds": now - kept[3],
        "reason": str(st.session_state.get(f"reason {showing}", "")),
    }  # fmt: skip


def ended(database: Database, queue: OpenQueue, me: int, annotator: str, why: Nothing) -> None:
    """Nothing is left: thanks and, where the owner allows it, who was who."""
    title, text = ENDS[why]
    st.success(text, title=title, icon=":material/task_alt:")
    _, mine = tally(database, queue, me)
    st.markdown(f"You have given **{words.count(mine, 'label')}**.")
    if queue.queue.reveal and why in ("closed", "budget", "done"):
        revealed(database, queue, annotator)
    st.button(
        "Undo my last choice", key="undo", shortcut="U", on_click=take_back, type="tertiary", icon=":material/undo:"
    )


def revealed(database: Database, queue: OpenQueue, annotator: str) -> None:
    """Whose answers stood where, for every pair that the annotator labelled."""
    name = " ".join(annotator.split())
    rows = [
        {"request": one.example, "left": one.left, "right": one.right, "you said": one.choice}
        for one in preferences(database, queue)
        if one.annotator == name and not one.repeat
    ]
    st.markdown("This is who was who:")
    st.dataframe(pd.DataFrame(rows), hide_index=True)


if __name__ == "__main__":
    show()
