"""Queues: which answers people are asked to choose between, and how far they are."""

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

from pydantic import Field, model_validator
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.candidate import Candidate
from workbench.database import Database
from workbench.errors import ConfigError, NotFound
from workbench.label_tables import AnnotatorRow, AnswerRow, PromptRow, QueueRow, ShowingRow
from workbench.model import Noun
from workbench.preference import COUNTED, Kind
from workbench.usecase import SLUG, Message

Question = Literal["best", "ranking"]
QUESTIONS: dict[Question, str] = {"best": "Which of these is best?", "ranking": "How do they rank?"}
"""What the owner of a queue wants to know, in words."""
HOLD_SECONDS = 600.0
"""How long a pair stays reserved for the annotator who has it on the screen."""


class Queue(Noun):
    """A question to people: which candidates, on which prompts, and how many labels it is worth."""

    name: str = Field(pattern=SLUG)
    question: Question = "best"
    split: Literal["test", "train"] = "test"
    """test: measures the candidates; train: becomes preference pairs to train on. Never both."""
    candidates: tuple[Candidate, ...] = Field(min_length=2)
    overlap: int = Field(default=1, ge=1, le=50)
    """How many annotators each pair of answers is shown to."""
    budget: int = Field(default=300, ge=1)
    """The most labels that are asked for."""
    repeats: float = Field(default=0.1, ge=0, le=0.5)
    """Share of pairs shown to the same annotator again, sides swapped, to see how consistent a person is."""
    hold_seconds: float = Field(default=HOLD_SECONDS, ge=5)
    """How long a pair stays reserved for whoever has it on the screen."""
    reveal: bool = False
    """Whether annotators are told, at their end, which candidate was which."""
    guide: str = ""
    """What makes an answer the better one, shown to annotators."""

    @model_validator(mode="after")
    def _named_apart(self) -> "Queue":
        if len(set(self.names)) < len(self.candidates):
            raise ValueError("two candidates have the same name")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The candidates' names, in the order of their numbers."""
        return tuple(candidate.name for candidate in self.candidates)


@dataclass(frozen=True)
class Asked:
    """One request with what each candidate answered, by name; and the steps in which they did."""

    example: str
    cluster: str
    messages: tuple[Message, ...]
    answers: Mapping[str, str]
    steps: Mapping[str, str]


@dataclass(frozen=True)
class OpenQueue:
    """A queue that is stored."""

    id: int
    case: str
    queue: Queue
    salt: str
    """Decides which answer stands on which side."""
    created: float
    closed: float | None
    labels: int
    """People's labels when it was read."""
    revision: int
    """Grows with every label that is given, taken back or taken in."""


def make_queue(database: Database, case: str, queue: Queue, asked: Sequence[Asked]) -> OpenQueue:
    """Store a queue with the answers exactly as they are now; they never change afterwards.

    Raises ConfigError where there is a queue of this name already, where no two answers differ, or where a candidate
    has no answer to a request.
    """
    missing = [one.example for one in asked if set(one.answers) != set(queue.names)]
    if missing:
        raise ConfigError(
            f"Not every candidate has answered {missing[0]!r} ({len(missing)} requests).",
            "Run them to the end first, or leave out those that have not.",
        )
    if not any(len({text.strip() for text in one.answers.values()}) > 1 for one in asked):
        raise ConfigError(
            "All candidates give the same answers, so there is nothing to choose between.",
            "Choose candidates that differ, or let them answer at a temperature above 0.",
        )
    with database.writing() as session:
        if _find(session, database, case, queue.name) is not None:
            raise ConfigError(f"There is a queue {queue.name!r} already.", "Choose another name; labels are kept.")
        row = QueueRow(
            workspace=database.workspace, case=case, name=queue.name, question=queue.question, split=queue.split,
            candidates=[candidate.model_dump(mode="json") for candidate in queue.candidates], overlap=queue.overlap,
            budget=queue.budget, repeats=queue.repeats, hold=queue.hold_seconds, reveal=queue.reveal,
            guide=storable(queue.guide), salt=secrets.token_hex(8), created=time.time(), closed=None, labels=0,
            revision=0,
        )  # fmt: skip
        session.add(row)
        session.flush()
        for one in asked:
            _store(session, row.id, queue, one)
        return _opened(row)


def _store(session: Session, queue_id: int, queue: Queue, one: Asked) -> None:
    messages = [{"role": turn.role, "content": storable(turn.content)} for turn in one.messages]
    prompt = PromptRow(
        queue_id=queue_id, example=storable(one.example), cluster=storable(one.cluster), messages=messages
    )
    session.add(prompt)
    session.flush()
    for number, name in enumerate(queue.names):
        answer = storable(one.answers[name])
        digest = hashlib.sha256(answer.strip().encode()).hexdigest()
        session.add(
            AnswerRow(prompt_id=prompt.id, candidate=number, run=one.steps.get(name, ""), text=answer, digest=digest)
        )


def storable(text: str) -> str:
    """A text without what a database refuses: the mark of an unknown character for the character 0 and for halves."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _find(session: Session, database: Database, case: str, name: str) -> QueueRow | None:
    wanted = select(QueueRow).where(
        QueueRow.workspace == database.workspace, QueueRow.case == case, QueueRow.name == name
    )
    return session.scalars(wanted).one_or_none()


def _opened(row: QueueRow) -> OpenQueue:
    settings = {
        "name": row.name, "question": row.question, "split": row.split, "candidates": row.candidates,
        "overlap": row.overlap, "budget": row.budget, "repeats": row.repeats, "hold_seconds": row.hold,
        "reveal": row.reveal, "guide": row.guide,
    }  # fmt: skip
    queue = Queue.parse(settings, where=f"The queue {row.name}")
    return OpenQueue(row.id, row.case, queue, row.salt, row.created, row.closed, row.labels, row.revision)


def queues(database: Database, case: str) -> tuple[OpenQueue, ...]:
    """All queues of a use case, the oldest first."""
    wanted = select(QueueRow).where(QueueRow.workspace == database.workspace, QueueRow.case == case)
    with database.reading() as session:
        return tuple(_opened(row) for row in session.scalars(wanted.order_by(QueueRow.created, QueueRow.id)))


def open_queue(database: Database, case: str, name: str) -> OpenQueue:
    """One queue of a use case.

    Raises NotFound, naming those that there are.
    """
    with database.reading() as session:
        row = _find(session, database, case, name)
        if row is not None:
            return _opened(row)
    known = ", ".join(one.queue.name for one in queues(database, case)) or "none yet"
    raise NotFound(f"{case} has no queue {name!r}.", f"Known: {known}. Make one with `workbench queue {case} NAME`.")


def set_closed(database: Database, queue: OpenQueue, *, closed: bool, now: float) -> None:
    """Stop handing out pairs of a queue, or go on."""
    with database.writing() as session:
        session.get_one(QueueRow, queue.id).closed = now if closed else None


def set_budget(database: Database, queue: OpenQueue, budget: int) -> None:
    """Ask for more labels, or for fewer."""
    if budget < 1:
        raise ConfigError("A queue needs a budget of at least one label.", "Close it, if nobody is to label it.")
    with database.writing() as session:
        session.get_one(QueueRow, queue.id).budget = budget


# --- Annotators ---------------------------------------------------------------------------------------


def annotator_id(database: Database, name: str, kind: Kind = "person") -> int:
    """The number of an annotator, who is entered when first named.

    Raises ConfigError for a name that is empty or that somebody of another kind has.
    """
    name = " ".join(storable(name).split())[:200]
    if not name:
        raise ConfigError("An annotator needs a name.", "Give one, such as anna.")
    known = select(AnnotatorRow).where(AnnotatorRow.workspace == database.workspace, AnnotatorRow.name == name)
    with database.reading() as session:
        row = session.scalars(known).one_or_none()
    if row is None:
        with suppress(IntegrityError), database.writing() as session:
            session.add(AnnotatorRow(workspace=database.workspace, name=name, kind=kind, created=time.time()))
        # Another tab, or another process, may have introduced the same person in the meantime.
        with database.reading() as session:
            row = session.scalars(known).one()
    if row.kind != kind:
        raise ConfigError(f"{name} is the name of a {row.kind} already.", "Choose another name.")
    return row.id


# --- What can be shown, and how far it is -------------------------------------------------------------


@lru_cache(maxsize=64)
def comparable(database: Database, queue_id: int, k: int) -> Mapping[tuple[int, int], tuple[int, ...]]:
    """For each pair of candidate numbers, the prompts to which their answers differ; a queue's answers never change."""
    wanted = select(AnswerRow.prompt_id, AnswerRow.candidate, AnswerRow.digest).join(PromptRow)
    with database.reading() as session:
        rows = session.execute(wanted.where(PromptRow.queue_id == queue_id)).all()
    digests: dict[int, dict[int, str]] = {}
    for prompt, candidate, digest in rows:
        digests.setdefault(prompt, {})[candidate] = digest
    return {
        (a, b): tuple(prompt for prompt, said in digests.items() if said[a] != said[b])
        for a, b in combinations(range(k), 2)
    }


def tally(database: Database, queue: OpenQueue, annotator: int) -> tuple[int, int]:
    """Labels so far, and those of one annotator: quickly, however many there are."""
    own = (ShowingRow.queue_id == queue.id) & (ShowingRow.annotator_id == annotator) & ShowingRow.repeats.is_(None)
    with database.reading() as session:
        labels = session.scalar(select(QueueRow.labels).where(QueueRow.id == queue.id)) or 0
        mine = session.scalar(select(func.count()).where(own, ShowingRow.choice.in_(COUNTED))) or 0
    return labels, mine


def most_labels(database: Database, queue: OpenQueue) -> int:
    """The most labels that a queue takes: its budget, or every pair of different answers as often as it is shown."""
    room = sum(map(len, comparable(database, queue.id, len(queue.queue.candidates)).values()))
    return min(queue.queue.budget, room * queue.queue.overlap)


@dataclass(frozen=True)
class Progress:
    """How far a queue is."""

    labels: int
    """People's choices that count; repeats and skipped pairs don't, nor do judges'."""
    repeats: int
    skipped: int
    on_screens: int
    """Pairs that are reserved for somebody."""
    room: int
    """Labels that the queue could take at most: every pair of different answers, as often as the overlap says."""
    same: float
    """Share of all pairs of answers that are the same word for word, and are never shown."""
    annotators: Mapping[str, int]
    """Labels by annotator, the most first."""

    def asked_for(self, budget: int) -> int:
        """Labels in all once the queue is through; those taken in from files may be more than were asked for."""
        return max(self.labels, min(budget, self.room))


def progress(database: Database, queue: OpenQueue) -> Progress:
    """How far a queue is, and who did how much of it."""
    k = len(queue.queue.candidates)
    pairs = comparable(database, queue.id, k)
    shown = (ShowingRow.queue_id == queue.id) & ShowingRow.by_model.is_(False)
    counts = select(ShowingRow.choice, ShowingRow.repeats.is_(None), func.count(), func.count(ShowingRow.place))
    who = select(AnnotatorRow.name, func.count()).join(ShowingRow, ShowingRow.annotator_id == AnnotatorRow.id)
    counted = shown & ShowingRow.choice.in_(COUNTED) & ShowingRow.repeats.is_(None)
    with database.reading() as session:
        rows = session.execute(counts.where(shown).group_by(ShowingRow.choice, ShowingRow.repeats.is_(None))).all()
        by = session.execute(who.where(counted).group_by(AnnotatorRow.name).order_by(func.count().desc())).all()
        prompts = session.scalar(select(func.count()).where(PromptRow.queue_id == queue.id)) or 0
    labels = sum(n for choice, own, n, _ in rows if own and choice in COUNTED)
    different = sum(map(len, pairs.values()))
    return Progress(
        labels=labels,
        repeats=sum(n for choice, own, n, _ in rows if not own and choice in COUNTED),
        skipped=sum(n for choice, _, n, _ in rows if choice == "skip"),
        on_screens=sum(places for choice, own, _, places in rows if own and choice is None),
        room=different * queue.queue.overlap,
        same=1 - different / max(1, prompts * len(pairs)),
        annotators=dict(by),
    )
