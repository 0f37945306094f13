"""The probes that change the passages of a retrieving candidate: their order, others among them, instructions in them.

They ask every test example once more for each change. Nothing is timed.
"""

from workbench.candidate import Candidate, Retrieval
from workbench.disturbance import Distracted, Disturbance, Planted, Reversed
from workbench.probe_kinds import ProbeKind
from workbench.probe_planner import Planner, changed

MORE = (2, 5)
"""Irrelevant passages that are put among the others."""
KINDS: tuple[ProbeKind, ...] = ("order", "distractors", "injection")


def plan_disturbed(planner: Planner) -> None:
    """Plan these probes for the best candidate of each approach that retrieves."""
    if not planner.retrieving:
        planner.missing |= dict.fromkeys(KINDS, "it needs a candidate that retrieves")
        return
    order(planner)
    distractors(planner)
    injection(planner)


def order(planner: Planner) -> None:
    """The same passages, the last first; of candidates whose answers are drawn, each is another one anyway."""
    why = ""
    for one, retrieval in planner.retrieving:
        if retrieval.passages == 1 and not retrieval.whole_documents:
            why = f"{one.name} is given a single passage, which has no order"
        elif one.decoding.temperature:
            why = f"{one.name} draws its answers, so they differ whatever the order"
        else:
            cells = {"found": one, "reversed": _with(one, retrieval, "reversed", Reversed())}
            planner.tried("order", [one], cells)
    if not planner.of("order"):
        planner.missing.setdefault("order", why)


def distractors(planner: Planner) -> None:
    """Irrelevant passages among the right ones or, where no example names its evidence, among those found."""
    for one, retrieval in planner.retrieving:
        start, alone = retrieval, one
        if planner.evidence_is_named:
            start = retrieval.model_copy(update={"gold": True})
            alone = changed(one, "gold", retrieval=start)
        more = {f"{n} more": _with(one, start, f"distracted-{n}", Distracted(count=n)) for n in MORE}
        name = "handed over" if planner.evidence_is_named else "found"
        planner.tried("distractors", [one], {name: alone, **more})


def injection(planner: Planner) -> None:
    """An instruction in one of the passages found, and one in a passage that a document written for it brings."""
    for one, retrieval in planner.retrieving:
        cells = {
            "found": one,
            "in a passage": _with(one, retrieval, "planted", Planted(where="passage")),
            "in a document": _with(one, retrieval, "poisoned", Planted(where="document")),
        }
        planner.tried("injection", [one], cells)


def _with(one: Candidate, retrieval: Retrieval, what: str, disturbance: Disturbance) -> Candidate:
    """A candidate that is handed changed passages."""
    return changed(one, what, retrieval=retrieval.model_copy(update={"disturbed": disturbance}))
