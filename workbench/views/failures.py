"""Where the answers of candidates that retrieve are lost, with examples to open."""

import streamlit as st

from workbench.failures import CAUSES, Failures, failures_of
from workbench.sections.failures import failure_blocks, failure_examples
from workbench.sections.material import Material
from workbench.views import blocks
from workbench.views.tables import Asked, examples_html

MOST_SHOWN = 5
"""Examples of each cause that are shown."""


def failures(material: Material) -> None:
    """A tab for each candidate that retrieves; nothing where nobody does."""
    every = [failures_of(material.results, material.results.find(one.candidate)) for one in material.ran]
    found = [one for one in every if one is not None]
    if not found:
        return
    st.subheader("Where answers are lost")
    for tab, one in zip(st.tabs([blocks.prose(one.candidate) for one in found]), found, strict=True):
        with tab:
            for number, block in enumerate(failure_blocks(one)):
                blocks.draw(block, f"failures {one.candidate} {number}")
            examples(material, one)


def examples(material: Material, found: Failures) -> None:
    """The first examples of each cause."""
    standing = next(one for one in material.ran if one.candidate == found.candidate)
    for cause in found.causes:
        if not cause.examples:
            continue
        alone = found.model_copy(update={"causes": (cause,)})
        shown = failure_examples(material.results, standing, alone, most=MOST_SHOWN)
        told = f"{CAUSES[cause.cause][0]}: {len(shown)} of {len(cause.examples):,} examples"
        with st.expander(blocks.prose(told)):
            st.html(
                examples_html(
                    [
                        Asked(
                            example=one.example, request=one.request, target=one.target, answers=one.answers,
                            against=("",) * len(one.answers),
                        )
                        for one in shown
                    ]
                )
            )  # fmt: skip
