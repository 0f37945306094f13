"""What people prefer, as far as it enters a recommendation and its report."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.analysis import Analysis
from workbench.case import Case
from workbench.database import FILE, URL_VARIABLE, open_database
from workbench.earnings import price
from workbench.errors import NotFound, WorkbenchError
from workbench.given import Given, read_given
from workbench.preference_analysis import preference_analysis
from workbench.preferred import Findings, findings_of
from workbench.queues import OpenQueue, queues
from workbench.usecase import Money, UseCase


def asked_people(case: Case) -> tuple[OpenQueue, ...]:
    """The queues of a use case, the oldest first; to look is not to make a database."""
    if not os.environ.get(URL_VARIABLE) and not (case.workspace / FILE).exists():
        return ()
    return queues(open_database(case.workspace), case.name)


def given_labels(case: Case) -> tuple[Given, ...]:
    """What people gave to each queue on test requests, the newest first; annotators are numbers."""
    found = [one for one in reversed(asked_people(case)) if one.queue.split == "test" and one.labels]
    return tuple(read_given(open_database(case.workspace), one).numbered() for one in found)


@dataclass(frozen=True)
class Deciding:
    """The labels that decide."""

    given: Given
    margin: float
    seeds: Mapping[str, int]
    """Trainings of each candidate that people were asked about as it is now."""
    money: Money
    """What a label costs."""

    judge_helps: bool = False
    """A judge's verdicts, corrected by these labels, count."""
    without: str = ""
    """An annotator whose labels are left out."""

    @property
    def annotators(self) -> tuple[str, ...]:
        """Everybody whose labels count."""
        labels = self.given.labels
        people = any(label.by == "person" for label in labels)
        return tuple(sorted({label.annotator for label in labels if not people or label.by == "person"}))

    def analysis(self, eligible: Sequence[str]) -> Analysis:
        """What they show, as scores would, for those who may be chosen, the simplest first."""
        found = findings_of(
            self.given, smallest_difference=self.margin, eligible=eligible, without=self.without,
            judge_helps=self.judge_helps,
        )  # fmt: skip
        return preference_analysis(
            found.rates, found.approaches, seeds=self.seeds, eligible=eligible, ask=_ask(found, self.money),
            helper=found.helper,
        )  # fmt: skip


def _ask(found: Findings, money: Money) -> str:
    """What to ask people next, and what that costs; empty where the question is settled."""
    stopping = found.stopping
    if stopping.stop and stopping.why not in ("budget spent", "out of reach"):
        return ""
    least, most = stopping.least, stopping.most
    many = "more labels"
    if least is not None:
        many = f"{least:,} more labels or so" if most is None else f"{least:,} to {most:,} more labels"
    each = money.cost_per_label
    if least is not None and each is not None:
        costs = list(dict.fromkeys(price(each * count, money.currency) for count in (least, most or least)))
        many += f" ({' to '.join(costs)})"
    return f"Ask people for {many} in the queue {found.queue.name}. {stopping.sentence}".strip()


def deciding_labels(given: Sequence[Given], use_case: UseCase, steps: Mapping[str, Sequence[str]]) -> Deciding:
    """The labels by which a use case is decided: of the queue it names or else of the one with most of them.

    ``steps``: those in which each candidate answered, by its name; people's choices count for candidates that still
    answer as they did when they were shown, however they are scored since, and a queue without two such is passed over.
    Raises NotFound where there is no such queue, and WorkbenchError where nobody has labelled, or where the candidates
    of all queues have changed since.
    """
    name, found = use_case.name, [one for one in given if use_case.queue in ("", one.queue.name)]
    if not found and use_case.queue:
        raise NotFound(
            f"{name} is decided by the queue {use_case.queue!r}, and nobody has labelled one of that name.",
            "Label it, or name another queue in the use case.",
        )
    if not found:
        raise WorkbenchError(
            f"{name} is decided by people's preference, and nobody has labelled yet.",
            f"Make a queue with `workbench queue {name} blind` and label it in the dashboard.",
        )
    by_labels = sorted(found, key=lambda one: -one.counted)
    for one in by_labels:
        shown = {each: set(own) for each, own in one.steps.items()}
        unchanged = {each: len(own) for each, own in shown.items() if each in steps and own <= {*steps[each], ""}}
        if len(unchanged) > 1:
            return Deciding(one, use_case.smallest_difference, unchanged, use_case.money, use_case.judge_helps)
    newest = by_labels[0].queue.name
    raise WorkbenchError(
        f"The candidates of the queue {newest} have changed since people chose between their answers.",
        f"Make a new queue: `workbench queue {name} NAME`.",
    )
