"""Whether a candidate's training will fit into memory, in full, with LoRA and with QLoRA side by side."""

import streamlit as st

from workbench.base_models import local_folder
from workbench.blocks import Column, Row, Table
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.effort import Gpu, effort, gpus, load_of_case
from workbench.errors import WorkbenchError
from workbench.memory import Forecast, advice, forecasts, missed, read_shape
from workbench.views import state, words
from workbench.views.tables import table_html

HERE = "this machine"
LARGEST = 3  # Parts of a forecast that are named.


def room(case: Case, candidate: Candidate) -> None:
    """The forecast of every stage, from the base model's config.json and the use case's rows."""
    if not candidate.training:
        return
    label = "Will it fit into memory, and how long will it take?"
    with st.expander(label, icon=":material/memory:", key=f"{candidate.name} room", on_change="rerun") as unfolded:
        if unfolded.open:
            _forecast(case, candidate, candidate.base_model or case.use_case.base_model)


def _forecast(case: Case, candidate: Candidate, base_model: str) -> None:
    try:
        folder = local_folder(base_model)
        shape = read_shape(folder) if folder is not None else None
        load = load_of_case(case)
    except WorkbenchError as error:
        st.warning(error.hint, title=error.message)
        return
    if shape is None:
        st.caption(f"{words.plain(base_model)} is not on this machine. Its config.json is enough:")
        state.show_command("estimate", candidate.name, "--config", "config.json", "--gpu", "24GB")
        return
    machine = state.machine(str(state.workspace()))
    left, right = st.columns(2)
    name = left.selectbox("On", [HERE, *gpus()], key=f"{candidate.name} machine")
    gpu = Gpu(name=HERE, memory_gb=machine.memory_gb) if name == HERE else gpus()[name]
    on_gpu = name != HERE or machine.gpu is not None
    usual = float(round(gpu.memory_gb))
    limit = right.number_input("Memory, in GB", 1.0, None, usual, 8.0, key=f"{candidate.name} memory {name}")
    for number, stage in enumerate(candidate.training, 1):
        found = forecasts(shape, stage, on_gpu=on_gpu)
        title = f"{stage.method}, stage {number}" if len(candidate.training) > 1 else stage.method
        took = effort(shape, stage, load, gpu)
        lasts = f": {words.duration(took.quick)} to {words.duration(took.slow)} for each seed" if took else ""
        st.markdown(f"**{words.plain(title)}**{lasts}")
        st.html(table_html(_table(title, found, limit)))
        for text in advice(found, stage, limit_gb=limit):
            st.markdown(f":small[:material/lightbulb: {words.plain(text)}]")
    past = missed(state.workspace())
    held = f" Trainings here held {min(past):.2f} to {max(past):.2f} of what was forecast." if past else ""
    st.caption(f"{shape.total / 1e9:.3g} billion weights. Good to 30 %.{held}")


def _table(title: str, found: tuple[Forecast, ...], limit: float) -> Table:
    columns = (Column(title="Way"), Column(title="GB"), Column(title="In"), Column(title="Most of it"))
    rows = tuple(
        Row(
            cells=(
                f"{one.way}, as set" if one is found[0] else one.way,
                f"{one.gb:.2f}",
                one.badge(limit),
                ", ".join(f"{part.what} {part.gb:.2f}" for part in one.parts[:LARGEST]),
            ),
            strong=one is found[0],
        )
        for one in found
    )
    return Table(title=title, columns=columns, rows=rows)
