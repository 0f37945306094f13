"""What is chosen on a page lives in its link, so that a link shows a colleague the same view."""

from collections.abc import Sequence

import streamlit as st


def chosen(key: str, names: Sequence[str], default: str) -> str:
    """What the link says, where it is one of the names."""
    wanted = st.query_params.get(key, default)
    return wanted if wanted in names else default


def pick(label: str, key: str, names: Sequence[str], now: str) -> None:
    """A picker whose choice goes into the link."""

    def into_link() -> None:
        st.query_params[key] = st.session_state[f"pick {key} {now}"]

    st.selectbox(label, names, list(names).index(now), key=f"pick {key} {now}", on_change=into_link, width=220)
