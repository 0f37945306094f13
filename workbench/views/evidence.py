"""Evidence: an example, the passages that its answer stands in, and keys to say which of them supports it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from workbench.case import SPLITS, Case
from workbench.confirmed import Click, Standing, Verdict, note, read_standings
from workbench.documents import plan_index, retrieving
from workbench.errors import WorkbenchError
from workbench.proposals import Finding, Proposal, plan_finding, unnamed
from workbench.usecase import Example, Split
from workbench.views import people, state, words
from workbench.views.evidence_html import example_html, proposal_html
from workbench.views.links import chosen, pick
from workbench.views.state import DOCUMENTS
from workbench.workspace import Step

KEYS: Mapping[str, tuple[str, str]] = {
    "yes": ("Y", "Yes, it supports it"),
    "also": ("M", "Yes, and look at more"),
    "no": ("N", "No, the next one"),
    "none": ("X", "None of these"),
    "skip": ("S", "Skip"),
}
"""Each choice's key and what its button says."""
RETRY = "Nothing was stored. Try again."


def show() -> None:
    """The page from top to bottom."""
    st.title("Evidence")
    case = state.need_case()
    if case.documents is None:
        no_documents()
        return
    with state.problems_shown():
        plan_index(case, retrieving(case))  # Says what is wrong with the settings, whatever is left to confirm.
        split = chosen_split(case)
        examples = unnamed(case.examples(split))
        if not examples:
            all_named(case, split)
            return
        finding = plan_finding(case, split)
        if not finding.done:
            not_found_yet(case, finding, split, len(examples))
            return
        annotator = people.annotator()
        if annotator:
            confirming(str(case.folder), split, annotator)


def no_documents() -> None:
    """What to do where there is nothing to find evidence in."""
    st.info(
        "Evidence are the documents that hold an answer. Add some on the page Use case.",
        title="There are no documents yet",
        icon=":material/lightbulb:",
    )


def chosen_split(case: Case) -> Split:
    """Whose examples are looked at: the test set, which measures, or those that are trained on."""
    there = [split for split in reversed(SPLITS) if case.split_path(split).stat().st_size]
    name = chosen("split", there, there[0])
    if len(there) > 1:
        pick("Examples of the set", "split", there, name)
    return next(split for split in SPLITS if split == name)


def all_named(case: Case, split: str) -> None:
    """Nothing is left to confirm."""
    st.success(
        f"Each of the {len(case.examples(split)):,} {split} examples names the documents that support it: how well "  # type: ignore[arg-type]
        "these are found stands on the page Results.",
        title="Nothing is to be confirmed here",
        icon=":material/task_alt:",
    )


def not_found_yet(case: Case, finding: Finding, split: str, count: int) -> None:
    """The button that finds passages, or how far that is."""
    st.markdown(
        f"{words.count(count, 'example')} of the {split} set name no evidence, so how well it is found can't be "
        "measured. Passages are proposed where the answer stands in them, as retrieval ranks them; a person says which "
        "support it."
    )
    running = state.under_way(case)
    step = finding.plan.step(finding.retrieve)
    if (step.folder / "step.json").exists() and step.status == "failed":
        st.error(step.record.hint or "Run it again.", title=step.record.message, icon=":material/error:")
    if st.button("Find passages", type="primary", icon=":material/search:", disabled=running):
        state.start_evidence(case, split)
        st.rerun()
    state.show_command("evidence", case.name, *(["--split", split] if split != "test" else []))
    state.link(DOCUMENTS, "What was read of the documents", icon=":material/menu_book:")
    if running:
        progress(case, finding)


@st.fragment(run_every=1.0)
def progress(case: Case, finding: Finding) -> None:
    """How far the search is, looked at every second."""
    if not state.under_way(case):
        st.rerun()
    steps = [Step(case.workspace / "steps" / name) for name in (finding.index, finding.retrieve)]
    lines = [line for step in steps if (step.folder / "step.json").exists() for line in state.progress_of(step)[-1:]]
    st.progress(0.0, str(lines[-1]["phase"]) if lines else "starting")


# --- One example after the other ----------------------------------------------------------------------


@st.fragment
def confirming(folder: str, split: Split, annotator: str) -> None:
    """One example after the other; only this part of the page runs again after a key."""
    case = Case(Path(folder))
    with state.problems_shown():
        finding = plan_finding(case, split)
        examples = unnamed(case.examples(split))
        standings = read_standings(case.evidence_path)
        thin_progress(examples, standings)
        example = next_example(examples, standings)
        if example is None:
            ended(case, examples, standings, annotator)
            return
        proposals = state.proposing(finding).of(example)
        one_example(case, example, proposals, standings.get(example.id, Standing()), annotator)


def thin_progress(examples: Sequence[Example], standings: Mapping[str, Standing]) -> None:
    """How far it is, in one line."""
    mine = [standings[one.id] for one in examples if one.id in standings]
    settled, confirmed = sum(one.settled for one in mine), sum(bool(one.documents) for one in mine)
    text = f"{settled:,} of {len(examples):,} examples, {confirmed:,} with confirmed evidence"
    st.progress(settled / len(examples), text=text)


def next_example(examples: Sequence[Example], standings: Mapping[str, Standing]) -> Example | None:
    """The one that somebody went back to or stayed with, else the first that is not settled."""
    held = st.session_state.get("evidence held")
    stayed = next((one for one in examples if one.id == held), None)
    waiting = (one for one in examples if one.id not in standings or not standings[one.id].settled)
    return stayed or next(waiting, None)


def one_example(
    case: Case, example: Example, proposals: Sequence[Proposal], standing: Standing, annotator: str
) -> None:
    """The example, the passages proposed for it, and the keys; the passage that the keys are about stands out."""
    st.html(example_html(example))
    waiting = [one for one in proposals if one.passage.id not in standing.judged]
    if not proposals:
        st.caption("No passage holds the answer, and nothing was found for the question.")
    elif not any(one.holds for one in proposals):
        st.caption("The answer stands in no passage. These were found for the question.")
    answer = example.target or example.check
    said: dict[str, Verdict] = {click.passage: click.verdict for click in standing.clicks if click.passage}
    for number, one in enumerate(proposals, 1):
        verdict = said.get(one.passage.id)
        st.html(proposal_html(number, one, answer=answer, now=one in waiting[:1], verdict=verdict))
    keys(case, example, waiting, standing, annotator)


def keys(case: Case, example: Example, waiting: Sequence[Proposal], standing: Standing, annotator: str) -> None:
    """The choices, each with its key."""
    now = waiting[0].passage if waiting else None
    about = Click(
        example=example.id, verdict="skip", annotator=annotator, passage=now.id if now else "",
        document=now.document if now else "",
    )  # fmt: skip
    found, last = bool(standing.documents), len(waiting) == 1
    with st.container(horizontal=True, horizontal_alignment="center"):
        for choice, (key, label) in KEYS.items():
            if now is None and choice in ("yes", "also", "no"):
                continue
            st.button(
                "No others" if found and choice == "none" else label, key=f"evidence {choice}", shortcut=key,
                on_click=choose, args=(case, choice, about), kwargs={"found": found, "last": last},
                type="primary" if choice == "yes" else "secondary",
            )  # fmt: skip
        undo_button(case, about)
    st.caption(
        "Y, M and N are about the passage with the bold border; every key is stored at once. Evidence counts by "
        "document: one passage of each that supports the answer is enough. The examples stay as they were frozen. In a "
        "file instead:"
    )
    state.show_command("evidence", case.name, "--export", "evidence.jsonl")


def undo_button(case: Case, about: Click, label: str = "Undo") -> None:
    """Takes the last key back."""
    st.button(
        label, key="evidence undo", shortcut="U", on_click=take_back, args=(case, about), type="tertiary",
        icon=":material/undo:",
    )  # fmt: skip


def choose(case: Case, choice: str, about: Click, *, found: bool, last: bool) -> None:
    """A key was pressed: it is stored before anything else is shown.

    ``found``: whether evidence was confirmed already; ``last``: whether no other passage is proposed.
    """
    whole = {"passage": "", "document": ""}
    changes: Sequence[dict[str, str]] = {
        "yes": [{"verdict": "yes"}],
        "also": [{"verdict": "yes"}],
        "no": [{"verdict": "no"}, *([{"verdict": "none", **whole}] if last and not found else [])],
        "none": [] if found else [{"verdict": "none", **whole}],
        "skip": [] if found else [{"verdict": "skip", **whole}],
    }[choice]
    if store(case, [about.model_copy(update={**change, "at": time.time()}) for change in changes]):
        st.session_state.setdefault("evidence trail", []).extend([about.example] * len(changes))
        stays = (choice == "also" or (choice == "no" and found)) and not last
        st.session_state["evidence held"] = about.example if stays else None


def store(case: Case, clicks: Sequence[Click]) -> bool:
    """Write verdicts down; False, with a word to whoever gave them, where that is not possible."""
    try:
        note(case.evidence_path, clicks)
    except WorkbenchError as error:
        st.toast(f"{error.message} {RETRY}", icon=":material/error:")
        return False
    return True


def take_back(case: Case, about: Click) -> None:
    """Undo: this session's last key, else the last one about the example shown."""
    trail: list[str] = st.session_state.setdefault("evidence trail", [])
    back = trail[-1] if trail else about.example
    undone = Click(example=back, verdict="undo", annotator=about.annotator, at=time.time())
    if store(case, [undone]):
        del trail[-1:]
        st.session_state["evidence held"] = back


def ended(case: Case, examples: Sequence[Example], standings: Mapping[str, Standing], annotator: str) -> None:
    """Nothing is left: what was confirmed, and what to do with it."""
    confirmed = sum(bool(standings[one.id].documents) for one in examples)
    st.success(
        f"{confirmed:,} of {len(examples):,} examples have confirmed evidence. Measuring again takes "
        "seconds: what was answered stays.",
        title="Every example was looked at",
        icon=":material/task_alt:",
    )
    state.show_command("run", case.name)
    undo_button(case, Click(example=examples[-1].id, verdict="skip", annotator=annotator), "Undo my last choice")


if __name__ == "__main__":
    show()
