"""What people prefer, as far as it enters a recommendation and its report."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.analysis import Analysis
from workbench.case import Case
from workbench.database import FILE, URL_VARIABLE, open_database
from workbench.errors import NotFound, WorkbenchError
from workbench.preference_analysis import preference_analysis
from workbench.preferred import Findings, findings
from workbench.queues import queues
from workbench.usecase import UseCase


def labelled(case: Case, *, smallest_difference: float | None = None) -> tuple[Findings, ...]:
    """What the labels of every queue on test requests show, the newest first; nothing where nobody has labelled."""
    if not os.environ.get(URL_VARIABLE) and not (case.workspace / FILE).exists():
        return ()  # To look is not to make a database.
    database = open_database(case.workspace)
    found = [one for one in reversed(queues(database, case.name)) if one.queue.split == "test"]
    shown = (findings(database, one, smallest_difference=smallest_difference) for one in found)
    return tuple(one for one in shown if one.rates.labels)


@dataclass(frozen=True)
class Deciding:
    """The labels that decide."""

    found: Findings

    def covers(self, name: str) -> bool:
        """Whether people were asked about a candidate."""
        return name in self.found.queue.queue.names

    def analysis(self, eligible: Sequence[str], *, seeds: Mapping[str, int]) -> Analysis:
        """What they show, as scores would."""
        found = self.found
        more = ""
        if not found.stopping.stop or found.stopping.why in ("budget spent", "out of reach"):
            least, most = found.stopping.least, found.stopping.most
            many = "more labels" if least is None else f"{least:,} more labels" if most is None else _range(least, most)
            more = f"Ask people for {many} in the queue {found.queue.queue.name}. {found.stopping.sentence}".strip()
        return preference_analysis(found.rates, found.approaches, seeds=seeds, eligible=eligible, ask=more)


def _range(least: int, most: int) -> str:
    return f"{least:,} to {most:,} more labels"


def deciding_labels(case: Case, use_case: UseCase) -> Deciding:
    """The labels by which a use case is decided.

    Raises NotFound where there is no such queue, and WorkbenchError where nobody has labelled it.
    """
    found = labelled(case, smallest_difference=use_case.smallest_difference)
    wanted = [one for one in found if use_case.queue in ("", one.queue.queue.name)]
    if wanted:
        return Deciding(wanted[0])
    if use_case.queue:
        raise NotFound(
            f"{case.name} is decided by the queue {use_case.queue!r}, and nobody has labelled one of that name.",
            "Label it, or name another queue in the use case.",
        )
    raise WorkbenchError(
        f"{case.name} is decided by people's preference, and nobody has labelled yet.",
        f"Make a queue with `workbench queue {case.name} blind` and label it in the dashboard.",
    )
