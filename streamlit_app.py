"""The dashboard's frame; `workbench app` opens it, and every page is a file in workbench/views."""

import streamlit as st

from workbench.views import frame, people

st.set_page_config(page_title="Workbench", page_icon="⚖️", layout="wide")
page = st.navigation(frame.pages(), position="hidden")
if not people.asks_to_sign_in():
    frame.sidebar()
    page.run()
