"""Whether a candidate's training will fit into memory, in full, with LoRA and with QLoRA side by side."""

import streamlit as st

from workbench.base_models import local_folder
from workbench.blocks import Column, Row, Table
from workbench.candidate import Candidate
from workbench.errors import WorkbenchError
from workbench.memory import Forecast, advice, forecasts, missed, read_shape
from workbench.views import state, words
from workbench.views.tables import table_html

LARGEST = 3  # Parts of a forecast that are named.


def room(candidate: Candidate, base_model: str) -> None:
    """The forecast of every stage, from the base model's config.json alone."""
    if not candidate.training:
        return
    label = "Will it fit into memory?"
    with st.expander(label, icon=":material/memory:", key=f"{candidate.name} room", on_change="rerun") as unfolded:
        if unfolded.open:
            _forecast(candidate, base_model)


def _forecast(candidate: Candidate, base_model: str) -> None:
    try:
        folder = local_folder(base_model)
        shape = read_shape(folder) if folder is not None else None
    except WorkbenchError as error:
        st.warning(error.hint, title=error.message)
        return
    if shape is None:
        st.caption(f"{words.plain(base_model)} is not on this machine. Its config.json is enough:")
        state.show_command("estimate", candidate.name, "--config", "config.json", "--gpu", "24GB")
        return
    machine = state.machine(str(state.workspace()))
    left, right = st.columns(2)
    on_gpu = left.toggle("On a GPU", machine.gpu is not None, key=f"{candidate.name} on gpu")
    usual = 24.0 if on_gpu and machine.gpu is None else float(round(machine.memory_gb))
    limit = right.number_input("Memory, in GB", 1.0, None, usual, 8.0, key=f"{candidate.name} memory {on_gpu}")
    for number, stage in enumerate(candidate.training, 1):
        found = forecasts(shape, stage, on_gpu=on_gpu)
        title = f"{stage.method}, stage {number}" if len(candidate.training) > 1 else stage.method
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
