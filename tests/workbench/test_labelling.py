"""Queues, reservations and labels, on SQLite and on PostgreSQL alike."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from tests import postgres
from workbench import database as rooms
from workbench.candidate import Candidate
from workbench.database import Database, DatabaseGone, close_databases, database_url, open_database
from workbench.errors import ConfigError, NotFound
from workbench.label_tables import Base, ChangeRow, ShowingRow
from workbench.labelling import Chosen, Showing, TooLate, choose, next_showing, undo
from workbench.labels import preferences
from workbench.queues import (
    Asked,
    OpenQueue,
    Queue,
    annotator_id,
    make_queue,
    open_queue,
    progress,
    queues,
    set_closed,
)
from workbench.usecase import Message

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str | None]:
    with postgres.serving() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.delenv(rooms.URL_VARIABLE, raising=False)
    if request.param == "postgresql":
        url = request.getfixturevalue("_postgres")
        if url is None:
            pytest.skip(postgres.WHY_NOT)
        monkeypatch.setenv(rooms.URL_VARIABLE, url)
        engine = create_engine(database_url(tmp_path))
        with engine.begin() as connection:
            Base.metadata.drop_all(connection)
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        engine.dispose()
    yield open_database(tmp_path)
    close_databases()


def candidates(*names: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(name=name, base_model="pocket") for name in names)


def asked(names: tuple[str, ...], n: int, **answers: str) -> list[Asked]:
    return [
        Asked(
            f"e{i}",
            f"group {i // 2}",
            (Message(role="user", content=f"question {i}"),),
            {name: answers.get(name, f"{name} says {i}") for name in names},
            {name: f"{name}-0" for name in names},
        )
        for i in range(n)
    ]


def queue(database: Database, n: int = 10, names: tuple[str, ...] = ("a", "b", "c"), **settings: object) -> OpenQueue:
    wanted = Queue.model_validate({"name": "blind", "candidates": candidates(*names), "repeats": 0.0} | settings)
    return make_queue(database, "case", wanted, asked(names, n))


def even(counts: np.ndarray) -> np.ndarray:
    k = len(counts)
    return np.ones(k * (k - 1) // 2)


def following(database: Database, queue: OpenQueue, who: int, *, now: float = 0.0, seed: int = 0) -> Showing | str:
    return next_showing(database, queue, who, now=now, rng=np.random.default_rng(seed), weigh=even)


def take(database: Database, queue: OpenQueue, who: int, **how: float) -> Showing:
    found = following(database, queue, who, **how)  # type: ignore[arg-type]
    assert isinstance(found, Showing), found
    return found


# --- Handing out and taking ---------------------------------------------------------------------------


def test_a_pair_stays_on_the_screen_until_it_is_labelled_and_never_comes_back(database: Database) -> None:
    open_ = queue(database, 4)
    anna = annotator_id(database, "anna")
    seen = set()
    for n in range(4 * 3):
        shown = take(database, open_, anna, now=float(n), seed=n)
        assert take(database, open_, anna, now=n + 0.5, seed=99) == shown  # A reload, or another tab.
        assert shown.id not in seen
        seen.add(shown.id)
        choose(database, open_, shown.id, annotator=anna, choice="left", now=float(n), seconds=3.0)
    assert following(database, open_, anna, now=99.0) == "done"
    assert progress(database, open_).labels == 12


def test_nobody_gets_a_pair_that_another_has_on_the_screen_until_its_time_is_over(database: Database) -> None:
    open_ = queue(database, 1, ("a", "b"), hold_seconds=60.0)
    anna, bo = annotator_id(database, "anna"), annotator_id(database, "bo")
    hers = take(database, open_, anna, now=0.0)
    assert following(database, open_, bo, now=59.0) == "yours"
    his = take(database, open_, bo, now=61.0)
    assert his.id != hers.id
    choose(database, open_, his.id, annotator=bo, choice="tie", now=62.0)
    with pytest.raises(TooLate):
        choose(database, open_, hers.id, annotator=anna, choice="left", now=63.0)
    assert progress(database, open_).labels == 1


def test_a_late_label_counts_where_nobody_took_the_place(database: Database) -> None:
    open_ = queue(database, 1, ("a", "b"), hold_seconds=60.0)
    anna = annotator_id(database, "anna")
    shown = take(database, open_, anna, now=0.0)
    assert take(database, open_, anna, now=500.0).id == shown.id  # A closed browser, opened again after lunch.
    choose(database, open_, shown.id, annotator=anna, choice="right", now=9_000.0)
    assert progress(database, open_).labels == 1


def test_a_label_sent_twice_is_stored_once_and_another_is_refused(database: Database) -> None:
    open_ = queue(database)
    anna, bo = annotator_id(database, "anna"), annotator_id(database, "bo")
    shown = take(database, open_, anna)
    for _ in range(3):
        choose(database, open_, shown.id, annotator=anna, choice="left", now=1.0)
    with pytest.raises(Chosen, match="another tab"):
        choose(database, open_, shown.id, annotator=anna, choice="right", now=2.0)
    with pytest.raises(TooLate, match="not on your list"):
        choose(database, open_, shown.id, annotator=bo, choice="right", now=2.0)
    assert progress(database, open_).labels == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ChangeRow)) == 1


def test_undo_walks_back_and_history_keeps_everything(database: Database) -> None:
    open_ = queue(database)
    anna = annotator_id(database, "anna")
    assert undo(database, open_, anna, now=0.0) is None
    shown = []
    for n in range(3):
        shown.append(take(database, open_, anna, now=float(n), seed=n))
        choose(database, open_, shown[-1].id, annotator=anna, choice="left", now=float(n), reason="because")
    back = undo(database, open_, anna, now=10.0)
    assert back is not None
    assert back.id == shown[2].id
    assert back.undone
    again = undo(database, open_, anna, now=11.0)
    assert again is not None
    assert again.id == shown[1].id
    assert take(database, open_, anna, now=12.0).id == shown[1].id
    choose(database, open_, shown[1].id, annotator=anna, choice="right", now=12.0)
    assert take(database, open_, anna, now=13.0).id == shown[2].id
    assert progress(database, open_).labels == 2
    with database.reading() as session:
        kept = session.execute(select(ChangeRow.action, ChangeRow.choice).order_by(ChangeRow.id)).all()
    assert [tuple(row) for row in kept] == [("given", "left")] * 3 + [("undone", None)] * 2 + [("given", "right")]


def test_a_skipped_pair_is_somebody_elses_and_no_label(database: Database) -> None:
    open_ = queue(database, 1, ("a", "b"))
    anna, bo = annotator_id(database, "anna"), annotator_id(database, "bo")
    choose(database, open_, take(database, open_, anna).id, annotator=anna, choice="skip", now=1.0)
    assert following(database, open_, anna, now=2.0) != "done"
    now = progress(database, open_)
    assert (now.labels, now.skipped) == (0, 1)
    choose(database, open_, take(database, open_, bo, now=3.0).id, annotator=bo, choice="left", now=4.0)
    assert progress(database, open_).labels == 1


def test_each_pair_is_shown_to_as_many_as_wanted_with_its_sides_swapped(database: Database) -> None:
    open_ = queue(database, 6, ("a", "b"), overlap=2)
    people = [annotator_id(database, name) for name in ("anna", "bo", "cy")]
    for _ in range(6):
        for who in people:
            shown = following(database, open_, who)
            if isinstance(shown, Showing):
                choose(database, open_, shown.id, annotator=who, choice="left", now=1.0)
    by: dict[str, list[str]] = {}
    for label in preferences(database, open_):
        by.setdefault(label.example, []).append(label.left)
    assert {tuple(sorted(sides)) for sides in by.values()} == {("a", "b")}
    assert len(by) == 6


def test_the_budget_counts_what_is_on_screens(database: Database) -> None:
    open_ = queue(database, 10, budget=2)
    anna, bo, cy = (annotator_id(database, name) for name in ("anna", "bo", "cy"))
    choose(database, open_, take(database, open_, anna).id, annotator=anna, choice="left", now=1.0)
    take(database, open_, bo)
    assert following(database, open_, cy) == "budget"


def test_a_closed_queue_hands_out_nothing_but_takes_what_is_on_screens(database: Database) -> None:
    open_ = queue(database)
    anna, bo = annotator_id(database, "anna"), annotator_id(database, "bo")
    shown = take(database, open_, anna)
    set_closed(database, open_, closed=True, now=1.0)
    assert following(database, open_, bo) == "closed"
    choose(database, open_, shown.id, annotator=anna, choice="left", now=2.0)
    assert following(database, open_, anna) == "closed"
    set_closed(database, open_, closed=False, now=3.0)
    assert isinstance(following(database, open_, bo), Showing)


def test_repeats_come_to_the_same_annotator_with_sides_swapped_and_count_nowhere(database: Database) -> None:
    open_ = queue(database, 40, ("a", "b"), repeats=0.3)
    anna = annotator_id(database, "anna")
    for n in range(60):
        shown = following(database, open_, anna, now=float(n), seed=n)
        if isinstance(shown, str):
            break
        choose(database, open_, shown.id, annotator=anna, choice="left", now=float(n))
    labels = preferences(database, open_)
    first = {label.example: label for label in labels if not label.repeat}
    again = [label for label in labels if label.repeat]
    assert 5 < len(again) < 25
    assert all(label.left == first[label.example].right for label in again)
    assert progress(database, open_).labels == len(first) == 40
    assert progress(database, open_).repeats == len(again)


def test_the_same_words_are_never_shown(database: Database) -> None:
    wanted = Queue(name="same", candidates=candidates("a", "b", "c"))
    open_ = make_queue(database, "case", wanted, asked(("a", "b", "c"), 5, a=" Yes.", b="Yes. "))
    assert progress(database, open_).same == pytest.approx(1 / 3)
    with pytest.raises(ConfigError, match="same answers"):
        make_queue(
            database, "case", wanted.model_copy(update={"name": "x"}), asked(("a", "b", "c"), 5, a="y", b="y", c="y")
        )


def test_weights_decide_which_candidates_are_compared(database: Database) -> None:
    open_ = queue(database, 30)
    anna = annotator_id(database, "anna")
    seen = []
    for n in range(20):
        shown = next_showing(
            database, open_, anna, now=0.0, rng=np.random.default_rng(n), weigh=lambda _: np.array([0.0, 1.0, 0.0])
        )
        assert isinstance(shown, Showing)
        choose(database, open_, shown.id, annotator=anna, choice="left", now=1.0)
        seen.append(shown)
    assert {frozenset((label.left, label.right)) for label in preferences(database, open_)} == {frozenset("ac")}
    counts = []
    next_showing(
        database, open_, anna, now=0.0, rng=np.random.default_rng(0), weigh=lambda c: counts.append(c) or np.ones(3)
    )
    assert counts[0][0, 2].sum() + counts[0][2, 0].sum() == 20
    assert counts[0][:, :, 0].sum() == 20  # Every label preferred the left one.


# --- Queues and people --------------------------------------------------------------------------------


def test_queues_are_known_by_name_and_keep_the_answers_as_they_were(database: Database) -> None:
    made = queue(database, reveal=True, guide="Which is kinder?")
    assert open_queue(database, "case", "blind") == made
    assert [one.queue.name for one in queues(database, "case")] == ["blind"]
    assert queues(database, "other") == ()
    with pytest.raises(ConfigError, match="already"):
        queue(database)
    with pytest.raises(NotFound, match="no queue"):
        open_queue(database, "case", "nope")
    with pytest.raises(ConfigError, match="Not every candidate"):
        make_queue(database, "case", Queue(name="x", candidates=candidates("a", "z")), asked(("a", "b"), 3))


def test_what_no_database_takes_is_shown_as_a_mark(database: Database) -> None:
    wanted = Queue(name="odd", candidates=candidates("a", "b"))
    open_ = make_queue(database, "case", wanted, asked(("a", "b"), 1, a="nul \0 half \ud800", b="x" * 1_000_000))
    shown = take(database, open_, annotator_id(database, "anna"))
    texts = {shown.left, shown.right}
    assert "x" * 1_000_000 in texts
    assert "nul \N{REPLACEMENT CHARACTER} half \N{REPLACEMENT CHARACTER}" in texts


def test_an_annotator_has_one_name_and_one_kind(database: Database) -> None:
    assert annotator_id(database, " anna  b ") == annotator_id(database, "anna b")
    with pytest.raises(ConfigError, match="needs a name"):
        annotator_id(database, " \t")
    with pytest.raises(ConfigError, match="name of a person"):
        annotator_id(database, "anna b", "model")


# --- Many at once -------------------------------------------------------------------------------------


def label_all(database: Database, open_: OpenQueue, name: str, count: int, errors: list[BaseException]) -> None:
    """One annotator's day."""
    try:
        me, rng = annotator_id(database, name), random.Random(name)
        for n in range(count):
            shown = following(database, open_, me, now=time.time(), seed=rng.getrandbits(32))
            if isinstance(shown, str):
                return
            for _ in range(1 + (n % 7 == 0)):  # A double click now and then.
                choose(database, open_, shown.id, annotator=me, choice="left", now=time.time())
    except BaseException as error:
        errors.append(error)
        raise


def whole(database: Database, overlap: int) -> int:
    """The labels stored, after checking that no pair went over its overlap and no annotator saw one twice."""
    with database.reading() as session:
        rows = session.execute(
            select(ShowingRow.prompt_id, ShowingRow.first, ShowingRow.second, ShowingRow.annotator_id).where(
                ShowingRow.choice.is_not(None)
            )
        ).all()
        changes = session.scalar(select(func.count()).select_from(ChangeRow))
    assert changes == len(rows)
    assert max(Counter(row[:3] for row in rows).values()) <= overlap
    assert max(Counter(tuple(row) for row in rows).values()) == 1
    return len(rows)


def test_many_at_once_lose_nothing_and_double_nothing(database: Database) -> None:
    open_ = queue(database, 60, overlap=2, budget=240)
    errors: list[BaseException] = []
    threads = [threading.Thread(target=label_all, args=(database, open_, f"p{n}", 40, errors)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert whole(database, 2) == 240


LABELLER = """
import sys, time
from pathlib import Path
import numpy as np
from workbench.database import open_database
from workbench.labelling import choose, next_showing
from workbench.queues import annotator_id, open_queue

workspace, name = Path(sys.argv[1]), sys.argv[2]
database = open_database(workspace)
queue = open_queue(database, "case", "blind")
me = annotator_id(database, name)
while True:
    shown = next_showing(database, queue, me, now=time.time(), rng=np.random.default_rng(), weigh=lambda c: np.ones(3))
    if isinstance(shown, str):
        break
    choose(database, queue, shown.id, annotator=me, choice="left", now=time.time())
    print(shown.id, flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_loses_no_label_that_it_was_told_of(database: Database, tmp_path: Path) -> None:
    queue(database, 2_000, overlap=1, budget=6_000)
    told: list[str] = []
    for n in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", LABELLER, str(tmp_path), f"p{n}"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert process.stdout is not None
        for _ in range(5 + 7 * n):
            told.append(process.stdout.readline().strip())
        os.kill(process.pid, signal.SIGKILL)
        told += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
        process.stdout.close()
    with database.reading() as session:
        stored = set(session.scalars(select(ShowingRow.id).where(ShowingRow.choice.is_not(None))))
    assert len(told) >= 5 + 12 + 19 + 26
    assert set(told) <= stored
    assert whole(database, 1) - len(set(told)) <= 4  # One that was stored as the process died, at most, each time.


# --- The database itself ------------------------------------------------------------------------------


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order, ready = rooms.Turns(1), [], threading.Event()

    def take(n: int) -> None:
        with turns:
            order.append(n)

    with turns:
        threads = [threading.Thread(target=take, args=(n,)) for n in range(20)]
        for n, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) <= n:
                ready.wait(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_as_many_as_there_are_places_are_in_at_once() -> None:
    turns, inside, most, lock = rooms.Turns(3), 0, 0, threading.Lock()

    def take() -> None:
        nonlocal inside, most
        with turns:
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=take) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3


def test_turns_go_on_after_an_error() -> None:
    turns = rooms.Turns(1)
    with pytest.raises(ValueError, match="one"), turns:
        raise ValueError("one")
    with turns:
        pass


def test_the_migrations_make_what_the_code_expects(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_newer_database_is_refused(database: Database, tmp_path: Path) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    close_databases()
    with pytest.raises(ConfigError, match="newer version"):
        open_database(tmp_path)


def test_a_locked_database_is_said_and_the_label_can_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(rooms.URL_VARIABLE, raising=False)
    monkeypatch.setattr(rooms, "BUSY_SECONDS", 0.2)
    database = open_database(tmp_path)
    open_ = queue(database)
    anna = annotator_id(database, "anna")
    shown = take(database, open_, anna)
    blocker = sqlite3.connect(tmp_path / rooms.FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseGone, match="locked"):
        choose(database, open_, shown.id, annotator=anna, choice="left", now=1.0)
    assert progress(database, open_).labels == 0  # Readers don't wait for the writer.
    blocker.execute("ROLLBACK")
    blocker.close()
    choose(database, open_, shown.id, annotator=anna, choice="left", now=2.0)
    assert progress(database, open_).labels == 1
    close_databases()


def test_what_is_no_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url, told in (
        ("mysql://x/y", "not supported"),
        ("nonsense", "no database URL"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "can't be used"),
    ):
        monkeypatch.setenv(rooms.URL_VARIABLE, url)
        with pytest.raises((ConfigError, DatabaseGone), match=told) as caught:
            open_database(tmp_path)
        assert "secret" not in str(caught.value)


def test_workspaces_that_share_a_database_see_their_own_queues(database: Database, tmp_path: Path) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("each workspace has its own file")
    queue(database)
    other = open_database(tmp_path / "other")
    assert queues(other, "case") == ()
    queue(other)
    assert len(queues(database, "case")) == 1


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), Session(database.engine) as session:
        session.add(ChangeRow(showing_id="none", at=0.0, action="given", choice="left", reason="", seconds=None))
        session.commit()
