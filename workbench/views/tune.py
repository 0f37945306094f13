"""The form in which one candidate is tuned: made from its fields, beside the YAML and what differs from another."""

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st
from pydantic import BaseModel

from workbench.base_models import hosted_name
from workbench.blocks import Column, Row, Table
from workbench.candidate import Candidate, Decoding, EmbedderTuning, Hosted, Prompt, Retrieval
from workbench.case import Case
from workbench.stage import METHODS, Sft
from workbench.views import state, words
from workbench.views.fields import ADAPTERS, Knob, changed, differences, knobs
from workbench.views.tables import table_html

MOST_STAGES = 4

EMPTY: Mapping[str, str] = {
    "learning_rate": "chosen for you",
    "instruction": "the use case's",
    "endpoint": "$OPENAI_BASE_URL, or OpenAI's own",
    "patience": "never",
    "after_steps": "at the end",
}
"""What a field without a value means, where that is more than nothing."""


def tuned(candidate: Candidate) -> Candidate:
    """Draw the form of a candidate and return it as it is filled in.

    Raises ConfigError where the settings don't add up.
    """
    key = candidate.name
    names = ["Prompt", "Retrieval", "Training", "Decoding", "Hosted model"]
    parts = st.tabs(names)
    with parts[0]:
        base = st.text_input(
            "Base model", candidate.base_model or "", key=f"{key} base", placeholder="the use case's",
            help="`pocket`, a Hub id, a local folder, or `openai:` and a hosted model's name; empty: the use case's.",
        )  # fmt: skip
        prompt = form(Prompt, candidate.prompt, f"{key} prompt")
    with parts[1]:
        retrieval = None
        if st.toggle("Retrieve passages for each request", candidate.retrieval is not None, key=f"{key} retrieve"):
            before = candidate.retrieval or Retrieval()
            chosen = form(Retrieval, before, f"{key} retrieval", without=("gold", "disturbed"))
            retrieval = before.model_dump() | chosen | {"embedder_tuning": embedder_tuning(before, key)}
    with parts[2]:
        stages = training(candidate, key)
    with parts[3]:
        decoding = form(Decoding, candidate.decoding, f"{key} decoding")
    with parts[4]:
        hosted = candidate.hosted.model_dump()
        if hosted_name(base or candidate.base_model or "") is None:
            st.caption("For a base model behind an endpoint: name it as `openai:NAME` on the first tab.")
        else:
            hosted = form(Hosted, candidate.hosted, f"{key} hosted")
    turned = {
        "base_model": base or None,
        "prompt": prompt,
        "retrieval": retrieval,
        "training": stages,
        "decoding": decoding,
        "hosted": hosted,
    }
    # Where nothing is trained any more, nothing is left of how much of it acts.
    untrained = {} if stages else {"adapter_scale": 1.0, "after_steps": None, "train_share": 1.0}
    found = candidate.model_dump() | turned | untrained
    return Candidate.parse(found, where=f"The candidate {candidate.name}")


def embedder_tuning(retrieval: Retrieval, key: str) -> dict[str, Any] | None:
    """Whether the embedder is tuned, and how."""
    now = retrieval.embedder_tuning
    wanted = st.toggle(
        "Tune the embedder", now is not None, key=f"{key} tune the embedder",
        help="On the training questions and the passages that answer them, before anything is searched.",
    )  # fmt: skip
    return form(EmbedderTuning, now or EmbedderTuning(), f"{key} embedder") if wanted else None


def training(candidate: Candidate, key: str) -> list[dict[str, Any]]:
    """The stages, one after another; none is no training."""
    count = st.number_input(
        "Stages of training", 0, MOST_STAGES, len(candidate.training), key=f"{key} stages",
        help="0: the weights stay as they are. Each stage builds on the one before it.",
    )  # fmt: skip
    stages = []
    for n in range(int(count)):
        if count > 1:
            st.markdown(f"**Stage {n + 1}**")
        old = candidate.training[n] if n < len(candidate.training) else Sft()
        method = st.segmented_control(
            "Method", list(METHODS), default=old.method, required=True, key=f"{key} stage {n} method",
            help=" ".join(f"{name}: {(stage.__doc__ or '').splitlines()[0]}" for name, stage in METHODS.items()),
        )  # fmt: skip
        trained = METHODS[method]
        before = old if isinstance(old, trained) else trained()
        kinds = list(ADAPTERS)
        kind = st.segmented_control(
            "Adapter", kinds, default=before.adapter.kind, required=True, key=f"{key} stage {n} kind",
            help="lora: small matrices on frozen weights; qlora: the same on weights in 4 bits; full: all weights.",
        )  # fmt: skip
        model = ADAPTERS[kind]
        now = before.adapter if isinstance(before.adapter, model) else model()
        adapter = form(model, now, f"{key} stage {n} {kind}") | {"kind": kind}
        turned = form(trained, before, f"{key} stage {n} {method}")
        # What has no widget, such as the rewards of a stage, stays as it is.
        stages.append(before.model_dump() | turned | {"method": method, "adapter": adapter})
    return stages


def form(model: type[BaseModel], now: BaseModel, key: str, *, without: Collection[str] = ()) -> dict[str, Any]:
    """One widget for each plain field of a noun, but for those that are nothing to be turned."""
    found = {}
    turned = [knob for knob in knobs(model) if knob.name not in without]
    for start in range(0, len(turned), 2):
        for place, knob in zip(st.columns(2), turned[start : start + 2], strict=False):
            with place:
                found[knob.name] = widget(knob, getattr(now, knob.name), f"{key} {knob.name}")
    return found


def widget(knob: Knob, value: Any, key: str) -> Any:
    """The widget that suits a field."""
    label = knob.name.replace("_", " ").capitalize()
    note = knob.note or None
    if knob.kind == "switch":
        return st.toggle(label, value, key=key, help=note)
    if knob.kind == "choice":
        return st.selectbox(label, knob.choices, knob.choices.index(value), key=key, help=note)
    if knob.kind == "text":
        hint = EMPTY.get(knob.name, "none") if knob.optional else ""
        return st.text_input(label, value or "", key=key, help=note, placeholder=hint) or (
            None if knob.optional else ""
        )
    kind: Any = int if knob.kind == "whole" else float
    low, high, now = (None if bound is None else kind(bound) for bound in (knob.low, knob.high, value))
    found: float | None = st.number_input(
        label, low, high, now, 1 if kind is int else _step(knob, now), key=key, help=note,
        format="%d" if kind is int else "%g", placeholder=EMPTY.get(knob.name, "not set") if knob.optional else None,
    )  # fmt: skip
    return None if knob.optional and not found else found


def _step(knob: Knob, value: float | None) -> float:
    """How far one click turns a number."""
    if value is None or not value:
        return 0.0001 if knob.optional else 0.05
    return 1.0 if value >= 2 else 0.05


def beside(candidate: Candidate, others: list[Candidate]) -> None:
    """The YAML of a candidate, or only what it has differently from another or from the defaults."""
    names = ["the defaults", *(other.name for other in others if other.name != candidate.name)]
    only = st.toggle("Show differences only", key="diff", bind="query-params")
    if not only:
        st.code(candidate.to_yaml(), language="yaml", wrap_lines=True)
        return
    with_whom = st.selectbox("Beside", names, key="beside", bind="query-params")
    if with_whom == "the defaults":
        found = changed(candidate)
    else:
        found = differences(candidate, next(other for other in others if other.name == with_whom))
    if not found:
        st.caption(f"No setting differs from {words.plain(str(with_whom))}.")
        return
    rows = tuple(Row(cells=(each.path, _shown(each.one), _shown(each.other))) for each in found)
    columns = (Column(title="Setting"), Column(title=candidate.name), Column(title=str(with_whom)))
    st.html(table_html(Table(title="", columns=columns, rows=rows)))


def _shown(value: Any) -> str:
    return "not there" if value is None else str(value)


def keep(case: Case, before: Candidate, after: Candidate, *, known: dict[str, Candidate]) -> None:
    """A name for the tuned candidate, and the button that adds it to the chosen ones."""
    turned = differences(after, before)
    proposal = before.name if before.name not in known or not turned else f"{before.name}-tuned"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Keep it as", proposal, key=f"{before.name} keep as {bool(turned)}")
        pressed = st.button("Keep this candidate", icon=":material/save:", disabled=not turned)
    st.caption(
        f"{words.count(len(turned), 'setting')} turned." if turned else "Turn a setting to keep a new candidate."
    )
    if pressed:
        kept = Candidate.parse(after.model_dump() | {"name": name}, where=f"The candidate {name!r}")
        chosen = {one.name: one for one in case.candidates()} | {kept.name: kept}
        case.choose(chosen.values())
        state.go(state.CANDIDATES, case=case.name, candidate=kept.name)
