"""Checks: what training cost, suite by suite, item by item; what is refused; what a weaker adapter would keep."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from workbench.blocks import FrontierChart
from workbench.candidate import Approach
from workbench.case import Case
from workbench.checked import AllChecked
from workbench.checks import Checks
from workbench.flips import Flip, flips
from workbench.forgetting import Loss
from workbench.frontier import Frontier, Place, sparing
from workbench.loss_charts import frontier_chart
from workbench.loss_words import change, interval, loss_sentences, shows
from workbench.phrases import signed
from workbench.plan import is_done
from workbench.score import METRICS
from workbench.sections.bases import base_blocks
from workbench.sections.lost import loss_note, loss_table, losses_block, unchanged
from workbench.sections.refused import refused
from workbench.sections.tradeoff import moved, proposal, taxed, weaker
from workbench.views import blocks, state, words
from workbench.views.links import chosen, pick
from workbench.views.state import CANDIDATES, RUNS
from workbench.views.tables import flips_html

EVERY_SECONDS = 2.0
ARROWS = {"degraded": "▼", "kept": "●", "not shown": "○"}
"""The three states, told by shape and not by colour alone."""
INKS = {"degraded": "#cf5a2e", "kept": "#0f9068", "not shown": "#767676"}
PAGE_SIZE = 8  # Flipped items on one page.


def show() -> None:
    """The page from top to bottom."""
    st.title("Checks")
    case = state.need_case()
    with state.problems_shown():
        checks = state.checks_of(case)
        if not checks.courses:
            nothing_trained(case, checks)
            return
        results = state.results_of(case)
        approaches = {one.name: one.candidate.approach for one in results.candidates}
        checked = results.checked
        start(case, checks)
        for problem in checked.problems:
            st.warning(blocks.prose(problem), icon=":material/warning:")
        if checked.losses:
            name = matrix(checked, unchanged(approaches))
            suites(case, checks, checked, name)
            for number, block in enumerate(refused(checked, approaches)):
                blocks.draw(block, f"refused {number}")
            tradeoff(case, checked, approaches)
        details(checks, checked)


def nothing_trained(case: Case, checks: Checks) -> None:
    """What to do where no training is finished."""
    text = "Prompts and retrieval change no weights: there everything is unchanged by construction."
    st.info(text, title="Nothing was trained yet, so nothing can have been lost", icon=":material/hourglass_empty:")
    state.link(RUNS, "See the runs", icon=":material/arrow_forward:")
    for number, block in enumerate(base_blocks(checks)):
        blocks.draw(block, f"base {number}")
    state.show_command("checks", case.name)


# --- Measuring ----------------------------------------------------------------------------------------


def start(case: Case, checks: Checks) -> None:
    """The button that measures what is not measured yet, or how far that is."""
    swept = {step for course in checks.courses.values() for point in course.points for step in point.panels}
    swept |= {course.base_panel for course in checks.courses.values() if course.base_panel}
    panels = [name for name, record in checks.plan.steps.items() if record.kind in ("check", "drift")]
    open_ = [name for name in panels if not is_done(checks.plan.step(name))]
    needed = [name for name in open_ if name not in swept]
    if state.under_way(case):
        st.fragment(progress, run_every=EVERY_SECONDS)(case, checks)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if needed:
            label = f"Measure what training cost: {words.count(len(needed), 'measurement')}"
            if st.button(label, type="primary", icon=":material/play_arrow:"):
                state.start_checks(case, sweep=False)
                st.rerun()
        elif open_ and st.button("Try weaker adapters", icon=":material/tune:"):
            state.start_checks(case, sweep=True)
            st.rerun()
    if needed:
        state.show_command("checks", case.name)
    elif open_:
        state.show_command("checks", case.name, "--sweep")


def progress(case: Case, checks: Checks) -> None:
    """How far the measurements are; the page is drawn anew once they are done."""
    if not state.under_way(case):
        st.rerun()
    names = [name for name in checks.plan.steps if (checks.plan.step(name).folder / "step.json").exists()]
    steps = [checks.plan.step(name) for name in names]
    done = sum(step.status == "done" for step in steps)
    now = next((step for step in steps if step.status == "running"), None)
    lines = now.read_progress() if now is not None else []
    told = lines[-1] if lines else {}
    phase = f"{now.record.title}: {told.get('phase', 'starting')}" if now is not None else "starting"
    share = done / max(1, len(steps))
    st.progress(share, text=blocks.prose(f"{done} of {len(steps)} steps done. {phase}"))


# --- Suites -------------------------------------------------------------------------------------------


def matrix(checked: AllChecked, rest: str) -> str:
    """Suites x candidates, the worst suite on top; a click on a cell opens its items. Returns the chosen candidate."""
    losses = checked.losses
    facets = in_order(losses)
    st.markdown("\n".join(f"- {blocks.prose(text)}" for text in [*loss_sentences(losses), rest] if text))
    table = pd.DataFrame(
        [[cell(found, facet) for found in losses.values()] for facet in facets], index=facets, columns=list(losses)
    )
    picked = st.dataframe(
        table.style.map(lambda text: f"color: {ink(text)}"),
        on_select="rerun", selection_mode="single-cell", key="cell",
        column_config={name: st.column_config.TextColumn(name, width=230) for name in losses},
    )  # fmt: skip
    st.caption(
        "Points beside the untrained base, with intervals for all suites of a candidate at once. ▼ degraded: shown to "
        "have lost, at 5 % for all suites together. ● kept: shown to lose no more than counts as none. ○ not shown: "
        "neither. Click a cell for the items that changed."
    )
    cells = picked.selection.get("cells", []) if picked else []
    if cells:
        row, name = cells[0]
        st.query_params["candidate"], st.query_params["suite"] = name, facets[row]
    return chosen("candidate", list(losses), next(iter(losses)))


def in_order(losses: Mapping[str, Sequence[Loss]]) -> list[str]:
    """The suites' subjects, the worst of any candidate first."""
    worst: dict[str, float] = {}
    for found in losses.values():
        for one in found:
            worst[one.suite.facet] = min(worst.get(one.suite.facet, 9e9), one.change / one.suite.delta)
    return sorted(worst, key=lambda facet: worst[facet])


def cell(found: Sequence[Loss], facet: str) -> str:
    """One suite of one candidate."""
    one = next((one for one in found if one.suite.facet == facet), None)
    return "not measured" if one is None else f"{ARROWS[one.state]} {change(one)} ({interval(one)})"


def ink(text: str) -> str:
    """A cell's colour, by its mark."""
    return next((INKS[state_] for state_, mark in ARROWS.items() if text.startswith(mark)), "inherit")


def suites(case: Case, checks: Checks, checked: AllChecked, name: str) -> None:
    """One candidate's picture, and the items of one suite that flipped."""
    names = list(checked.losses)
    losses = checked.losses[name]
    facets = [one.suite.facet for one in losses if one.suite.is_share]
    facet = chosen("suite", facets, facets[0])
    block = losses_block(name, checked)
    blocks.draw(block, f"losses {name}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick("Candidate", "candidate", names, name)
        pick("Suite", "suite", facets, facet)
    one = next(loss for loss in losses if loss.suite.facet == facet)
    st.markdown(blocks.prose(f"{name}, {facet}: {change(one)} points ({interval(one)}), {shows(one)}."))
    found = flips(checks, name, one.suite.name)
    lost, won = [flip for flip in found if flip.lost], [flip for flip in found if not flip.lost]
    trainings = checked.candidates[name].trainings
    for label, own in ((f"Right to wrong ({len(lost):,})", lost), (f"Wrong to right ({len(won):,})", won)):
        with st.expander(label, expanded=bool(own) and own is lost):
            items(own, f"{label} {name} {facet}", trainings)


def items(found: Sequence[Flip], key: str, trainings: int) -> None:
    """Flipped items, before and after side by side, a page at a time."""
    if not found:
        st.caption("None.")
        return
    pages = -(-len(found) // PAGE_SIZE)
    page = st.pagination(pages, key=f"page {key}") if pages > 1 else 1
    st.html(flips_html(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], trainings=trainings))


# --- Gain and loss ------------------------------------------------------------------------------------


def tradeoff(case: Case, checked: AllChecked, approaches: Mapping[str, Approach]) -> None:
    """The frontier with the alpha slider, the tax, and how far the predictions have moved."""
    metric = METRICS[case.use_case.metric].phrase
    found = {name: one.frontier for name, one in checked.candidates.items() if one.frontier is not None}
    for number, block in enumerate(weaker(checked, approaches, metric)):
        if isinstance(block, FrontierChart):
            slider(case, found, block)
        elif block.kind != "text" or block.note:
            blocks.draw(block, f"weaker {number}")
    for number, block in enumerate([*taxed(checked, metric), *moved(checked)]):
        blocks.draw(block, f"tax {number}")


def slider(case: Case, found: Mapping[str, Frontier], block: FrontierChart) -> None:
    """What a weaker adapter keeps and spares, and a button that makes it a candidate."""
    for one in found.values():
        st.markdown(blocks.prose(proposal(one)))
    told = {name: tried(one) for name, one in found.items()}
    first = next((name for name, at in told.items() if at is not None), next(iter(found)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = str(st.selectbox("Candidate", list(found), list(found).index(first), key="weaken", width=260))
        places = found[name].along("alpha")
        alphas = [place.at for place in places]
        best = told[name]
        at = float(
            st.select_slider(
                "Share of the adapter that acts (alpha)", alphas, best if best in alphas else alphas[-1],
                key=f"alpha {name}", width=380,
            )
        )  # fmt: skip
    place = next(one for one in places if one.at == at)
    figures(place, places[-1])
    chart = frontier_chart(block.frontiers, approaches=block.approaches, metric=block.metric, marked=(name, at))
    st.subheader(blocks.prose(block.title))
    blocks.plot(chart, "frontier", alt=block.title)
    if at < 1:
        offer(case, name, at)


def tried(one: Frontier) -> float | None:
    """The alpha to begin with: the proposed one, or the one that loses least."""
    least = sparing(one)
    return one.proposed if one.proposed is not None else least.at if least is not None else None


def figures(place: Place, whole: Place) -> None:
    """One place in figures."""
    kept = f"{100 * place.gain.delta / whole.gain.delta:.0f} %" if whole.gain.delta > 0 else "no gain to keep"
    with st.container(horizontal=True):
        st.metric("Gain on dev examples, points", signed(place.gain.delta), width=230)
        st.metric("Of the gain as trained", kept, width=170)
        if place.worst is not None:
            st.metric(f"Worst suite: {place.worst.suite.facet}, points", signed(place.worst.change), width=230)
        st.metric("Every suite within its limit", "yes" if place.keeps_all else "no", width=200)


def offer(case: Case, name: str, at: float) -> None:
    """Make a weaker adapter a candidate of its own, to be measured on the test set like any other."""
    chosen = {one.name: one for one in case.candidates()}
    other = f"{name}-alpha-{100 * at:.0f}"
    if other in chosen:
        state.link(CANDIDATES, f"{other} is among the candidates", icon=":material/check:")
        return
    if st.button(f"Add it as the candidate {other}", icon=":material/add:"):
        changed = {"name": other, "adapter_scale": at, "description": f"{name} with {100 * at:.0f} % of its adapter."}
        case.choose([*chosen.values(), chosen[name].model_copy(update=changed)])
        st.rerun()


def details(checks: Checks, checked: AllChecked) -> None:
    """Every figure as a table."""
    if not checked.losses:
        return
    with st.expander("Every figure, and how it was compared"):
        blocks.draw(loss_table(checked, list(checked.losses)), "every suite")
        st.caption(blocks.prose(loss_note(checked)))
        for number, block in enumerate(base_blocks(checks)):
            blocks.draw(block, f"base {number}")


if __name__ == "__main__":
    show()
