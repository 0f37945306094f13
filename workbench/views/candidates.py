"""x."""

import streamlit as st

from workbench.views import state

st.title("Candidates")
case = state.need_case()
st.write(case.name)
