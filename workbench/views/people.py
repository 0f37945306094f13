"""Who is here: people sign in with Streamlit's own OIDC login where it is configured, else by name, among friends."""

import os

import streamlit as st

OWNERS_VARIABLE = "WORKBENCH_OWNERS"
"""Environment variable with the addresses of those who see everything, separated by commas; without it, all do."""


def login_configured() -> bool:
    """Whether the app's secrets configure a login."""
    return "is_logged_in" in st.user


def signed_in() -> str:
    """Who is signed in by the app's login; empty where nobody is or none is configured."""
    if not login_configured() or not st.user.is_logged_in:
        return ""
    return str(st.user.get("email") or st.user.get("name") or st.user.get("sub") or "")


def annotator() -> str:
    """The name under which choices are stored; empty where nobody has said who they are: then the page asks."""
    if login_configured():
        return signed_in()
    name = str(st.query_params.get("annotator", "")).strip()
    if name:
        return name
    with st.form("annotator", width=420):
        given = st.text_input("Your name", help="Your choices are stored under it; use the same one every time.")
        if st.form_submit_button("Begin", type="primary") and given.strip():
            st.query_params["annotator"] = given.strip()
            st.rerun()
    st.caption("Without a configured login anybody who can open this page can label, under any name.")
    return ""


def asks_to_sign_in() -> bool:
    """Whether nobody may see anything yet: a login is configured, and whoever is here has not used it."""
    if not login_configured() or st.user.is_logged_in:
        return False
    st.title("Workbench")
    st.info("What you choose is stored under your name.", title="Sign in to go on", icon=":material/login:")
    st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
    return True


def is_owner() -> bool:
    """Whether whoever is here sees everything, and not only what is to be labelled.

    Without a login everybody does who did not come by a link for annotators; that keeps them from seeing by accident
    whose answers they label, and nobody from looking.
    """
    if "only" in st.query_params:
        st.session_state["annotates only"] = True
    if st.session_state.get("annotates only"):
        return False
    if not login_configured():
        return True
    owners = {one.strip().casefold() for one in os.environ.get(OWNERS_VARIABLE, "").split(",") if one.strip()}
    if not st.user.is_logged_in or not owners:
        return bool(st.user.is_logged_in)
    # A name can be chosen freely; an address counts unless its provider says that it was not checked.
    checked = st.user.get("email_verified") is not False
    return checked and str(st.user.get("email") or "").casefold() in owners
