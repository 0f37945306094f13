"""The preference pairs of a use case: how many there are, what is wrong with them, and a way to give some."""

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from workbench.case import Case
from workbench.create import add_pairs
from workbench.intake import BINARY_SUFFIXES, TEXT_SUFFIXES
from workbench.pair_intake import PairCheck, check_pairs
from workbench.pairs import read_pairs
from workbench.views import state, words

ENDINGS = [suffix.removeprefix(".") for suffix in TEXT_SUFFIXES + BINARY_SUFFIXES]
SHOWN = 50  # Pairs that are shown.


def preferences(case: Case) -> None:
    """What there is, and a way to replace it."""
    pairs = read_pairs(case.pairs_path)
    if pairs:
        _, found = check_pairs(pairs, held_out=[one for split in ("dev", "test") for one in case.examples(split)])
        st.markdown(f"{words.count(len(pairs), 'preference pair')} to learn from.")
        _remarks(found)
        rows = [{"request": p.messages[-1].content, "preferred": p.chosen, "other": p.rejected} for p in pairs[:SHOWN]]
        with st.expander("See the pairs"):
            st.dataframe(pd.DataFrame(rows), hide_index=True, height=240)
    else:
        st.markdown("No preference pairs: candidates that learn from them (DPO, KTO, RLHF) can't be run.")
    with st.expander("Replace the preference pairs" if pairs else "Give preference pairs"):
        upload = st.file_uploader(
            "A file with one pair a row, in the columns prompt, chosen and rejected",
            ENDINGS,
            key="more pairs",
        )
        if st.button("Take them", disabled=upload is None) and upload is not None:
            with state.problems_shown(), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / upload.name
                path.write_bytes(bytes(upload.getbuffer()))
                st.session_state["pairs taken"] = add_pairs(case, path)
                st.rerun()
    taken: PairCheck | None = st.session_state.pop("pairs taken", None)
    if taken is not None:
        st.success(f"{words.count(taken.pairs, 'pair')} taken.")
        _remarks(taken)


def _remarks(found: PairCheck) -> None:
    for text in found.remarks():
        st.markdown(f":small[:material/flag: {words.plain(text)}]")
