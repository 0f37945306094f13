"""Recommendation: the answer as a headline, why, how firmly, what would flip it, and the report to hand on."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from workbench.blocks import Callout, Items
from workbench.case import Case
from workbench.decision import Strength
from workbench.recommend import Recommendation
from workbench.report import Form, render
from workbench.results import Results
from workbench.sections.answer import answer
from workbench.sections.evidence import picture
from workbench.sections.material import Material
from workbench.sections.money import money
from workbench.views import blocks, state
from workbench.views.state import RESULTS
from workbench.views.what_if import what_if
from workbench.views.why import why

LOOKS: Mapping[Strength, tuple[str, str]] = {
    "clear": ("green", ":material/verified:"),
    "lean": ("orange", ":material/balance:"),
    "undecided": ("gray", ":material/help:"),
}
FORMS: Mapping[Form, tuple[str, str]] = {
    "html": ("Report as HTML", "text/html"),
    "pdf": ("PDF", "application/pdf"),
    "xlsx": ("Workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "md": ("Markdown", "text/markdown"),
    "json": ("JSON", "application/json"),
}


def show() -> None:
    """The page from top to bottom."""
    st.title("Recommendation")
    case = state.need_case()
    with state.problems_shown():
        results = state.results_of(case)
        if not results.candidates:
            waiting = "A recommendation appears here as soon as the first run is scored."
            state.nothing_measured(case, waiting, verb="recommend")
            return
        recommendation = state.recommendation_of(case)
        material = Material(results, recommendation, state.audit_of(case))
        if state.under_way(case):
            st.info("Runs are under way: this is what follows from those that are finished.", icon=":material/pending:")
        said = answer(material)
        callout = next(block for block in said if isinstance(block, Callout))
        headline(callout)
        downloads(case, results, recommendation)
        for number, block in enumerate(said[1:]):
            if isinstance(block, Items) and any(item.link for item in block.items):
                reasons(block)
            elif not isinstance(block, Callout):
                blocks.draw(block, f"said {number}")
        next_step(callout, recommendation)
        for number, block in enumerate(picture(material)[2:]):
            blocks.draw(block, f"cost {number}")
        for number, block in enumerate(money(material)):
            blocks.draw(block, f"money {number}")
        why(case, recommendation)
        what_if(case, recommendation)


def headline(callout: Callout) -> None:
    """The answer, how firmly, and why in three sentences."""
    colour, icon = LOOKS[callout.strength]
    with st.container(border=True):
        st.badge(callout.strength, color=colour, icon=icon, help=callout.meaning)  # type: ignore[arg-type]
        st.header(blocks.prose(callout.headline))
        st.markdown(" ".join(blocks.prose(each) for each in callout.sentences))
    for caution in callout.cautions:
        st.warning(blocks.prose(caution), icon=":material/warning:")


def reasons(block: Items) -> None:
    """Each reason beside a link to the comparison it rests on."""
    for item in block.items:
        text, link = st.columns([4, 1])
        text.markdown(f"- {blocks.prose(item.text)}")
        if item.link:
            number = item.link.rpartition("-")[2]
            with link:
                state.link(RESULTS, f"No. {number}", icon=":material/difference:", comparison=number)


def next_step(callout: Callout, recommendation: Recommendation) -> None:
    """What to measure or do next."""
    st.subheader("What next")
    st.markdown(blocks.prose(callout.next_step or recommendation.next_step))


# --- The report ---------------------------------------------------------------------------------------


def downloads(case: Case, results: Results, recommendation: Recommendation) -> None:
    """The report in five forms, made when it is asked for; and the command that writes it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for form, (label, mime) in FORMS.items():
            st.download_button(
                label,
                partial(render, results, recommendation, to=form),
                f"{case.name}.{form}",
                mime,
                key=f"download {form}",
                type="primary" if form == "html" else "secondary",
                icon=":material/download:",
                on_click="ignore",
            )
    state.show_command("report", case.name)


if __name__ == "__main__":
    show()
