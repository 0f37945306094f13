"""The report's typed blocks on a page: the same words, figures and pictures as in the export."""

import html

import plotly.graph_objects as go
import streamlit as st

from workbench import chart_parts
from workbench.blocks import Block, Chart, Heading, Items, Table, Text
from workbench.figures import figure_of
from workbench.plaintext import visible
from workbench.views import words
from workbench.views.tables import table_html

INK = {"light": "#1d1d24", "dark": "#ececf1"}  # The themes' text colours, as in .streamlit/config.toml.


def draw(block: Block, key: str) -> None:
    """Draw one block; ``key`` tells it from the others of its page."""
    if isinstance(block, Heading):
        st.subheader(prose(block.text))
    elif isinstance(block, Text):
        (st.caption if block.note else st.markdown)(prose(block.text))
    elif isinstance(block, Table):
        table(block)
    elif isinstance(block, Items):
        st.markdown("\n".join(f"- {prose(item.text)}" for item in block.items))
    elif isinstance(block, Chart):
        st.subheader(prose(block.title))
        plot(figure_of(block), key, alt=block.title)


def table(block: Table) -> None:
    """A table below its title; a folded one is a detail."""
    if block.folded:
        with st.expander(prose(block.title)):
            st.html(table_html(block))
        return
    st.markdown(f"**{prose(block.title)}**")
    st.html(table_html(block))


def plot(chart: go.Figure, key: str, *, alt: str) -> None:
    """A figure in the page's own type and ink; the marks keep their colours in light and in dark.

    What stands below the axis goes below the figure, where it may take several lines.
    """
    ink = INK["dark" if st.context.theme.type == "dark" else "light"]
    chart.update_layout(font={"color": ink, "family": "Source Sans, sans-serif"})
    below = chart.layout.xaxis.title.text
    chart.update_xaxes(title=None)
    with st.container(gap="xsmall"):
        st.plotly_chart(chart, key=key, theme=None, config=dict(chart_parts.CONFIG), alt=alt)
        if below:
            st.caption(prose(html.unescape(below)), text_alignment="center")


def prose(text: str) -> str:
    """A sentence that may quote users and models, as it is to be read."""
    return words.plain(visible(text))
