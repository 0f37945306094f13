"""Preferences: ask people to choose blind, see what their choices show, and train on them."""

import time
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from workbench.case import Case
from workbench.database import Database, open_database
from workbench.label_files import LabelForm
from workbench.labels import learnt
from workbench.preferred import Findings, findings
from workbench.queue_answers import answers_to_test
from workbench.queues import QUESTIONS, OpenQueue, Progress, Queue, make_queue, progress, queues, set_budget, set_closed
from workbench.sections.preferred import preferred_blocks
from workbench.taught import exported, take_for_training
from workbench.views import blocks, people, state, words
from workbench.views.links import chosen, pick
from workbench.views.state import CANDIDATES, LABEL, RUNS

EXPORTS: Mapping[LabelForm, tuple[str, str, str]] = {
    "jsonl": ("Every choice, JSON lines", "application/jsonl", "jsonl"),
    "csv": ("Every choice, CSV", "text/csv", "csv"),
    "trl": ("Pairs for TRL (prompt, chosen, rejected)", "application/jsonl", "jsonl"),
    "kto": ("Ratings for KTO (prompt, completion, label)", "application/jsonl", "jsonl"),
}
LIVE_SECONDS = 5.0
"""How often a queue that people label is looked at again."""


def show() -> None:
    """The page from top to bottom."""
    st.title("Preferences")
    case = state.need_case()
    if not people.is_owner():
        st.info("Only owners see what the labels show.", icon=":material/lock:")
        state.link(LABEL, "Go on labelling", icon=":material/arrow_forward:")
        return
    with state.problems_shown():
        database = open_database(case.workspace)
        found = queues(database, case.name)
        if not found:
            st.markdown(
                "For tone, helpfulness and style, what people prefer is the measure that counts. A queue shows them "
                "two candidates' answers side by side, names hidden, and their choices say who is preferred and how "
                "surely. A queue on training requests becomes a candidate that learns from the choices."
            )
            new_queue(case, database, first=True)
            return
        names = [one.queue.name for one in reversed(found)]
        name = chosen("queue", names, names[0])
        with st.container(horizontal=True, vertical_alignment="bottom"):
            pick("Queue", "queue", names, name)
            state.link(LABEL, "Label it", icon=":material/arrow_forward:", queue=name)
        queue = next(one for one in found if one.queue.name == name)
        standing(case.name, queue)
        shown(case, database, queue)
        take_out(case, database, queue)
        new_queue(case, database, first=False)


# --- One queue ----------------------------------------------------------------------------------------


def standing(case: str, queue: OpenQueue) -> None:
    """How far the queue is, looked at every few seconds while it is open."""
    settings = queue.queue
    about = "measures the candidates" if settings.split == "test" else "becomes pairs to train on"
    st.markdown(
        f"**{QUESTIONS[settings.question]}** {', '.join(words.plain(name) for name in settings.names)}, on "
        f"{settings.split} requests: it {about}. Each pair is shown to {words.count(settings.overlap, 'annotator')}."
    )
    live = st.fragment(bar, run_every=LIVE_SECONDS if queue.closed is None else None)
    live(queue)


def bar(queue: OpenQueue) -> None:
    """Labels given, of those asked for, and by whom."""
    with state.problems_shown():
        now = progress(open_database(state.workspace()), queue)
        most = now.asked_for(queue.queue.budget)
        by = ", ".join(f"{words.plain(name)} {count:,}" for name, count in now.annotators.items()) or "nobody yet"
        st.progress(min(1.0, now.labels / max(1, most)), text=f"{now.labels:,} of {most:,} labels: {by}")
        st.caption(details(queue, now))


def details(queue: OpenQueue, now: Progress) -> str:
    """What else is counted."""
    parts = [
        words.count(now.repeats, "repeat"),
        f"{now.skipped:,} skipped",
        f"{words.count(now.on_screens, 'pair')} on screens",
    ]
    if now.same:
        parts.append(f"{100 * now.same:.0f} % of the pairs of answers are the same word for word and are not shown")
    return " · ".join(parts) + (" · closed" if queue.closed is not None else "")


def shown(case: Case, database: Database, queue: OpenQueue) -> None:
    """What the labels show: the same blocks as in the report."""
    names = list(queue.queue.names)
    baseline = chosen("baseline", names, names[0])
    found = labels_findings(database, queue, baseline)
    if not found.rates.labels:
        st.info("Send annotators the link below, or label yourself.", title="Nobody has labelled yet")
    else:
        pick("Baseline", "baseline", names, baseline)
        for number, block in enumerate(preferred_blocks(found)):
            blocks.draw(block, f"preferred {number}")
    link = urlencode({"case": case.name, "queue": queue.queue.name, "only": 1})
    st.caption("The link for annotators, below this app's address: they see the queue and nothing else.")
    st.code(f"/label?{link}", language=None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        is_open = queue.closed is None
        if st.button("Close the queue" if is_open else "Open it again", icon=":material/lock:"):
            set_closed(database, queue, closed=is_open, now=time.time())
            st.rerun()
        budget = st.number_input("Labels asked for", 1, None, queue.queue.budget, key=f"budget {queue.id}", width=180)
        if budget != queue.queue.budget:
            set_budget(database, queue, int(budget))
            st.rerun()
    state.show_command("labels", case.name, queue.queue.name)


def labels_findings(database: Database, queue: OpenQueue, baseline: str) -> Findings:
    """What the labels show; computed again once there are more."""
    use_case = Case(state.workspace() / "use_cases" / queue.case).use_case
    stamp = (queue.revision, queue.queue.budget, use_case.smallest_difference, use_case.judge_helps)
    return _findings(str(state.workspace()), queue.id, baseline, stamp, queue)


@st.cache_resource(max_entries=16, show_spinner="Comparing what people chose …")
def _findings(workspace: str, queue_id: int, baseline: str, stamp: tuple[float, ...], _queue: OpenQueue) -> Findings:
    del workspace, queue_id
    margin, helps = float(stamp[2]), bool(stamp[3])
    return findings(
        open_database(state.workspace()), _queue, baseline=baseline, smallest_difference=margin, judge_helps=helps
    )


# --- Out of the queue ---------------------------------------------------------------------------------


def take_out(case: Case, database: Database, queue: OpenQueue) -> None:
    """Train on the labels, and export them."""
    if queue.queue.split == "train":
        st.subheader("Train on these labels")
        found = learnt(database, queue)
        st.markdown(
            f"{words.count(len(found.pairs), 'preference pair')}; {found.undecided:,} are ties or undecided and "
            f"{found.bad:,} bad on both sides: these never become pairs."
        )
        trained = [one.name for one in case.candidates() if one.training]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            after = st.selectbox("After the training of", ["as the queue suggests", *trained], width=280)
            if st.button("Train a DPO candidate on these labels", type="primary", disabled=not found.pairs):
                with state.problems_shown():
                    named = None if after == "as the queue suggests" else str(after)
                    candidate, _ = take_for_training(case, database, queue, after=named)
                    st.session_state["taught"] = candidate.name
                    st.rerun()
        state.show_command("labels", case.name, queue.queue.name, "--train")
    taught = st.session_state.get("taught")
    if taught in {one.name for one in case.candidates()}:
        st.success(f"{words.plain(taught)} is among the candidates. Run it beside the others.", icon=":material/check:")
        state.link(RUNS, "To the runs", icon=":material/arrow_forward:")
    with st.expander("Export the labels"):
        for form, (label, kind, ending) in EXPORTS.items():
            if form in ("trl", "kto") and queue.queue.split == "test":
                continue  # Nobody trains on the test.
            st.download_button(
                label, data=partial(exported, case, database, queue, form), mime=kind, key=f"export {form}",
                file_name=f"{case.name}-{queue.queue.name}-{form}.{ending}", icon=":material/download:",
            )  # fmt: skip
        state.show_command("labels", case.name, queue.queue.name, "--export", "labels.jsonl")


# --- A new one ----------------------------------------------------------------------------------------


def new_queue(case: Case, database: Database, *, first: bool) -> None:
    """A form for another queue on test requests, and the command for one on training requests."""
    with st.expander("Make another queue", expanded=first) if not first else st.container():
        candidates = {one.name: one for one in case.candidates()}
        results = state.results_of(case)
        finished = [one.name for one in results.candidates]
        if len(finished) < 2:
            st.info("Run at least two candidates first: people choose between their answers.")
            state.link(CANDIDATES, "To the candidates", icon=":material/arrow_forward:")
            return
        with st.form("queue", border=not first):
            name = st.text_input("Name", "blind" if first else "", placeholder="small letters, digits, hyphens")
            question = st.segmented_control(
                "What is to be settled?", list(QUESTIONS), format_func=lambda one: QUESTIONS[one], default="best",
                required=True,
            )  # fmt: skip
            names = st.multiselect("Candidates", finished, default=finished[:4])
            left, middle, right = st.columns(3)
            prompts = left.number_input("Requests", 1, None, min(100, len(results.examples)))
            overlap = middle.number_input("Annotators for each pair", 1, 50, 1)
            budget = right.number_input("Labels at most", 1, None, 300, 50)
            guide = st.text_input("What makes an answer better?", placeholder="shown to annotators above every pair")
            reveal = st.checkbox("Tell annotators at their end which candidate was which")
            if st.form_submit_button("Make the queue", type="primary" if first else "secondary"):
                with state.problems_shown():
                    settings = {
                        "name": name, "question": question, "split": "test", "overlap": int(overlap),
                        "candidates": [
                            case.whole(one).model_dump(mode="json")
                            for one in candidates.values() if one.name in names
                        ],
                        "budget": int(budget), "guide": guide, "reveal": reveal,
                    }  # fmt: skip
                    queue = Queue.parse(settings, where="The queue")
                    asked = answers_to_test(results, names, most=int(prompts))
                    make_queue(database, case.name, queue, asked)
                    st.query_params["queue"] = queue.name
                    st.rerun()
        st.caption(
            "A queue on training requests, whose labels a DPO candidate learns from, has its candidates answer those "
            "requests first:"
        )
        state.show_command("queue", case.name, "to-train-on", "--split", "train", "--prompts", "200")


if __name__ == "__main__":
    show()
