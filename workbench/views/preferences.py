"""The preferences of a use case, pairs and ratings: how many there are, what is wrong, and a way to give some."""

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from workbench.case import Case
from workbench.create import add_pairs, add_ratings
from workbench.intake import BINARY_SUFFIXES, TEXT_SUFFIXES, read_table
from workbench.pair_intake import PairCheck, check_pairs
from workbench.pairs import read_pairs
from workbench.rating_intake import RatingCheck, looks_rated
from workbench.ratings import read_ratings
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
    rated = read_ratings(case.ratings_path)
    if rated:
        good = sum(one.good for one in rated)
        st.markdown(f"{words.count(len(rated), 'rated answer')} to learn from, {good:,} of them good.")
    if not pairs and not rated:
        st.markdown("No preferences: candidates that learn from them (DPO, KTO, RLHF) can't be run.")
    with st.expander("Replace the preferences" if pairs or rated else "Give preferences"):
        upload = st.file_uploader(
            "Pairs, in the columns prompt, chosen and rejected; or rated answers: prompt, completion and label",
            ENDINGS,
            key="more pairs",
        )
        if st.button("Take them", disabled=upload is None) and upload is not None:
            with state.problems_shown(), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / upload.name
                path.write_bytes(bytes(upload.getbuffer()))
                take = add_ratings if looks_rated(read_table(path)) else add_pairs
                st.session_state["pairs taken"] = take(case, path)
                st.rerun()
    taken: PairCheck | RatingCheck | None = st.session_state.pop("pairs taken", None)
    if taken is not None:
        count = taken.pairs if isinstance(taken, PairCheck) else taken.ratings
        st.success(f"{words.count(count, 'row')} taken.")
        _remarks(taken)


def _remarks(found: PairCheck | RatingCheck) -> None:
    for text in found.remarks():
        st.markdown(f":small[:material/flag: {words.plain(text)}]")
