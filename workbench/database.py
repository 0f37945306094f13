"""Where people's choices are stored: SQLite in the workspace, or PostgreSQL by ``WORKBENCH_DATABASE_URL``.

One schema for both, kept by Alembic's migrations and brought up to date when a database is first opened. A write is
one transaction with which no other write to the same queue interleaves: what was checked in it still holds at its end.
"""

import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from workbench.errors import ConfigError, WorkbenchError
from workbench.workspace import write_atomically

URL_VARIABLE = "WORKBENCH_DATABASE_URL"
FILE = "workbench.db"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 5.0
"""How long a statement waits for a database that somebody else writes to before it gives up."""
POOL = 20
"""Connections to a PostgreSQL server that one process keeps, and writes with at once; for reading, as many more."""


class DatabaseGone(WorkbenchError):
    """The database is locked, or can't be reached, for now: what was to be written can be written again."""


class Turns:
    """Lets so many threads in at once, in the order in which they came: a plain lock lets some wait for ever."""

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._free = places

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()

    def __exit__(self, *problem: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


@dataclass(frozen=True, eq=False)
class Database:
    """A database that is up to date, and the workspace whose rows are meant."""

    engine: Engine
    workspace: str
    """The workspace's own id: several may share a PostgreSQL database."""
    turns: Turns
    """Who of this process writes next: SQLite takes one at a time, a server as many as it may have connections."""

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads.

        Raises DatabaseGone where the database is locked or can't be reached.
        """
        with _gone_told(self.engine), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are committed together at its end, or not at all.

        SQLite lets one such session in at a time; elsewhere, lock the row that the changes depend on
        (``with_for_update``). Raises DatabaseGone where the database is locked or can't be reached.
        """
        alone = self.engine.dialect.name == "sqlite"
        with (
            self.turns,
            _gone_told(self.engine),
            Session(self.engine, expire_on_commit=False) as session,
        ):
            if alone:
                session.connection(execution_options={"begin": "immediate"})
            yield session
            session.commit()


_lock = threading.Lock()
_open: dict[tuple[str, str], Database] = {}


def open_database(workspace: Path) -> Database:
    """The database of a workspace, made or brought up to date where that is needed.

    Raises ConfigError for a URL that names no database this can use, or one that is newer than this program, and
    DatabaseGone where it can't be reached.
    """
    url = database_url(workspace)
    key = (url.render_as_string(hide_password=False), str(workspace.resolve()))
    with _lock:
        if key not in _open:
            engine = _engine(url)
            try:
                with _gone_told(engine):
                    _migrate(engine)
            except BaseException:
                engine.dispose()
                raise
            places = 1 if engine.dialect.name == "sqlite" else POOL
            _open[key] = Database(engine, _identity(workspace), Turns(places))
        return _open[key]


def close_databases() -> None:
    """Forget all open databases and end their connections."""
    with _lock:
        for database in _open.values():
            database.engine.dispose()
        _open.clear()


def database_url(workspace: Path) -> URL:
    """Where a workspace's choices are stored.

    Raises ConfigError for a URL that is none, or that names neither SQLite nor PostgreSQL.
    """
    named = os.environ.get(URL_VARIABLE, "").strip()
    if not named:
        return URL.create("sqlite", database=str(workspace.resolve() / FILE))
    try:
        url = make_url(named)
    except ArgumentError:
        raise ConfigError(f"${URL_VARIABLE} is no database URL.", _example()) from None
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url
    raise ConfigError(f"${URL_VARIABLE} names {url.get_backend_name()}, which is not supported.", _example())


def _example() -> str:
    return "Give one such as postgresql://user:password@host/workbench, or unset it: SQLite needs nothing."


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            if url.database:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        connect = {"connect_timeout": int(BUSY_SECONDS), "options": f"-c lock_timeout={int(BUSY_SECONDS * 1000)}"}
        return create_engine(
            url, pool_pre_ping=True, pool_size=POOL, max_overflow=POOL, pool_timeout=BUSY_SECONDS, connect_args=connect
        )
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"The driver for {url.drivername} is not installed: {error}.", "Install it: pip install psycopg[binary]."
        ) from None


def _prepare_sqlite(connection: Any, record: object) -> None:
    """Settings of every new connection: readers and the writer don't wait for one another; keys are checked."""
    del record
    # SQLAlchemy begins transactions itself, so that it can say how.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the writer's place at once where a session is going to write: it is never refused half-way."""
    how = connection.get_execution_options().get("begin", "deferred")
    connection.exec_driver_sql(f"BEGIN {how.upper()}")


@contextmanager
def _gone_told(engine: Engine) -> Iterator[None]:
    """A database that is locked or away, said in words; what is wrong with a statement stays a bug."""
    try:
        yield
    except PoolTimeout as error:
        where = engine.url.render_as_string(hide_password=True)
        said = f"The database {where} is busy: no connection was free within {BUSY_SECONDS:.0f} seconds."
        raise DatabaseGone(said, "Nothing is lost: it is tried again.") from error
    except (OperationalError, InterfaceError) as error:
        raise _gone(engine, error) from error
    except DatabaseError as error:
        if not error.connection_invalidated:
            raise
        raise _gone(engine, error) from error


def _gone(engine: Engine, error: DBAPIError) -> DatabaseGone:
    where = engine.url.render_as_string(hide_password=True)
    said = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    return DatabaseGone(f"The database {where} can't be used: {said}.", "Nothing is lost: it is tried again.")


def _identity(workspace: Path) -> str:
    """What tells a workspace from others that share a database; made once."""
    path = workspace / ".workspace-id"
    if not path.exists():
        write_atomically(path, secrets.token_hex(8))
    return path.read_text(encoding="utf-8").strip()


# --- Migrations ---------------------------------------------------------------------------------------


def migrations() -> Config:
    """Alembic's settings, made here so that no ini file has to travel with the package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _migrate(engine: Engine) -> None:
    """Bring the schema up to date; two processes that open a new database at once take turns."""
    config = migrations()
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if _revision(connection) == newest:
            return
    how = {"begin": "immediate"} if engine.dialect.name == "sqlite" else {}
    with engine.connect().execution_options(**how) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7261)")
        found = _revision(connection)
        if found == newest:
            return
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise ConfigError(
                f"The database {engine.url.render_as_string(hide_password=True)} was made by a newer version.",
                "Update this program, or name another database.",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
