"""Labelling: which two answers an annotator sees next, and what happens to the choice.

A pair is reserved while it is on somebody's screen, and comes back when the time is over. All that hands out, takes or
takes back holds the queue's row, so that two of them never see the same state: no pair goes over its overlap.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session, aliased

from workbench.database import Database
from workbench.errors import WorkbenchError
from workbench.label_tables import AnswerRow, ChangeRow, PromptRow, QueueRow, ShowingRow
from workbench.preference import COUNTED, Choice
from workbench.queues import OpenQueue, comparable, storable
from workbench.statistics.arrays import Floats
from workbench.usecase import Message

Nothing = Literal["closed", "budget", "yours", "done"]
"""Why there is no pair: the owner closed the queue, the labels asked for are given, this annotator has seen all that is
left (or others have it on their screens), or every pair has all its labels."""
Weigh = Callable[[Floats], Floats]
"""From counts (k, k, 3) of left candidate x right candidate x (left, tie, right) to how much showing each of the
k(k - 1)/2 pairs of candidates, in the order of ``numpy.triu_indices``, would tell."""

FRESHNESS = 50
"""A queue's counts are read anew after one label in so many of those that there are."""
DRAWN = 30
"""Requests that are looked at together for one that nobody has seen."""
REPEAT_AFTER = 8
"""Labels between a pair and its repeat, so that nobody remembers the first time."""
LONGEST_REASON = 2_000


class TooLate(WorkbenchError):
    """The pair was given to somebody else in the meantime, and needs no further label."""


class Chosen(WorkbenchError):
    """The pair was labelled otherwise already, as in another tab."""


@dataclass(frozen=True)
class Showing:
    """Two answers to one request as one annotator sees them; nothing in it tells whose they are."""

    id: str
    messages: tuple[Message, ...]
    left: str
    right: str
    undone: bool = False
    """It was labelled before and the label was taken back."""


def next_showing(
    database: Database, queue: OpenQueue, annotator: int, *, now: float, rng: np.random.Generator, weigh: Weigh
) -> Showing | Nothing:
    """The pair that is open on the annotator's screen or, where there is none, the next one, reserved.

    Raises DatabaseGone where the database is locked or away.
    """
    with database.writing() as session:
        stored = _hold(session, queue)
        row = _open(session, queue, annotator)
        if row is not None:
            row.until = now + queue.queue.hold_seconds
            return _shown(session, row)
        if stored.closed is not None:
            return "closed"
        _release(session, queue, now)
        if stored.labels + _held(session, queue) >= stored.budget:
            return "budget"
        row = _returned(session, queue, annotator)
        if row is not None:
            row.reserved, row.until = now, now + queue.queue.hold_seconds
            return _shown(session, row)
        row = _repeat(session, queue, annotator, now=now, rng=rng)
        if row is None:
            weights = weigh(_counts(session, database, queue, labels=stored.labels))
            found = _fresh(session, database, queue, annotator, now=now, rng=rng, weights=weights)
            if isinstance(found, str):
                return found
            row = found
        session.add(row)
        session.flush()
        return _shown(session, row)


def choose(
    database: Database,
    queue: OpenQueue,
    showing: str,
    *,
    annotator: int,
    choice: Choice,
    now: float,
    seconds: float | None = None,
    reason: str = "",
) -> None:
    """Store what an annotator chose, once however often it is sent.

    Raises TooLate where the pair went to others in the meantime, Chosen where it was labelled otherwise before, and
    DatabaseGone where nothing could be stored.
    """
    with database.writing() as session:
        stored = _hold(session, queue)
        row = session.get(ShowingRow, showing)
        if row is None or row.queue_id != queue.id or row.annotator_id != annotator:
            raise TooLate("This pair is not on your list.", "Go on with the next one.")
        if row.choice is not None:
            if row.choice == choice:
                return
            raise Chosen(
                "This pair was labelled already, perhaps in another tab.", "Undo takes the stored choice back."
            )
        if row.place is None and row.repeats is None and choice != "skip":
            free = stored.labels + _held(session, queue) < stored.budget
            row.place = _first_free(session, queue, row.prompt_id, row.first, row.second) if free else None
            if row.place is None:
                raise TooLate(
                    "The time for this pair was over, and others have labelled it.", "Go on with the next one."
                )
        if choice == "skip":
            row.place = None
        stored.labels += row.repeats is None and choice in COUNTED
        stored.revision += 1
        row.choice, row.seconds, row.labelled = choice, seconds, now
        row.reason = storable(reason)[:LONGEST_REASON]
        session.add(
            ChangeRow(showing_id=row.id, at=now, action="given", choice=choice, reason=row.reason, seconds=seconds)
        )


def undo(database: Database, queue: OpenQueue, annotator: int, *, now: float) -> Showing | None:
    """Take back the last choice that the annotator made here, and show its pair again.

    None where there is nothing to take back, or where the queue is closed: what was decided by it stays.
    """
    with database.writing() as session:
        stored = _hold(session, queue)
        if stored.closed is not None:
            return None
        own = select(ShowingRow).where(
            ShowingRow.queue_id == queue.id,
            ShowingRow.annotator_id == annotator,
            ShowingRow.choice.is_not(None),
            ShowingRow.id.in_(select(ChangeRow.showing_id).where(ChangeRow.action == "given")),
        )
        row = session.scalars(own.order_by(ShowingRow.labelled.desc()).limit(1)).first()
        if row is None:
            return None
        if row.place is None and row.repeats is None:
            row.place = _first_free(session, queue, row.prompt_id, row.first, row.second)
        stored.labels -= row.repeats is None and row.choice in COUNTED
        stored.revision += 1
        row.choice = row.seconds = row.labelled = None
        row.reason = ""
        row.reserved, row.until = now, now + queue.queue.hold_seconds
        session.add(ChangeRow(showing_id=row.id, at=now, action="undone", choice=None, reason="", seconds=None))
        session.flush()
        return _shown(session, row, undone=True)


# --- What is there ------------------------------------------------------------------------------------


def _hold(session: Session, queue: OpenQueue) -> QueueRow:
    """The queue's row, held until the end of the transaction."""
    return session.scalars(select(QueueRow).where(QueueRow.id == queue.id).with_for_update()).one()


def _open(session: Session, queue: OpenQueue, annotator: int) -> ShowingRow | None:
    """What the annotator has on the screen: the last one that was handed out, or taken back."""
    own = select(ShowingRow).where(
        ShowingRow.queue_id == queue.id,
        ShowingRow.annotator_id == annotator,
        ShowingRow.choice.is_(None),
        ShowingRow.place.is_not(None) | ShowingRow.repeats.is_not(None),
    )
    return session.scalars(own.order_by(ShowingRow.reserved.desc()).limit(1)).first()


def _returned(session: Session, queue: OpenQueue, annotator: int) -> ShowingRow | None:
    """A pair that was on the annotator's screen until its time was over, and that nobody has taken since."""
    own = select(ShowingRow).where(
        ShowingRow.queue_id == queue.id,
        ShowingRow.annotator_id == annotator,
        ShowingRow.choice.is_(None),
        ShowingRow.repeats.is_(None),
    )
    for row in session.scalars(own.order_by(ShowingRow.reserved)):
        place = _first_free(session, queue, row.prompt_id, row.first, row.second)
        if place is not None:
            row.place = place
            return row
    return None


def _release(session: Session, queue: OpenQueue, now: float) -> None:
    """Give back the places of pairs whose time on a screen is over."""
    over = (ShowingRow.queue_id == queue.id) & ShowingRow.choice.is_(None) & (ShowingRow.until < now)
    session.execute(update(ShowingRow).where(over, ShowingRow.place.is_not(None)).values(place=None))


def _held(session: Session, queue: OpenQueue) -> int:
    """How many pairs are on screens."""
    open_ = (ShowingRow.queue_id == queue.id) & ShowingRow.choice.is_(None) & ShowingRow.place.is_not(None)
    return session.scalar(select(func.count()).where(open_)) or 0


_known: WeakKeyDictionary[Database, dict[int, tuple[int, Floats]]] = WeakKeyDictionary()
"""By database and queue: labels when they were counted last, and the counts."""


def _counts(session: Session, database: Database, queue: OpenQueue, *, labels: int) -> Floats:
    """Labels (k, k, 3) by who stood left and right; of a moment ago where there are many."""
    known = _known.setdefault(database, {})
    if queue.id in known and abs(labels - known[queue.id][0]) <= labels // FRESHNESS:
        return known[queue.id][1]
    keys = (ShowingRow.first, ShowingRow.second, ShowingRow.first_left, ShowingRow.choice)
    people = ShowingRow.repeats.is_(None) & ShowingRow.by_model.is_(False)
    own = (ShowingRow.queue_id == queue.id) & people & ShowingRow.choice.in_(COUNTED)
    k = len(queue.queue.candidates)
    counts = np.zeros((k, k, 3))
    for first, second, first_left, choice, n in session.execute(select(*keys, func.count()).where(own).group_by(*keys)):
        left, right = (first, second) if first_left else (second, first)
        counts[left][right][{"left": 0, "right": 2}.get(str(choice), 1)] += n
    known[queue.id] = labels, counts
    return counts


def _first_free(session: Session, queue: OpenQueue, prompt: int, first: int, second: int) -> int | None:
    """The first place of a pair that nobody holds; None where all are taken."""
    taken = select(ShowingRow.place).where(
        ShowingRow.prompt_id == prompt, ShowingRow.first == first, ShowingRow.second == second
    )
    held = set(session.scalars(taken))
    return next((place for place in range(queue.queue.overlap) if place not in held), None)


# --- What comes next ----------------------------------------------------------------------------------


def _fresh(
    session: Session,
    database: Database,
    queue: OpenQueue,
    annotator: int,
    *,
    now: float,
    rng: np.random.Generator,
    weights: Floats,
) -> ShowingRow | Nothing:
    """A pair of answers that this annotator has not seen and that wants more labels."""
    k = len(queue.queue.candidates)
    prompts = comparable(database, queue.id, k)
    # A pair of no weight is asked about once all others are through.
    left = np.array([max(weights[n], 1e-12) if prompts[pair] else 0.0 for n, pair in enumerate(prompts)])
    pairs = list(prompts)
    while left.sum() > 0:
        n = int(rng.choice(len(pairs), p=left / left.sum()))
        left[n] = 0.0
        first, second = pairs[n]
        prompt = _wanting(session, queue, annotator, pairs[n], prompts[pairs[n]], rng)
        if prompt is not None:
            place = _first_free(session, queue, prompt, first, second)
            return ShowingRow(
                id=secrets.token_hex(16), queue_id=queue.id, prompt_id=prompt, first=first, second=second,
                first_left=_first_left(queue, prompt, first, second, place or 0), annotator_id=annotator, place=place,
                by_model=False, repeats=None,
                reserved=now, until=now + queue.queue.hold_seconds, choice=None, reason="", seconds=None,
                labelled=None,
            )  # fmt: skip
    return "yours" if _others_at_it(session, queue, prompts) else "done"


def _wanting(
    session: Session,
    queue: OpenQueue,
    annotator: int,
    pair: tuple[int, int],
    prompts: tuple[int, ...],
    rng: np.random.Generator,
) -> int | None:
    """A request on which a pair of candidates wants a label of this annotator; where each is to be labelled several
    times, one that was begun comes first. None where there is none."""
    if queue.queue.overlap > 1:
        return _begun(session, queue, annotator, pair, rng) or _untouched(session, queue, pair, prompts, rng)
    return _untouched(session, queue, pair, prompts, rng) or _begun(session, queue, annotator, pair, rng)


def _of(queue: OpenQueue, pair: tuple[int, int]) -> ColumnElement[bool]:
    """Showings of a pair of candidates to people, repeats excepted."""
    between = (ShowingRow.first == pair[0]) & (ShowingRow.second == pair[1])
    people = ShowingRow.repeats.is_(None) & ShowingRow.by_model.is_(False)
    return (ShowingRow.queue_id == queue.id) & between & people


def _begun(
    session: Session, queue: OpenQueue, annotator: int, pair: tuple[int, int], rng: np.random.Generator
) -> int | None:
    """A request that somebody else has seen and that wants further labels."""
    mine = func.sum(case((ShowingRow.annotator_id == annotator, 1), else_=0))
    wanting = (
        select(ShowingRow.prompt_id)
        .where(_of(queue, pair))
        .group_by(ShowingRow.prompt_id)
        .having((func.count(ShowingRow.place) < queue.queue.overlap) & (mine == 0))
    )
    found = session.scalars(wanting).all()
    return found[int(rng.integers(len(found)))] if found else None


def _untouched(
    session: Session, queue: OpenQueue, pair: tuple[int, int], prompts: tuple[int, ...], rng: np.random.Generator
) -> int | None:
    """A request that nobody has seen with this pair of candidates: a few are drawn, then all are looked through."""
    drawn = rng.permutation(np.array(prompts, dtype=np.int64)).tolist()
    few = _of(queue, pair) & ShowingRow.prompt_id.in_(drawn[:DRAWN])
    seen = set(session.scalars(select(ShowingRow.prompt_id).where(few)))
    found = next((prompt for prompt in drawn[:DRAWN] if prompt not in seen), None)
    if found is not None or len(drawn) <= DRAWN:
        return found
    seen = set(session.scalars(select(ShowingRow.prompt_id).where(_of(queue, pair)).distinct()))
    return next((prompt for prompt in drawn if prompt not in seen), None)


def _others_at_it(session: Session, queue: OpenQueue, pairs: Mapping[tuple[int, int], tuple[int, ...]]) -> bool:
    """Whether any pair of answers still lacks labels, though none that this annotator could give."""
    labelled = (ShowingRow.queue_id == queue.id) & ShowingRow.place.is_not(None) & ShowingRow.choice.is_not(None)
    done = session.scalar(select(func.count()).where(labelled)) or 0
    return done < queue.queue.overlap * sum(map(len, pairs.values()))


def _first_left(queue: OpenQueue, prompt: int, first: int, second: int, place: int) -> bool:
    """Which side the first candidate stands on: drawn for each pair, and swapped for every second annotator."""
    drawn = hashlib.sha256(f"{queue.salt} {prompt} {first} {second}".encode()).digest()[0]
    return (drawn + place) % 2 == 0


def _repeat(
    session: Session, queue: OpenQueue, annotator: int, *, now: float, rng: np.random.Generator
) -> ShowingRow | None:
    """Now and then, a pair that the annotator has labelled a while ago, with its sides swapped."""
    if rng.random() >= queue.queue.repeats:
        return None
    again = aliased(ShowingRow)
    own = (
        select(ShowingRow)
        .where(
            ShowingRow.queue_id == queue.id,
            ShowingRow.annotator_id == annotator,
            ShowingRow.choice.in_(COUNTED),
        )
        .order_by(ShowingRow.labelled.desc())
        .offset(REPEAT_AFTER)
        .limit(50)
    ).subquery()
    old = aliased(ShowingRow, own)
    fresh = select(old).where(old.repeats.is_(None), ~select(again.id).where(again.repeats == old.id).exists())
    rows = session.scalars(fresh).all()
    if not rows:
        return None
    before = rows[int(rng.integers(len(rows)))]
    return ShowingRow(
        id=secrets.token_hex(16), queue_id=queue.id, prompt_id=before.prompt_id, first=before.first,
        second=before.second, first_left=not before.first_left, annotator_id=annotator, place=None, by_model=False,
        repeats=before.id,
        reserved=now, until=now + queue.queue.hold_seconds, choice=None, reason="", seconds=None, labelled=None,
    )  # fmt: skip


def _shown(session: Session, row: ShowingRow, *, undone: bool = False) -> Showing:
    prompt = session.get_one(PromptRow, row.prompt_id)
    wanted = select(AnswerRow.candidate, AnswerRow.text).where(
        AnswerRow.prompt_id == row.prompt_id, AnswerRow.candidate.in_((row.first, row.second))
    )
    texts = dict(session.execute(wanted).all())
    left, right = (row.first, row.second) if row.first_left else (row.second, row.first)
    messages = tuple(Message.model_validate(turn) for turn in prompt.messages)
    return Showing(row.id, messages, texts[left], texts[right], undone)
