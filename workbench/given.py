"""The labels that a queue was given, with what they are about: all that can be said of them follows from this."""

from collections.abc import Mapping
from itertools import combinations

from workbench.database import Database
from workbench.labels import Cell, drawn_by_lot, preferences, shown_prompts, steps_shown
from workbench.model import Noun
from workbench.preference import COUNTED, Preference
from workbench.queues import OpenQueue, Queue


class Request(Noun):
    """One request of a queue: what it is counted under, and of the answers to it only what is compared."""

    example: str
    cluster: str
    lengths: dict[str, int]
    """Characters of each candidate's answer."""
    alike: dict[str, int]
    """A number for each candidate's answer: those with the same number say the same, word for word."""


class Given(Noun):
    """The labels of one queue."""

    queue: Queue
    requests: tuple[Request, ...]
    labels: tuple[Preference, ...]
    """In the order given, skipped pairs included."""
    steps: dict[str, tuple[str, ...]]
    """The steps whose answers are shown, by candidate."""
    shown: tuple[Cell, ...] = ()
    """The pairs of answers that people were shown as chance had it."""
    elsewhere: tuple[Cell, ...] = ()
    """Those on which labels came from a file."""

    @property
    def prompts(self) -> Mapping[str, Request]:
        """The requests by example."""
        return {one.example: one for one in self.requests}

    @property
    def counted(self) -> int:
        """People's choices that count: neither repeats nor skipped pairs nor judges'."""
        return sum(one.by == "person" and not one.repeat and one.choice in COUNTED for one in self.labels)

    @property
    def same(self) -> float:
        """Share of all pairs of answers that are the same word for word, and are never shown."""
        pairs = [one.alike[a] == one.alike[b] for one in self.requests for a, b in combinations(self.queue.names, 2)]
        return sum(pairs) / max(1, len(pairs))

    def numbered(self) -> "Given":
        """The same with people as numbers and without what they wrote: it goes into reports, which are handed on."""
        people = sorted({one.annotator for one in self.labels if one.by == "person"})
        width = len(str(len(people)))
        numbers = {name: f"annotator {n:0{width}d}" for n, name in enumerate(people, 1)}
        labels = tuple(
            one.model_copy(
                update={"annotator": numbers[one.annotator], "reason": "", "shown_at": None}
                if one.by == "person"
                else {"shown_at": None}
            )
            for one in self.labels
        )
        return self.model_copy(update={"labels": labels})


def read_given(database: Database, queue: OpenQueue) -> Given:
    """The labels of a queue as they are now."""
    requests = []
    for one in shown_prompts(database, queue).values():
        said = {name: one.answers[name].strip() for name in queue.queue.names}
        number = {text: n for n, text in enumerate(dict.fromkeys(said.values()))}
        requests.append(
            Request(
                example=one.example,
                cluster=one.cluster,
                lengths={name: len(one.answers[name]) for name in queue.queue.names},
                alike={name: number[text] for name, text in said.items()},
            )
        )
    shown, elsewhere = drawn_by_lot(database, queue)
    return Given(
        queue=queue.queue,
        requests=tuple(requests),
        labels=tuple(preferences(database, queue)),
        steps={name: tuple(sorted(found)) for name, found in steps_shown(database, queue).items()},
        shown=tuple(sorted(shown)),
        elsewhere=tuple(sorted(elsewhere)),
    )
