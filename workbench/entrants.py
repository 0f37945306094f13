"""Who may be chosen: every candidate against the limits, the simplest first, and one that routes by segment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.candidate import APPROACHES, Approach
from workbench.cost import Measured, mean_seconds
from workbench.limits import LimitCheck, check_limits
from workbench.panel import Panel
from workbench.running_cost import RunningCost, running_cost
from workbench.segments import Found, Segments, find_segments, measured_router
from workbench.usecase import UseCase


@dataclass(frozen=True, eq=False)
class Entrants:
    """All that is compared, and what of it may be chosen."""

    panel: Panel
    """With a router, where the segments call for one."""
    measured: Mapping[str, Measured]
    checks: tuple[LimitCheck, ...]
    order: tuple[str, ...]
    """Names of those that are not shown to break a limit, the simplest first; a router comes after its parts."""
    costs: Mapping[str, RunningCost | None]
    """What a request costs by candidate."""
    found: Found | None
    """What the tags of the requests tell."""

    @property
    def segments(self) -> Segments | None:
        """Where another candidate is better."""
        return self.found.segments if self.found is not None else None

    @property
    def router(self) -> str:
        """The router's name; empty where there is none."""
        return self.found.segments.router if self.found is not None else ""


def entrants(use_case: UseCase, panel: Panel, measured: Mapping[str, Measured], *, routed: bool) -> Entrants:
    """Hold every candidate against the limits; ``routed``: look whether a router by segment is called for."""
    checks = _checks(use_case, panel, measured)
    order = _order(panel, measured, checks)
    found = find_segments(panel, order) if routed else None
    if found is not None and (router := found.router) is not None:
        taken = measured_router(found, panel, measured)
        found = replace(found, segments=found.segments.model_copy(update={"seconds": mean_seconds(taken)}))
        measured = {**measured, found.segments.router: taken}
        panel = replace(panel, candidates=(*panel.candidates, router))
        checks = _checks(use_case, panel, measured)
        order = _order(panel, measured, checks, router=router.name)
    return Entrants(panel, measured, checks, order, _costs(use_case, panel, measured, found), found)


def simplicity(name: str, approach: Approach, measured: Measured | None) -> tuple[int, float, str]:
    """What candidates are sorted by, the simplest first: the approach, then the seconds of an answer."""
    seconds = mean_seconds(measured)
    return APPROACHES.index(approach), float("inf") if seconds is None else seconds, name


def _checks(use_case: UseCase, panel: Panel, measured: Mapping[str, Measured]) -> tuple[LimitCheck, ...]:
    return tuple(
        check for one in panel.candidates for check in check_limits(one.name, measured.get(one.name), use_case)
    )


def _order(
    panel: Panel, measured: Mapping[str, Measured], checks: Sequence[LimitCheck], *, router: str = ""
) -> tuple[str, ...]:
    failed = {check.candidate for check in checks if check.status == "fail"}
    left = [one for one in panel.candidates if one.name not in failed]
    left.sort(key=lambda one: (one.name == router, *simplicity(one.name, one.approach, measured.get(one.name))))
    return tuple(one.name for one in left)


def _costs(
    use_case: UseCase, panel: Panel, measured: Mapping[str, Measured], found: Found | None
) -> dict[str, RunningCost | None]:
    """What a request costs by candidate; what a part of the router has learned by heart must be learned again."""
    approaches = {one.name: one.approach for one in panel.candidates}

    def retrieves(name: str) -> bool:
        parts = found.parts if found is not None and name == found.segments.router else (name,)
        return all("RAG" in approaches[part] for part in parts if "fine-tuning" in approaches[part])

    return {
        one.name: running_cost(one.name, measured.get(one.name), use_case, retrieves=retrieves(one.name))
        for one in panel.candidates
    }
