"""The dashboard's frame; `workbench app` opens it, and every page is a file in workbench/views."""

import streamlit as st

from workbench.views import frame

st.set_page_config(page_title="Workbench", page_icon="⚖️", layout="wide")
page = st.navigation(frame.pages(), position="hidden")
frame.sidebar()
page.run()
