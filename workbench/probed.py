"""What the finished probes of a use case gave, as the rows that their findings are made of."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from workbench.case import Case
from workbench.disturbed_rows import extra, usable
from workbench.errors import WorkbenchError
from workbench.examples import Examples
from workbench.phrases import agreeing
from workbench.plan import is_done
from workbench.probe import Cell, Probe, Probes
from workbench.probe_kinds import ProbeKind
from workbench.probe_rows import Probed, Values
from workbench.probes import plan_probes
from workbench.score_tables import score_table
from workbench.statistics.arrays import Floats
from workbench.workspace import Step, read_jsonl


def gather_probed(case: Case, means: Mapping[str, float], *, leaked: frozenset[str]) -> tuple[Probed, ...]:
    """The rows of every probe that is finished; ``leaked``: test examples that are in no comparison.

    Nothing where probes cannot be planned, as where a base model has gone.
    """
    try:
        probes = plan_probes(case, means)
    except WorkbenchError:
        return ()
    return read_probed(probes, leaked=leaked)


def read_probed(probes: Probes, *, leaked: frozenset[str]) -> tuple[Probed, ...]:
    """The rows of those probes whose steps are all done."""
    found = (_read(probe, probes, leaked) for probe in probes.probes if finished(probe, probes))
    return tuple(one for one in found if one is not None)


def finished(probe: Probe, probes: Probes) -> bool:
    """Whether every step of a probe is done."""
    return all(is_done(probes.plan.step(name)) for name in probe.steps)


def takes(probes: Probes, kind: ProbeKind) -> str:
    """What is still to be done for a kind, in words."""
    if all(finished(probe, probes) for probe in probes.of(kind)):
        return "Done"
    plan = probes.chosen([kind])
    waiting = [record.kind for name, record in plan.steps.items() if not is_done(plan.step(name))]
    trainings = waiting.count("train")
    trained = f", {trainings} of them {agreeing(trainings, 'a training', 'trainings')}" if trainings else ""
    return f"{len(waiting)} {agreeing(len(waiting), 'step', 'steps')} to do{trained}"


def _read(probe: Probe, probes: Probes, leaked: frozenset[str]) -> Probed | None:
    plan, examples = probes.plan, probes.plan.case.examples(probe.split)
    named = {cell.name: (cell.weights, _table(cell, probes, examples)) for cell in probe.cells}
    named |= extra(probe, plan, examples)
    clean = np.array([one.id not in leaked or probe.split == "train" for one in examples], dtype=np.bool_)
    kept = clean & usable(probe, plan, examples)
    if any(cell.name == "handed over" for cell in probe.cells):
        handed = plan.step(probe.cell("handed over").passages)
        kept &= _handed(handed, examples)
        if probe.kind == "gold":
            searched = plan.step(probe.cell("found").passages)
            named["right one found"] = ("", _right_found(searched, handed, examples))
    tables = [table for _, table in named.values()]
    kept &= ~np.isnan(np.concatenate(tables)).any(axis=0)
    places = np.flatnonzero(kept)
    if not len(places):
        return None
    return Probed(
        kind=probe.kind,
        about=probe.about,
        approach=probe.approach,
        left_out=int((clean & ~kept).sum()),
        items=tuple(examples[int(i)].id for i in places),
        clusters=tuple(examples[int(i)].cluster for i in places),
        cells=tuple(
            Values(
                name=name,
                weights=weights,
                values=tuple(tuple(round(value, 6) for value in row) for row in table[:, places].tolist()),
            )
            for name, (weights, table) in named.items()
        ),
    )


def _table(cell: Cell, probes: Probes, examples: Examples) -> Floats:
    """A cell's values by training (or draw) and example; NaN where there is none."""
    steps = [probes.plan.step(name) for name in cell.steps]
    if steps[0].record.kind == "draw":
        return _draws(steps[0], examples)
    table = score_table(steps, examples, cell.metric)
    assert table is not None
    return table


def _handed(step: Step, examples: Examples) -> NDArray[np.bool_]:
    """The examples whose right passages were there to be handed over: what they name is among the documents."""
    handed = {row["example"] for row in read_jsonl(step.path("retrieved.jsonl")) if row.get("handed")}
    return np.array([one.id in handed for one in examples], dtype=np.bool_)


def _right_found(searched: Step, handed: Step, examples: Examples) -> Floats:
    """Where one of the right passages is among those found. Shape (1, examples)."""
    found, right = (
        {
            row["example"]: {passage["id"] for passage in row["passages"]}
            for row in read_jsonl(step.path("retrieved.jsonl"))
        }
        for step in (searched, handed)
    )
    return np.array([[float(bool(found[one.id] & right[one.id])) for one in examples]])


def _draws(step: Step, examples: Examples) -> Floats:
    """The values of each example's drawn answers; examples that were not asked have none."""
    by_example: dict[str, list[float]] = {}
    for row in read_jsonl(step.path("draws.jsonl")):
        if row["value"] is not None:
            by_example.setdefault(row["example"], []).append(float(row["value"]))
    draws = max(map(len, by_example.values()), default=1)
    found = np.full((draws, len(examples)), np.nan)
    for place, example in enumerate(examples):
        values = by_example.get(example.id, [])
        if len(values) == draws:
            found[:, place] = values
    return found
