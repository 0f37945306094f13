"""x."""

import streamlit as st

from workbench.views import state

st.title("Runs")
case = state.need_case()
st.write(case.name)
