"""Use case: the question, the measure and the limits; the data, and what is wrong with it, worst first."""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from workbench.audit import Audit
from workbench.case import SPLITS, Case
from workbench.create import (
    Files,
    add_documents,
    create_from_files,
    mend_case,
    retrieve_solved_examples,
)
from workbench.document_kinds import KINDS, readable_suffixes
from workbench.examples import Examples
from workbench.finding import SPLIT_NAMES, Finding, Severity
from workbench.intake import BINARY_SUFFIXES, TEXT_SUFFIXES, Columns, guess_columns, read_table
from workbench.table import Table
from workbench.usecase import UseCase
from workbench.views import state, words
from workbench.views.preferences import preferences
from workbench.views.settings import changes, settings
from workbench.views.state import CANDIDATES, USE_CASE

ENDINGS = [suffix.removeprefix(".") for suffix in TEXT_SUFFIXES + BINARY_SUFFIXES]
DOCUMENT_ENDINGS = [suffix.removeprefix(".") for suffix in readable_suffixes()]
PREVIEW = 8  # Rows of an uploaded file that are shown.
MOST_ROWS = 200  # Rows of one finding, and of one split, that are shown.
FIELDS = {
    "input": "Request",
    "target": "Reference answer",
    "check": "Check",
    "messages": "Conversation",
    "context": "Text below the request",
    "id": "Id",
    "group": "Group",
    "evidence": "Supporting documents",
    "tags": "Segments",
}
COMMON = ("input", "target")
NOT_THERE = "(none)"
BADGES: dict[Severity, tuple[str, str, str]] = {
    "error": ("must be mended", "red", ":material/error:"),
    "warning": ("may mislead", "orange", ":material/warning:"),
    "note": ("worth knowing", "gray", ":material/info:"),
}


def show() -> None:
    """The page from top to bottom."""
    case = state.current_case()
    if case is None or "new" in st.query_params:
        st.title("New use case")
        create()
    else:
        st.title("Use case")
        existing(case)


# --- A new one ----------------------------------------------------------------------------------------


def create() -> None:
    """Files, columns, settings, and one button."""
    st.markdown(
        "Give examples of requests with their right answers. One file is split into training and test by group, "
        "without leaking near-duplicates; where you have a test set of your own, give it too."
    )
    left, right = st.columns(2, gap="large")
    train = left.file_uploader("Examples: CSV, JSONL, Parquet or XLSX", ENDINGS, key="new train")
    test = right.file_uploader("Test examples, where they are a file of their own", ENDINGS, key="new test")
    documents = st.file_uploader(
        f"Documents to retrieve from, where there are any: {KINDS}", DOCUMENT_ENDINGS,
        accept_multiple_files=True, key="new documents",
    )  # fmt: skip
    solved = st.checkbox(
        "Retrieve from the solved training examples, too", key="new solved",
        help="For each request, the training examples most like it, with their answers, can go into the prompt.",
    )  # fmt: skip
    if train is None:
        st.caption("Next: the first rows, what each column means, and the settings. Nothing leaves this machine.")
        state.show_command("new", "my-case", "--train", "train.csv", "--input", "text", "--target", "category")
        return
    paths = {"train": kept(train)} | ({"test": kept(test)} if test is not None else {})
    folder = kept_all(documents)
    with state.problems_shown():
        table = read(str(paths["train"]))
        if "test" in paths:
            read(str(paths["test"]))
        columns = mapped(table)
        finish(paths, columns, documents=folder, solved=solved)


@st.cache_resource
def upload_folder() -> tempfile.TemporaryDirectory[str]:
    """Where uploaded files lie until a use case is made of them; gone with this process."""
    return tempfile.TemporaryDirectory(prefix="workbench-")


def kept(upload: Any) -> Path:
    """An uploaded file on disk, under its own name."""
    path = Path(upload_folder().name) / str(upload.file_id) / Path(str(upload.name)).name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(upload.getbuffer())
    return path


def kept_all(uploads: list[Any]) -> Path | None:
    """A folder of uploaded documents; None where there are none."""
    if not uploads:
        return None
    folder = Path(upload_folder().name) / "-".join(sorted(upload.file_id for upload in uploads))[:120]
    folder.mkdir(parents=True, exist_ok=True)
    for upload in uploads:
        (folder / Path(upload.name).name).write_bytes(upload.getbuffer())
    return folder


@st.cache_resource(max_entries=8, show_spinner="Reading the file …")
def read(path: str) -> Table:
    """An uploaded file as a table."""
    return read_table(Path(path))


def mapped(table: Table) -> Columns:
    """What each column means: guessed, and to be corrected."""
    st.subheader(f"{words.count(len(table), 'row')} of {words.plain(table.source)}")
    st.dataframe(pd.DataFrame(table.rows[:PREVIEW], columns=list(table.columns)), hide_index=True, height="content")
    guess = guess_columns(table).named()
    options = [NOT_THERE, *table.columns]
    usual = [field for field in FIELDS if field in COMMON or field in guess]

    def choose(fields: list[str]) -> dict[str, str]:
        found = {}
        for place, field in zip(st.columns(max(2, len(fields))), fields, strict=False):
            start = options.index(guess.get(field, NOT_THERE))
            found[field] = place.selectbox(FIELDS[field], options, start, key=f"column {field} {table.source}")
        return found

    chosen = choose(usual)
    rare = [field for field in FIELDS if field not in usual]
    with st.expander("Columns with another meaning"):
        chosen |= choose(rare)
    return Columns(**{field: column for field, column in chosen.items() if column != NOT_THERE})


def finish(paths: dict[str, Path], columns: Columns, *, documents: Path | None, solved: bool) -> None:
    """The settings of the new use case, and the button that makes it."""
    st.subheader("Settings")
    name = st.text_input(
        "Name", words.slug(paths["train"].stem) or "my-case", key=f"new name {paths['train'].name}",
        help="Small letters, digits, - . _; also the folder's name.",
    )  # fmt: skip
    found = settings(UseCase(name="new"), "new")
    made = st.button("Make the use case", type="primary", icon=":material/add:")
    named = columns.named()
    state.show_command(
        "new", name, "--train", paths["train"].name,
        *(["--test", paths["test"].name] if "test" in paths else []),
        *(["--documents", "documents/"] if documents else []),
        *(["--solved-examples"] if solved else []),
        *[part for field, column in named.items() if field != "context" for part in (f"--{field}", column)],
        "--metric", found["metric"],
    )  # fmt: skip
    if made:
        use_case = UseCase.parse({"name": name} | found, where="These settings")
        files = Files(
            train=paths["train"], test=paths.get("test"), documents=documents, solved_examples=solved, columns=columns
        )
        with st.spinner("Reading, splitting and freezing the examples …"):
            created = create_from_files(state.workspace(), use_case, files)
        if created.left_out:
            st.session_state["told"] = f"{words.count(created.left_out, 'exact repeat')} left out before splitting."
        state.go(USE_CASE, case=created.case.name)


# --- One that is there --------------------------------------------------------------------------------


def existing(case: Case) -> None:
    """What it asks, and what is wrong with its data."""
    if told := st.session_state.pop("told", None):
        st.toast(told)
    with state.problems_shown():
        before = state.marks(case)[USE_CASE]
        audit = state.audit_of(case)
        if state.marks(case)[USE_CASE] != before:
            st.rerun()  # The mark in the sidebar was drawn before the data were checked.
        overview(case, audit)
        st.subheader("The question")
        edit(case)
        st.subheader(what_is_wrong(audit))
        findings(case, audit)
    st.subheader("Examples, documents and preferences")
    with state.problems_shown():
        examples(case)
        documents_of(case)
        preferences(case)
        state.link(CANDIDATES, "Choose the candidates", icon=":material/arrow_forward:")


def overview(case: Case, audit: Audit) -> None:
    """How much there is, and the sentence that matters most."""
    st.markdown(f"**{words.plain(case.name)}**")
    with st.container(border=True):
        with st.container(horizontal=True, gap="large"):
            for split in SPLITS:
                st.metric(SPLIT_NAMES[split].capitalize(), f"{audit.sizes[split]:,}", width="content")
            st.metric("Documents", f"{number_of_documents(case):,}", width="content")
        st.markdown(f":material/straighten: {words.plain(audit.smallest_difference)}")


def number_of_documents(case: Case) -> int:
    """How many files there are to retrieve from."""
    return 0 if case.documents is None else sum(path.is_file() for path in case.documents.rglob("*"))


def edit(case: Case) -> None:
    """The settings, saved at the press of a button."""
    now = case.use_case
    found = settings(now, case.name)
    after = UseCase.parse(now.model_dump() | found, where="These settings")
    changed = changes(now, after)
    with st.container(horizontal=True, vertical_alignment="center"):
        save = st.button("Save the settings", type="primary" if changed else "secondary", disabled=not changed)
        st.caption(
            f"Changed: {', '.join(changed)}." if changed else "Saved. Changing what a step depends on runs it again."
        )
    if save:
        case.save(after)
        st.rerun()


def what_is_wrong(audit: Audit) -> str:
    """The finding about the data as a title."""
    worst = [finding for finding in audit.findings if finding.severity == "error"]
    if worst:
        return f"{words.count(len(worst), 'thing')} must be mended before the figures mean anything"
    if audit.findings:
        return f"Nothing must be mended; {words.count(len(audit.findings), 'thing')} to know about the data"
    return "Nothing is wrong with the data"


def findings(case: Case, audit: Audit) -> None:
    """Each finding with its rows and the button that mends it."""
    if not audit.findings:
        st.caption("No repeats, no leaks, no empty or over-long rows, no contradicting answers.")
    busy = state.under_way(case)
    for number, found in enumerate(audit.findings):
        label, colour, icon = BADGES[found.severity]
        with st.container(border=True, gap="xsmall"):
            badge, top, button = st.columns([2, 7, 2], vertical_alignment="center")
            badge.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]
            top.markdown(f"{words.plain(found.message)}  \n:gray[{words.plain(found.hint)}]")
            if found.mendable and button.button(
                f"Leave out {words.count(len(found.drop), 'row')}", key=f"mend {number} {found.kind}", disabled=busy,
                help="Leaves those rows out of the frozen examples; runs on the earlier ones are not shown any more.",
            ):  # fmt: skip
                dropped = mend_case(case, [found])
                st.session_state["told"] = f"Left out {words.count(sum(dropped.values()), 'row')}."
                st.rerun()
            if found.rows:
                many = words.count(len(found.rows), "row")
                with st.expander(f"The {many}", key=f"rows {number}", type="compact", on_change="rerun") as rows:
                    if rows.open:
                        st.dataframe(rows_of(case, found), hide_index=True, height="content")
    if any(found.mendable for found in audit.findings):
        state.show_command("check", case.name, "--mend")
    else:
        state.show_command("check", case.name)


def rows_of(case: Case, found: Finding) -> pd.DataFrame:
    """The rows of a finding beside what they repeat or contradict."""
    own = by_id(case.examples(found.split))
    others = by_id(case.examples(found.partner_split)) if found.partner_split else {}
    numbers = found.numbers or ("",) * len(found.rows)
    partners = found.partners or ("",) * len(found.rows)
    table = []
    for row, number, partner in list(zip(found.rows, numbers, partners, strict=True))[:MOST_ROWS]:
        request, target = own.get(row, ("", ""))
        line = {"row": number, "id": row, "request": request, "answer": target}
        if partner:
            line |= {"beside": partner, "its request": others.get(partner, ("", ""))[0]}
            line |= {"its answer": others.get(partner, ("", ""))[1]}
        table.append(line)
    return pd.DataFrame(table)


def by_id(found: Examples) -> dict[str, tuple[str, str]]:
    """Request and answer of each example."""
    return {example.id: (example.question, example.target or example.check) for example in found}


def examples(case: Case) -> None:
    """The frozen examples, one split at a time."""
    split = st.segmented_control(
        "Split", list(SPLITS), default="test", required=True, key="split", bind="query-params",
        format_func=lambda name: SPLIT_NAMES[name].capitalize(), label_visibility="collapsed",
    )  # fmt: skip
    found = case.examples(split)
    checked = any(one.check for one in found)
    shown = [
        {"id": one.id, "request": one.question, "answer": one.target, "group": one.group, "tags": ", ".join(one.tags)}
        | ({"check": one.check} if checked else {})
        for one in found[:MOST_ROWS]
    ]
    if not shown:
        st.caption(f"There are no {SPLIT_NAMES[split]} examples.")
        return
    st.dataframe(pd.DataFrame(shown), hide_index=True, height=280)
    if len(found) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {len(found):,}.")


def documents_of(case: Case) -> None:
    """What can be retrieved from, and a way to add to it."""
    count = number_of_documents(case)
    st.markdown(
        f"{words.count(count, 'document')} to retrieve from."
        if count
        else "No documents: candidates with retrieval can't be run."
    )
    with st.expander("Add documents"):
        uploads = st.file_uploader(
            f"Documents: {KINDS}",
            DOCUMENT_ENDINGS,
            accept_multiple_files=True,
            key="more documents",
        )
        solved = st.checkbox("The solved training examples", key="more solved")
        if st.button("Add them", disabled=not (uploads or solved)):
            add_documents(case, {upload.name: bytes(upload.getbuffer()) for upload in uploads})
            if solved:
                retrieve_solved_examples(case)
            st.rerun()


if __name__ == "__main__":
    show()
