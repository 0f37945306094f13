"""What explains the scores: each probe with what it shows, or with a button that measures it."""

import streamlit as st

from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.phrases import listed
from workbench.probe import Probes
from workbench.probe_kinds import TELLS, ProbeKind
from workbench.probe_rows import Finding
from workbench.probed import finished, takes
from workbench.recommend import Recommendation
from workbench.sections.why import NOTE, explained
from workbench.views import blocks, state

EVERY_SECONDS = 2.0


def why(case: Case, recommendation: Recommendation) -> None:
    """Findings first, then what could still be measured, one click each."""
    try:
        probes = state.probes_of(case)
    except WorkbenchError as error:
        state.show_problem(error)
        return
    st.subheader("What explains it")
    if recommendation.findings:
        findings(recommendation)
    open_: list[ProbeKind] = [kind for kind in TELLS if any(not finished(one, probes) for one in probes.of(kind))]
    if state.under_way(case):
        st.fragment(progress, run_every=EVERY_SECONDS)(case, probes)
        return
    if open_:
        offers(case, probes, open_)
    if probes.missing:
        with st.expander(f"Not to be had here ({len(probes.missing)})"):
            lines = [
                f"- **{blocks.prose(TELLS[kind][0])}**: {blocks.prose(text)}." for kind, text in probes.missing.items()
            ]
            st.markdown("\n".join(lines))


def findings(recommendation: Recommendation) -> None:
    """What was measured, a tab each."""
    found = recommendation.findings
    several = len({one.about for one in found}) > 1
    tabs = st.tabs([blocks.prose(_tab(one, several=several)) for one in found])
    for number, (tab, one) in enumerate(zip(tabs, found, strict=True)):
        with tab:
            for place, block in enumerate(explained(one)):
                # What it shows stands among the reasons already.
                if block.kind == "effects" or not one.telling:
                    blocks.draw(block, f"why {number} {place}")
    st.caption(blocks.prose(NOTE))


def _tab(finding: Finding, *, several: bool) -> str:
    """A finding's short name; whose it is where there are several."""
    name = {
        "grid": "Training x retrieval", "gold": "Right passages", "form": "Form or substance", "reach": "Reach",
        "known": "Known before", "curve": "More examples",
        "order": "Order", "distractors": "Distractors", "injection": "Planted instructions",
    }[finding.kind]  # fmt: skip
    once = finding.kind in ("grid", "reach", "known", "curve")
    return f"{name} ({finding.about[0]})" if several and not once else name


def offers(case: Case, probes: Probes, kinds: list[ProbeKind]) -> None:
    """What is not measured yet: what each would tell, what it takes, and a button."""
    st.caption("Not measured yet. These runs decide nothing: they say why one wins.")
    with st.container(border=True):
        for kind in kinds:
            what, tells = TELLS[kind]
            about = listed(list(dict.fromkeys(name for one in probes.of(kind) for name in one.about)))
            text = f"({about}) tells {tells}. {takes(probes, kind)}."
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{blocks.prose(what)}** {blocks.prose(text)}", width="stretch")
                pressed = st.button("Measure", key=f"measure {kind}", icon=":material/play_arrow:")
            if pressed:
                state.start_diagnose(case, [kind])
                st.rerun()
    if len(kinds) > 1 and st.button(f"Measure all {len(kinds)}", icon=":material/play_arrow:"):
        state.start_diagnose(case, kinds)
        st.rerun()
    state.show_command("diagnose", case.name)


def progress(case: Case, probes: Probes) -> None:
    """How far the measurements are; the page is drawn anew once they are done."""
    if not state.under_way(case):
        st.rerun()
    steps = [probes.plan.step(name) for name in probes.plan.steps]
    there = [step for step in steps if (step.folder / "step.json").exists()]
    done = sum(step.status == "done" for step in there)
    now = next((step for step in there if step.status == "running"), None)
    lines = now.read_progress() if now is not None else []
    phase = f"{now.record.title}: {lines[-1]['phase'] if lines else 'starting'}" if now is not None else "starting"
    share = done / max(1, len(steps))
    st.progress(share, text=blocks.prose(f"{done} of {len(steps)} steps done. {phase}"))
