"""Results: the picture first, then every difference, then the tables, then the answers themselves."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from workbench.blocks import Answer, DifferencesChart, Quote
from workbench.case import Case
from workbench.charts import differences_title, gaps
from workbench.comparison import sentence
from workbench.figures import figure_of
from workbench.phrases import listed
from workbench.recommend import Recommendation
from workbench.results import Results
from workbench.score import METRICS
from workbench.sections.disagreements import verdict_of
from workbench.sections.evidence import differences, picture, tables
from workbench.sections.lost import lost
from workbench.sections.material import Material
from workbench.sections.retrieval import retrieval
from workbench.sections.segments import segments
from workbench.sections.stages import stages
from workbench.usecase import Example
from workbench.views import blocks, state, words
from workbench.views.failures import failures
from workbench.views.links import chosen, pick
from workbench.views.tables import Asked, examples_html

PAGE_SIZE = 10  # Examples on one page of answers.
CUT = {"length": "cut off", "too long": "the request left no room"}


def show() -> None:
    """The page from top to bottom."""
    st.title("Results")
    case = state.need_case()
    with state.problems_shown():
        results = state.results_of(case)
        if not results.candidates:
            nothing_yet(case, results)
            return
        recommendation = state.recommendation_of(case)
        material = Material(results, recommendation, state.audit_of(case))
        completeness(results)
        for number, block in enumerate(picture(material)[:2]):
            if block.kind != "heading":
                blocks.draw(block, f"picture {number}")
        compare(material, recommendation)
        for number, block in enumerate(tables(material)):
            blocks.draw(block, f"table {number}")
        for number, block in enumerate(segments(material)):
            blocks.draw(block, f"segments {number}")
        for number, block in enumerate(retrieval(material)):
            blocks.draw(block, f"retrieval {number}")
        for number, block in enumerate(stages(material)):
            blocks.draw(block, f"stages {number}")
        for number, block in enumerate(lost(material)):
            blocks.draw(block, f"lost {number}")
        failures(material)
        answers(results, [one.candidate for one in material.ran])


def nothing_yet(case: Case, results: Results) -> None:
    """What to do next where nothing is measured."""
    names = listed(results.waiting) if results.waiting else "no candidate"
    waiting = f"Not measured yet: {words.plain(names)}. The results appear here as soon as the first run is scored."
    state.nothing_measured(case, waiting, verb="run")


def completeness(results: Results) -> None:
    """Which candidates and examples are in no figure here, and why."""
    said = []
    if results.waiting:
        verb = "has" if len(results.waiting) == 1 else "have"
        said.append(f"{listed(results.waiting)} {verb} no finished run yet.")
    for one in results.candidates:
        planned = sum(name == one.name for name, _ in results.plan.runs)
        if len(one.runs) < planned:
            said.append(f"{one.name}: {len(one.runs)} of {planned} training seeds finished.")
    if results.excluded:
        said.append(
            f"{words.count(results.excluded, 'example')} of {len(results.examples):,} left out of every comparison, "
            "since a scorer failed there."
        )
    if said:
        st.info(words.plain(" ".join(said)), title="Not all is measured", icon=":material/info:")


# --- Differences --------------------------------------------------------------------------------------


def compare(material: Material, recommendation: Recommendation) -> None:
    """One candidate's paired differences from every other, and every pair below."""
    if not recommendation.comparisons:
        return
    names = [one.candidate for one in material.standings]
    subject = chosen("from", names, material.subject)
    shown = gaps(recommendation.comparisons, material.standings, subject=subject)
    title = differences_title(shown)
    cited(recommendation)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader(blocks.prose(title), width="stretch")
        pick("Seen from", "from", names, subject)
    block = DifferencesChart(
        title=title,
        metric=material.metric,
        gaps=shown,
        smallest_difference=material.results.use_case.smallest_difference,
    )
    blocks.plot(figure_of(block), "differences", alt=title)
    rest = [block for block in differences(material) if block.kind in ("table", "text")]
    with st.expander("Every pair, and how it was compared", expanded="comparison" in st.query_params):
        for number, each in enumerate(rest):
            blocks.draw(each, f"pair {number}")


def cited(recommendation: Recommendation) -> None:
    """The comparison that a reason links to."""
    wanted = st.query_params.get("comparison", "")
    if wanted.isdigit() and 1 <= int(wanted) <= len(recommendation.comparisons):
        one = recommendation.comparisons[int(wanted) - 1]
        st.info(f"{words.plain(sentence(one))}  \n:small[{words.plain(one.method)}]", title=f"Comparison {wanted}")


# --- Answers ------------------------------------------------------------------------------------------


def answers(results: Results, names: list[str]) -> None:
    """The answers: one example a row, candidates as columns."""
    st.subheader("The answers")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        only = st.toggle("Only where they disagree", True, key="disagree", bind="query-params")
        reference = chosen("against", names, names[0])
        pick("Won and lost against", "against", names, reference)
        find = st.text_input("Find in requests and answers", key="find", bind="query-params", width=260)
    shown = st.pills("Only these candidates", names, selection_mode="multi", key="columns", bind="query-params")
    columns = [name for name in names if name in shown] or names
    only = only and len(results.candidates) > 1
    positions = results.disagreements() if only else list(range(len(results.examples)))
    if find:
        positions = [i for i in positions if holds(results, columns, i, find)]
    if not positions:
        st.caption(nothing_found(find, only=only))
        return
    pages = -(-len(positions) // PAGE_SIZE)
    slot = st.container()
    page = st.pagination(pages, key="page", bind="query-params")
    start = (page - 1) * PAGE_SIZE
    here = positions[start : start + PAGE_SIZE]
    what = "on which they disagree, the most disputed first" if only else "in the order of the file"
    with slot:
        st.caption(
            f"{start + 1} to {start + len(here)} of {words.count(len(positions), 'example')} {what}. "
            "Where a candidate was trained with several seeds, the first one's answers are shown."
        )
        st.html(examples_html([asked(results, columns, i, reference=reference) for i in here]))


def nothing_found(find: str, *, only: bool) -> str:
    """Why no answer is shown."""
    if find:
        return "Nothing holds these words."
    return "They score alike on every example." if only else "There are no examples."


def holds(results: Results, columns: Sequence[str], position: int, find: str) -> bool:
    """Whether an example or one of the shown answers holds the words."""
    example, wanted = results.examples[position], find.casefold()
    texts = [
        example.question,
        example.target or example.check,
        *(state.answers_of(results, c)[example.id].text for c in columns),
    ]
    return any(wanted in one.casefold() for one in texts)


def asked(results: Results, columns: Sequence[str], position: int, *, reference: str) -> Asked:
    """One example with the answers of the shown candidates."""
    example = results.examples[position]
    mine = first_value(results, reference, position)
    sides = []
    for name in columns:
        value = first_value(results, name, position)
        sides.append(
            "" if name == reference or np.isnan(value - mine) or value == mine else "won" if value > mine else "lost"
        )
    return Asked(
        example=example.id,
        request=example.question,
        target=example.target or example.check,
        answers=tuple(answer(results, name, example, position) for name in columns),
        against=tuple(sides),
    )


def first_value(results: Results, name: str, position: int) -> float:
    """The primary score of a candidate's first run on one example."""
    return float(results.find(name).values[results.use_case.metric][0, position])


def answer(results: Results, name: str, example: Example, position: int) -> Answer:
    """What a candidate's first run answered, and how it was scored."""
    response = state.answers_of(results, name)[example.id]
    found = state.passages_of(results, name).get(example.id)
    texts = {passage.id: passage.text for passage in found.passages} if found else {}
    value = first_value(results, name, position)
    verdict = verdict_of(value, abstained=bool(results.find(name).abstained[0, position]))
    share = f"{100 * value:.0f} %" if verdict == "partly" and not METRICS[results.use_case.metric].binary else ""
    return Answer(
        candidate=name,
        approach=results.find(name).candidate.approach,
        text=response.text,
        verdict=verdict,
        remark=", ".join(part for part in (share, CUT.get(response.finish, "")) if part),
        passages=tuple(Quote(id=id, text=texts.get(id, "(its text was not kept)")) for id in response.passages),
    )


if __name__ == "__main__":
    show()
