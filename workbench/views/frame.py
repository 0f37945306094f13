"""The frame around every page: its settings, the use case's picker and the path with its marks."""

import streamlit as st

from workbench.case import Case, cases
from workbench.views import people, state
from workbench.views.state import GROUPS, HOME, LABEL, USE_CASE, View
from workbench.workspace import Status

MARKS: dict[Status, tuple[str, str]] = {
    "waiting": (":gray[:material/radio_button_unchecked:]", "nothing yet"),
    "running": (":blue[:material/pending:]", "under way"),
    "done": (":green[:material/check_circle:]", "done"),
    "failed": (":orange[:material/error:]", "needs you"),
}
"""How the state of a page looks beside its name, and in words."""


def pages() -> list[st.Page]:
    """All pages, Home first; for those who only label, the page for that and no other."""
    if not people.is_owner():
        # At its own address, and at the app's.
        return [
            st.Page(LABEL.path, title=LABEL.title, url_path="start", default=True),
            st.Page(LABEL.path, title=LABEL.title, url_path="label"),
        ]
    views = [HOME, *(view for group in GROUPS.values() for view in group)]
    return [st.Page(view.path, title=view.title, default=view is HOME) for view in views]


def sidebar() -> None:
    """The picker on top, the path below it; nothing for those who only label."""
    if not people.is_owner():
        return
    case = state.current_case()
    with st.sidebar:
        st.page_link(HOME.path, label="**Workbench**", icon=":material/balance:")
        if case is not None:
            _picker(case)
        marks = state.marks(case) if case is not None else {}
        for group, views in GROUPS.items():
            st.caption(group)
            for view in views:
                _link(view, case, marks.get(view, "waiting"))


def _picker(case: Case) -> None:
    names = [one.name for one in cases(state.workspace())]
    st.selectbox(
        "Use case", names, index=names.index(case.name), key=f"picked of {len(names)} {case.name}", on_change=_picked,
        args=(f"picked of {len(names)} {case.name}",),
    )  # fmt: skip
    if st.button("New use case", icon=":material/add:", type="tertiary"):
        state.go(USE_CASE, new="1")


def _picked(key: str) -> None:
    st.session_state["case"] = st.query_params["case"] = st.session_state[key]
    st.query_params.pop("new", None)


def _link(view: View, case: Case | None, status: Status) -> None:
    mark, words = MARKS[status]
    st.page_link(
        view.path,
        label=f"{mark}\u2002{view.title}",
        help=f"{view.purpose} State: {words}.",
        query_params={"case": case.name} if case is not None else None,
        width="stretch",
    )
