"""Documents: what was read and what not, what each way of searching finds, and the passages of a document."""

from pathlib import Path

import streamlit as st

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.documents import Reading, Shelf, plan_index, reading, retrieving, unread_table
from workbench.errors import WorkbenchError
from workbench.lookup import Desk, Lookup
from workbench.plan import Plan
from workbench.views import blocks, state, words
from workbench.views.hits_html import hits_html, passages_html, turns_html
from workbench.views.links import chosen, pick
from workbench.views.state import USE_CASE
from workbench.workspace import Step

PAGE_SIZE = 20  # Passages on one page.
MOST_NAMES = 500  # Documents in the picker; the others are found by part of their name.


def show() -> None:
    """The page from top to bottom."""
    st.title("Documents")
    case = state.need_case()
    if case.documents is None:
        none_yet()
        return
    with state.problems_shown():
        candidates = retrieving(case)
        names = [one.name for one in candidates]
        name = chosen("candidate", names, names[0])
        candidate = next(one for one in candidates if one.name == name)
        if len(names) > 1:
            pick("As this candidate reads them", "candidate", names, name)
        plan, steps = plan_index(case, candidates)
        step = plan.step(steps[name])
        found = reading(step)
        if found is None:
            not_read(case, plan, steps[name])
            return
        what_was_read(found)
        search(case, candidate, step)
        st.space("small")
        browse(step)


def none_yet() -> None:
    """What to do where there is nothing to retrieve from."""
    st.info(
        "Candidates with retrieval look passages up in documents. Add some on the page Use case: files, folders or zip "
        "archives.",
        title="There are no documents yet",
        icon=":material/lightbulb:",
    )
    state.link(USE_CASE, "Add documents", icon=":material/upload_file:")


def not_read(case: Case, plan: Plan, name: str) -> None:
    """The button that reads the documents, how far that is, or why it did not end."""
    running = state.under_way(case)
    step = plan.step(name)
    there = (step.folder / "step.json").exists()
    if there and step.status == "failed":
        record = step.record
        st.error(record.hint or "Run it again.", title=record.message, icon=":material/error:")
    files = sum(path.is_file() for path in (case.documents or Path()).rglob("*"))
    st.markdown(
        f"{words.count(files, 'file')} to read. Reading cuts them into passages and gives each its vector; "
        "a run does it, too, and only what changed is read again."
    )
    if st.button("Read the documents", type="primary", icon=":material/menu_book:", disabled=running):
        state.start_documents(case)
        st.rerun()
    state.show_command("documents", case.name)
    if running:
        progress(case, name)


@st.fragment(run_every=1.0)
def progress(case: Case, name: str) -> None:
    """How far the reading is, looked at every second."""
    if not state.under_way(case):
        st.rerun()
    step = Step(case.workspace / "steps" / name)
    lines = state.progress_of(step) if (step.folder / "step.json").exists() else []
    if not lines:
        st.progress(0.0, "starting")
        return
    last = lines[-1]
    done, total = last.get("step") or 0, last.get("total") or 0
    of = f": {done:,} of {total:,}" if total else ""
    st.progress(min(1.0, done / total) if total else 0.0, f"{last['phase']}{of}")


def what_was_read(found: Reading) -> None:
    """Counts, and what could not be read with its reason."""
    with st.container(horizontal=True, gap="large"):
        for title, number in (
            ("Documents", found.documents), ("Passages", found.passages), ("Repeats left out", found.repeats),
            ("Not read", found.unread),
        ):  # fmt: skip
            st.metric(title, f"{number:,}", width="content")
    if found.unread:
        blocks.table(unread_table(found))


# --- Search -------------------------------------------------------------------------------------------


def search(case: Case, candidate: Candidate, step: Step) -> None:
    """A search box, the ranks of each way side by side, and the prompt that would be sent."""
    st.subheader("Search")
    examples = [one.question for one in case.examples("dev")[:1]] or [one.question for one in case.examples("test")[:1]]
    asked = st.text_input(
        "Question", key="q", bind="query-params", placeholder=f"such as: {examples[0]}" if examples else "",
        label_visibility="collapsed",
    )  # fmt: skip
    if not asked.strip():
        state.show_command("documents", case.name, "--search", (examples or ["..."])[0])
        return
    try:
        with st.spinner("Searching; the first question loads the embedder …"):
            found = look_up(case, candidate, step, asked.strip())
    except WorkbenchError as error:
        desk_of.clear()
        state.show_problem(error)
        return
    ranks(found, candidate)
    prompt(found, candidate)
    state.show_command("documents", case.name, "--candidate", candidate.name, "--search", asked.strip())


def look_up(case: Case, candidate: Candidate, step: Step, question: str) -> Lookup:
    """What is found; a process that has ended is started anew."""
    desk = desk_of(str(step.folder))
    if not desk.alive:
        desk_of.clear()
        desk = desk_of(str(step.folder))
    return desk.ask(case, candidate, question)


@st.cache_resource(max_entries=2, ttl=1800, show_spinner=False, on_release=lambda desk: desk.close())
def desk_of(folder: str) -> Desk:
    """The process that searches an index, kept for half an hour."""
    return Desk(Step(Path(folder)))


def ranks(found: Lookup, candidate: Candidate) -> None:
    """The three lists side by side; the candidate's own says so."""
    retrieval = candidate.retrieval
    assert retrieval is not None
    lists = (
        ("dense", "By meaning", "cosine of the vectors", found.dense, 3),
        ("lexical", "By words", "BM25 weight", found.lexical, 1),
        ("hybrid", "By both", "weighed together, at most 1", found.both, 3),
    )
    grid = st.grid(3, min_column_width=250, gap="medium")
    for way, title, scale, places, digits in lists:
        with grid.container():
            own = " :blue-badge[its own way]" if way == retrieval.search else ""
            st.markdown(f"**{title}**{own}  \n:small[:gray[{scale}]]")
            st.html(hits_html(found, places, digits=digits))
            if not places:
                st.caption("Nothing shares a word with it.")


def prompt(found: Lookup, candidate: Candidate) -> None:
    """The conversation that the model would be sent."""
    tokens = f", {found.tokens:,} tokens" if found.tokens is not None else ""
    with st.expander(
        f"What {words.plain(candidate.name)} would send: {words.count(len(found.handed), 'passage')}{tokens}, "
        f"found in {1000 * found.seconds:.0f} ms",
        expanded=True,
    ):
        st.html(turns_html(found.turns, found.words))
    if candidate.retrieval is not None and candidate.retrieval.query != "as_is":
        st.caption("In a run a model also says what to search for; here the question is searched for as it is.")


# --- Passages of a document -----------------------------------------------------------------------------


def browse(step: Step) -> None:
    """The passages of one document."""
    st.subheader("Passages of a document")
    shelved = state.shelf_of(step)
    find = st.text_input("Part of its name", key="document like", width=320) if len(shelved.places) > MOST_NAMES else ""
    names = [name for name in shelved.places if find.casefold() in name.casefold()][:MOST_NAMES]
    if not names:
        st.caption("No document is named like that.")
        return
    name = chosen("document", names, names[0])
    pick("Document", "document", names, name)
    passages_of(shelved, name)


def passages_of(shelved: Shelf, name: str) -> None:
    """A document's passages, paged."""
    count = len(shelved.places[name])
    pages = -(-count // PAGE_SIZE)
    page = st.pagination(pages, key=f"page of {name}") if pages > 1 else 1
    found = shelved.passages(name)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    st.caption(f"{words.count(count, 'passage')}, cut at headings and sentences.")
    st.html(passages_html(found))


if __name__ == "__main__":
    show()
