"""What the labels of a queue show: win rates, agreement, how each annotator labels, and what a judge is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from workbench.agreement import Agreement, agreement
from workbench.assistance import NOBODY, assistance, votes_of
from workbench.candidate import Approach
from workbench.database import Database
from workbench.errors import ConfigError
from workbench.given import Given, Request, read_given
from workbench.judged import JudgeFindings, judge_findings
from workbench.next_pair import Stopping, stop
from workbench.preference import COUNTED, Preference
from workbench.queues import OpenQueue, Queue
from workbench.rates import WinRates
from workbench.winrate import win_rates

LABELS_PER_LOOK = 20
"""Labels after which somebody looks at the figures again, by which the bounds allow for looking often."""
MOST_LOOKS = 100
"""With large budgets looks are taken to be rarer: between neighbouring ones hardly anything changes."""
IDLE = (
    "It foretells too little of what people choose, too few of their labels are on answers that it judged, or people "
    "differ more from one another than it could make up for."
)
"""Why a judge that may help does not."""
SMALLEST_DIFFERENCE = 0.03
"""Share beyond an even split that would matter."""


@dataclass(frozen=True)
class Findings:
    """All that the labels of one queue show."""

    queue: Queue
    labels: int
    """People's choices that count; repeats and skipped pairs don't, nor do judges'."""
    same: float
    """Share of all pairs of answers that are the same word for word, and are never shown."""
    approaches: Mapping[str, Approach]
    rates: WinRates
    """By people's labels; by the judges' where no person has labelled."""
    by_judge: bool
    agreement: Agreement
    stopping: Stopping
    judges: tuple[JudgeFindings, ...]
    alone: WinRates | None = None
    """The same by people's labels alone, where a judge helps."""
    helper: str = ""
    """The judge whose verdicts, corrected by people's labels, are in the rates; empty where there is none."""
    unhelped: str = ""
    """Why no judge helps though one was wanted."""

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "queue": self.queue.model_dump(mode="json"),
            "labels": self.labels,
            "by_judge": self.by_judge,
            "rates": self.rates.model_dump(mode="json"),
            "agreement": self.agreement.model_dump(mode="json"),
            "stopping": self.stopping.model_dump(mode="json"),
            "helper": self.helper,
            "unhelped": self.unhelped,
            "judges": [one.model_dump(mode="json") for one in self.judges],
        }


def findings(
    database: Database,
    queue: OpenQueue,
    *,
    baseline: str | None = None,
    smallest_difference: float = SMALLEST_DIFFERENCE,
    judge_helps: bool = False,
) -> Findings:
    """What a queue's labels show as they are now; see ``findings_of``."""
    given = read_given(database, queue)
    return findings_of(given, baseline=baseline, smallest_difference=smallest_difference, judge_helps=judge_helps)


def findings_of(
    given: Given,
    *,
    baseline: str | None = None,
    smallest_difference: float = SMALLEST_DIFFERENCE,
    eligible: Sequence[str] | None = None,
    without: str = "",
    judge_helps: bool = False,
) -> Findings:
    """What labels show, the same every time for the same labels.

    ``baseline``: whom win rates are against; None: the queue's first candidate. ``smallest_difference``: a share,
    beyond an even split. ``eligible``: who may be chosen; None: everybody. ``without``: an annotator whose labels are
    left out; ``judge_helps``: a judge's verdicts, corrected by people's labels, are to make these surer. Raises
    ConfigError for a baseline that the queue does not have.
    """
    queue, names, prompts = given.queue, given.queue.names, given.prompts
    if baseline is not None and baseline not in names:
        raise ConfigError(f"{baseline} is not among the candidates of the queue.", f"They are {', '.join(names)}.")
    labels = [label for label in given.labels if label.annotator != without]
    people = [label for label in labels if label.by == "person"]
    judged = [label for label in labels if label.by == "model"]
    by_judge = not people and bool(judged)
    counted = judged if by_judge else people
    first = [label for label in counted if not label.repeat]
    looks = min(MOST_LOOKS, max(1, -(-queue.budget // LABELS_PER_LOOK)))
    aided = NOBODY
    if judge_helps and people:
        aided = assistance(
            first, judged, candidates=queue.candidates, prompts=prompts,
            shown=frozenset(given.shown), elsewhere=frozenset(given.elsewhere),
        )  # fmt: skip
    votes = votes_of(first, names, prompts)
    compared = partial(
        win_rates, votes, names, baseline or names[0],
        smallest_difference=smallest_difference, looks=looks, eligible=eligible,
    )  # fmt: skip
    rates = compared(verdicts=aided.verdicts, rng=np.random.default_rng(0))
    alone = None if rates.helped is None else compared(rng=np.random.default_rng(0))
    idle = bool(aided.judge) and alone is None
    return Findings(
        queue=queue,
        labels=given.counted,
        same=given.same,
        approaches={one.name: one.approach for one in queue.candidates},
        rates=rates,
        by_judge=by_judge,
        agreement=_agreement(counted, names, prompts),
        stopping=stop(rates, budget=queue.budget),
        judges=judge_findings(people, judged, names=names, prompts=prompts, baseline=baseline or names[0]),
        alone=alone,
        helper="" if idle else aided.judge,
        unhelped=f"The judge {aided.judge} makes nothing surer. {IDLE}" if idle else aided.refused,
    )


def _agreement(labels: Sequence[Preference], names: Sequence[str], prompts: Mapping[str, Request]) -> Agreement:
    """How far annotators agree; the unit is the request itself, not its group."""
    kept = [label for label in labels if label.choice in COUNTED]
    alone = {example: said.model_copy(update={"cluster": ""}) for example, said in prompts.items()}
    votes = votes_of(kept, names, alone)
    people = sorted({label.annotator for label in kept})
    seconds = np.array([np.nan if label.seconds is None else label.seconds for label in kept])
    return agreement(votes, people, rng=np.random.default_rng(0), seconds=seconds)
