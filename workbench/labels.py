"""The labels of a queue, as preferences: read for judging, for export and for training; and taken in from files."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.database import Database
from workbench.errors import ConfigError
from workbench.label_tables import AnnotatorRow, AnswerRow, ChangeRow, PromptRow, QueueRow, ShowingRow
from workbench.pairs import Pair
from workbench.preference import COUNTED, Preference
from workbench.queues import OpenQueue, annotator_id, storable
from workbench.ratings import Rating
from workbench.usecase import Message
from workbench.workspace import digest


def preferences(database: Database, queue: OpenQueue) -> list[Preference]:
    """Every label of a queue in the order given, skipped pairs included."""
    names, row = queue.queue.names, ShowingRow
    wanted = (
        select(
            PromptRow.example, row.first, row.second, row.first_left, row.choice, AnnotatorRow.name, AnnotatorRow.kind,
            row.reserved, row.seconds, row.reason, row.repeats,
        )
        .join(PromptRow, PromptRow.id == ShowingRow.prompt_id)
        .join(AnnotatorRow, AnnotatorRow.id == ShowingRow.annotator_id)
        .where(ShowingRow.queue_id == queue.id, ShowingRow.choice.is_not(None))
        .order_by(ShowingRow.labelled, ShowingRow.id)
    )  # fmt: skip
    with database.reading() as session:
        rows = session.execute(wanted).all()
    found = []
    for example, first, second, first_left, choice, annotator, by, shown_at, seconds, reason, repeats in rows:
        left, right = (first, second) if first_left else (second, first)
        # What the database holds was checked when it was stored.
        found.append(
            Preference.model_construct(
                queue=queue.queue.name, example=example, left=names[left], right=names[right], choice=choice,
                annotator=annotator, by=by, shown_at=shown_at, seconds=seconds, reason=reason,
                repeat=repeats is not None,
            )
        )  # fmt: skip
    return found


Cell = tuple[str, str, str]
"""A request, by its example, and two candidates in the order of a queue."""


def drawn_by_lot(database: Database, queue: OpenQueue) -> tuple[frozenset[Cell], frozenset[Cell]]:
    """The pairs of answers that people were shown as chance had it; and those on which labels came from a file.

    What was shown counts whether or not it was labelled, since who skips or walks away may have seen why. Which
    requests a file is about nobody here has drawn.
    """
    names, row = queue.queue.names, ShowingRow
    from_file = select(ChangeRow.id).where(ChangeRow.showing_id == row.id, ChangeRow.action == "imported").exists()
    wanted = (
        select(PromptRow.example, row.first, row.second, from_file)
        .join(PromptRow, PromptRow.id == row.prompt_id)
        .where(row.queue_id == queue.id, row.repeats.is_(None), row.by_model.is_(False))
    )
    with database.reading() as session:
        rows = session.execute(wanted).all()
    cells = [((example, names[first], names[second]), taken) for example, first, second, taken in rows]
    elsewhere = frozenset(cell for cell, taken in cells if taken)
    return frozenset(cell for cell, _ in cells) - elsewhere, elsewhere


@dataclass(frozen=True)
class Shown:
    """One request of a queue with all its answers, by candidate."""

    example: str
    cluster: str
    messages: tuple[Message, ...]
    answers: Mapping[str, str]


def shown_prompts(database: Database, queue: OpenQueue) -> dict[str, Shown]:
    """What a queue asks about, by example."""
    names = queue.queue.names
    wanted = select(PromptRow.id, PromptRow.example, PromptRow.cluster, PromptRow.messages)
    answers = select(AnswerRow.prompt_id, AnswerRow.candidate, AnswerRow.text).join(PromptRow)
    with database.reading() as session:
        prompts = session.execute(wanted.where(PromptRow.queue_id == queue.id).order_by(PromptRow.id)).all()
        texts: dict[int, dict[str, str]] = defaultdict(dict)
        for prompt, candidate, text in session.execute(answers.where(PromptRow.queue_id == queue.id)):
            texts[prompt][names[candidate]] = text
    return {
        example: Shown(example, cluster, tuple(Message.model_validate(turn) for turn in messages), texts[prompt])
        for prompt, example, cluster, messages in prompts
    }


# --- To train on --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learnable:
    """What training can learn from labels, and what was left out."""

    pairs: tuple[Pair, ...]
    ratings: tuple[Rating, ...]
    undecided: int
    """Pairs of answers of which neither was preferred by more annotators: ties, and votes that cancel out."""
    bad: int
    """Pairs of answers that most annotators called bad, both of them."""


def learnable(labels: Iterable[Preference], prompts: Mapping[str, Shown]) -> Learnable:
    """Preference pairs and ratings by the majority of the annotators; ties and "both bad" never become pairs.

    A rating is good where its answer was preferred more often than not, and bad where it was rejected, or called bad
    together with the other one, more often than that.
    """
    votes: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for label in labels:
        if label.choice != "skip" and not label.repeat:
            one, other = sorted((label.left, label.right))
            votes[label.example, one, other][label.preferred or label.choice] += 1
    pairs: list[Pair] = []
    good: Counter[tuple[str, str]] = Counter()
    undecided = bad = 0
    for (example, one, other), count in sorted(votes.items()):
        said = prompts[example]
        if count["neither"] > count.total() / 2:
            bad += 1
            good[example, one] -= 1
            good[example, other] -= 1
        elif count[one] == count[other] or max(count[one], count[other]) <= count["tie"] + count["neither"]:
            undecided += 1
        else:
            chosen, rejected = (one, other) if count[one] > count[other] else (other, one)
            good[example, chosen] += 1
            good[example, rejected] -= 1
            identity = digest([example, chosen, rejected])[:16]
            pairs.append(
                Pair(
                    id=identity, messages=said.messages, chosen=said.answers[chosen], group=said.cluster,
                    rejected=said.answers[rejected], source="labelled",
                )
            )  # fmt: skip
    return Learnable(tuple(pairs), tuple(_ratings(good, prompts)), undecided, bad)


def learnt(database: Database, queue: OpenQueue) -> Learnable:
    """What training can learn from the labels that people gave to a queue."""
    people = (label for label in preferences(database, queue) if label.by == "person")
    return learnable(people, shown_prompts(database, queue))


def _ratings(good: Mapping[tuple[str, str], int], prompts: Mapping[str, Shown]) -> Iterable[Rating]:
    """One rating for each answer, those of one wording together; where good and bad cancel out there is none."""
    by_text: Counter[tuple[str, str]] = Counter()
    for (example, name), count in good.items():
        by_text[example, prompts[example].answers[name].strip()] += count
    for (example, text), count in sorted(by_text.items()):
        if count:
            said = prompts[example]
            yield Rating(
                id=digest([example, text])[:16], messages=said.messages, answer=text, good=count > 0,
                group=said.cluster, source="labelled",
            )  # fmt: skip


# --- From files ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TakenIn:
    """What became of labels from elsewhere."""

    labels: int
    known: int
    """Left out, since the same annotator had labelled the same pair."""
    orphans: int
    """Repeats that were left out, since what they repeat is not there."""


def take_in(database: Database, queue: OpenQueue, labels: Sequence[Preference], *, now: float) -> TakenIn:
    """Store labels that were given elsewhere, all or none.

    They count beside the queue's own, even where a pair then has more than its overlap. Raises ConfigError, naming the
    first label that is about another queue's candidates or requests, and as ``annotator_id`` does.
    """
    numbers = {name: number for number, name in enumerate(queue.queue.names)}
    people = dict.fromkeys((label.annotator, label.by) for label in labels)
    annotators = {name: annotator_id(database, name, by) for name, by in people}
    with database.writing() as session:
        stored = session.get_one(QueueRow, queue.id, with_for_update=True)
        taking = _Taking(session, queue, now)
        # What is repeated comes before its repeat.
        for row, label in sorted(enumerate(labels, 1), key=lambda pair: pair[1].repeat):
            if label.example not in taking.prompts or not {label.left, label.right} <= set(numbers):
                raise ConfigError(
                    f"Label {row} is about {label.left} and {label.right} on {label.example!r}, which the queue "
                    f"{queue.queue.name} does not ask about.",
                    f"Its candidates are {', '.join(numbers)}; take the labels into the queue that they are of.",
                )
            taking.take(label, numbers[label.left], numbers[label.right], annotators[label.annotator])
        stored.labels += taking.counted
        stored.revision += 1
    return TakenIn(len(labels) - taking.known - taking.orphans, taking.known, taking.orphans)


class _Taking:
    """Labels of a queue on their way into the database."""

    def __init__(self, session: Session, queue: OpenQueue, now: float) -> None:
        self.session, self.queue, self.now = session, queue, now
        self.known = self.orphans = self.counted = 0
        asked = select(PromptRow.example, PromptRow.id).where(PromptRow.queue_id == queue.id)
        self.prompts = dict(session.execute(asked).all())
        mine = select(ShowingRow).where(ShowingRow.queue_id == queue.id, ShowingRow.repeats.is_(None))
        self.rows = {(row.prompt_id, row.first, row.second, row.annotator_id): row for row in session.scalars(mine)}
        again = select(ShowingRow.repeats).where(ShowingRow.queue_id == queue.id, ShowingRow.repeats.is_not(None))
        self.repeated = set(session.scalars(again))

    def take(self, label: Preference, left: int, right: int, annotator: int) -> None:
        """Store one label, in the annotator's open pair where it is on a screen."""
        first, second = sorted((left, right))
        key = (self.prompts[label.example], first, second, annotator)
        before = self.rows.get(key)
        if label.repeat:
            if before is None or before.choice is None:
                self.orphans += 1
                return
            if before.id in self.repeated:
                self.known += 1
                return
            self.repeated.add(before.id)
        elif first == second or (before is not None and before.choice is not None):
            self.known += 1
            return
        row = before if before is not None and not label.repeat else self._row(label, key)
        row.first_left, row.choice, row.seconds = left == first, label.choice, label.seconds
        row.labelled, row.reason = self.now, storable(label.reason)
        row.repeats = before.id if label.repeat and before is not None else None
        self.session.add(row)
        self.session.flush()
        if not label.repeat:
            self.rows[key] = row
        self.counted += not label.repeat and label.by == "person" and label.choice in COUNTED
        self.session.add(
            ChangeRow(
                showing_id=row.id, at=self.now, action="imported", choice=label.choice, reason=row.reason,
                seconds=label.seconds,
            )
        )  # fmt: skip

    def _row(self, label: Preference, key: tuple[int, int, int, int]) -> ShowingRow:
        return ShowingRow(
            id=secrets.token_hex(16), queue_id=self.queue.id, prompt_id=key[0], first=key[1], second=key[2],
            annotator_id=key[3], by_model=label.by == "model", place=None, reserved=label.shown_at or self.now,
            until=self.now,
        )  # fmt: skip


def steps_shown(database: Database, queue: OpenQueue) -> dict[str, set[str]]:
    """The steps whose answers a queue shows, by candidate."""
    wanted = select(AnswerRow.candidate, AnswerRow.run).join(PromptRow).where(PromptRow.queue_id == queue.id).distinct()
    found: dict[str, set[str]] = {name: set() for name in queue.queue.names}
    with database.reading() as session:
        for candidate, step in session.execute(wanted):
            found[queue.queue.names[candidate]].add(step)
    return found
