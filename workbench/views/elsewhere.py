"""Answers that were given elsewhere: a file, what it is, and one button."""

import streamlit as st

from workbench.answer_intake import USUAL, take_in
from workbench.candidate import APPROACHES, Approach
from workbench.case import Case
from workbench.intake import read_table
from workbench.views import state, words
from workbench.views.use_case import ENDINGS, NOT_THERE, kept

MEANINGS = {
    "candidate": "Who answered", "example": "Example", "response": "Answer", "score": "Score",
    "label": "Right or wrong", "seed": "Training seed", "seconds": "Seconds", "cost": "Cost",
}  # fmt: skip


def elsewhere(case: Case) -> None:
    """Take in a file of answers, which become candidates beside the others."""
    with st.expander("Answers from elsewhere", icon=":material/upload_file:"):
        st.caption(
            "Systems that run elsewhere can be compared, too: a table with one row for each answer, which says the "
            "test example (its id or its request) and the answer, and where there are any its score, seconds and cost."
        )
        left, right = st.columns([3, 2], gap="large")
        upload = left.file_uploader("Answers: CSV, JSONL, Parquet or XLSX", ENDINGS, key="elsewhere")
        approach: Approach = right.selectbox("They were given by", APPROACHES, key="elsewhere approach")
        if upload is None:
            state.show_command("import", case.name, "answers.csv")
            return
        with state.problems_shown():
            path = kept(upload)
            table = read_table(path)
            options = [NOT_THERE, *table.columns]
            grid = st.grid(4, min_column_width=160, gap="small")
            chosen = {}
            for meaning, label in MEANINGS.items():
                plain = {column.casefold().replace(" ", "_"): column for column in table.columns}
                guess = next((plain[name] for name in USUAL[meaning] if name in plain), NOT_THERE)
                with grid.container():
                    picked = st.selectbox(label, options, options.index(guess), key=f"elsewhere {meaning}")
                if picked != NOT_THERE:
                    chosen[meaning] = picked
            if st.button("Take them in", type="primary", icon=":material/download:"):
                found = take_in(case, path, columns=chosen, approach=approach)
                state.start(case, [one.name for one in found.candidates])
                told = [f"{words.count(found.answers, 'answer')} taken in.", *found.remarks()]
                st.success(" ".join(words.plain(text) for text in told), icon=":material/check_circle:")
                state.link(state.RUNS, "They are being scored: follow it", icon=":material/pending:")
