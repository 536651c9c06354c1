"""Opening the database, and the two kinds of transaction: reading and writing."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, exc, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from kb import disks, sqlite
from kb.errors import DatabaseTooNew, DatabaseUnavailable, NotWritable
from kb.migrations import HEAD, VERSIONS
from kb.model import ChangeStamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from sqlalchemy import URL, Engine

_STAMP = select(ChangeStamp.value)
# A missing table or right is one to PostgreSQL's ProgrammingError, to SQLite an OperationalError.
_OUTAGES = (exc.OperationalError, exc.InterfaceError, exc.ProgrammingError, exc.TimeoutError)
_POSTGRES_FAULTS = {"53100": disks.FULL, "25006": "the database can only be read"}
"""States disk_full and read_only_sql_transaction, the latter of a server that follows another."""
READ_BUSY_SECONDS = 10.0
"""How long a reader waits for a lock in SQLite: longer than a disk stalls, and before people leave."""
CACHE_BUSY_SECONDS = 0.2
LINK_OPTIONS = {
    "connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
"""Of PostgreSQL, unless its URL states others: a server that is gone is noticed in seconds, not hours."""


class Database:
    """A repository's database: `read()` and `write()` give transactions."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _engine(self.url)
        self._open = threading.local()
        self._reading = self.engine.execution_options(busy=READ_BUSY_SECONDS)

    @property
    def is_sqlite(self) -> bool:
        """Whether the records are in an SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The file of the records; None when they are elsewhere."""
        return sqlite.file_of(self.url) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state and changes nothing; within one of the same thread, that one.

        A second connection could wait for a writer who waits for the first.
        """
        outer: Session | None = getattr(self._open, "session", None)
        if outer is not None:
            yield outer
            return
        # SQLite shows one state anyway; PostgreSQL by default another one to each statement.
        options = {"busy": READ_BUSY_SECONDS} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._session(self.engine.execution_options(**options)) as session:
            self._open.session = session
            try:
                yield session
            finally:
                self._open.session = None
            session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that edits: commits at the end, rolls back on an error.

        Counting the change stamp up first makes writers queue on both databases.
        """
        with self._session(self.engine.execution_options(begin="BEGIN IMMEDIATE")) as session:
            session.execute(update(ChangeStamp).values(value=ChangeStamp.value + 1))
            yield session
            session.commit()

    @contextmanager
    def write_aside(self) -> Iterator[Session]:
        """A transaction that edits what no search shows, such as sessions and the audit log.

        It commits and rolls back as `write` does, but counts no change: signing in must not
        empty the caches of everybody's searches.
        """
        with self._session(self.engine.execution_options(begin="BEGIN IMMEDIATE")) as session:
            yield session
            session.commit()

    @contextmanager
    def write_cache(self) -> Iterator[Session]:
        """A transaction that stores derived data: commits, but counts no change.

        It waits a moment only: whoever asks has the data already and can do without storing it.
        """
        with self._session(self.engine.execution_options(busy=CACHE_BUSY_SECONDS)) as session:
            yield session
            session.commit()

    @contextmanager
    def _session(self, engine: Engine | None = None) -> Iterator[Session]:
        engine = engine or self.engine
        with outages("did not answer", self.file), Session(engine, expire_on_commit=False) as session:
            yield session

    def change_stamp(self) -> int:
        """A number that grows with every committed edit; within `read`, as it was when that began."""
        # Every search asks, and without a session it takes a third of the time.
        outer: Session | None = getattr(self._open, "session", None)
        with outages("cannot be read"):
            if outer is not None:
                return int(outer.scalar(_STAMP) or 0)
            if self.is_sqlite:
                return next((value for (value,) in self.ask_driver("SELECT value FROM change_stamp")), 0)
            with self._reading.connect() as connection:
                return int(connection.execute(_STAMP).scalar() or 0)

    @property
    def is_reading(self) -> bool:
        """Whether this thread is within `read`."""
        return getattr(self._open, "session", None) is not None

    def ask_driver(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one SELECT by SQLite's driver alone, in a tenth of the time: one statement sees one
        state anyway.
        """
        # Only the engine's own statements have the driver's errors translated, here not even opening has.
        try:
            with outages("cannot be read"), closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={int(READ_BUSY_SECONDS * 1000)}")
                found: list[tuple[Any, ...]] = cursor.execute(text, parameters).fetchall()
                return found
        except sqlite3.Error as error:
            raise DatabaseUnavailable(f"The database cannot be read: {error}") from error

    def version(self, busy: float = READ_BUSY_SECONDS) -> str | None:
        """The schema version in the database; None when it is empty. Waits `busy` seconds for a lock."""
        engine = self.engine.execution_options(busy=busy)
        with outages("cannot be opened"), engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return str(found) if found else None

    def dispose(self) -> None:
        """Closes the connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The database at `url`, made or migrated to this version's schema.

    Raises DatabaseTooNew if a newer Precedent wrote it, DatabaseUnavailable if it cannot be opened.
    """
    database = Database(url)
    if database.file is not None and not database.file.exists():
        sqlite.make_file(database.file)
    version = database.version()
    if version == HEAD:
        return database
    if version is not None and version not in VERSIONS:
        database.dispose()
        raise DatabaseTooNew(
            f"The database has schema version {version}; this Precedent knows versions up to {HEAD}. "
            "Nothing was changed. Start the newer Precedent that wrote it, or restore a backup."
        )
    from kb.migrations import upgrade

    upgrade(database)
    return database


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return sqlite.make_engine(url, json_serializer=_json)
    given = {name: value for name, value in LINK_OPTIONS.items() if name not in url.query}
    return create_engine(
        url, connect_args=given, pool_pre_ping=True, pool_size=8, max_overflow=8, pool_timeout=10,
        json_serializer=_json,
    )  # fmt: skip


def _json(value: object) -> str:
    # Readable text in the column, so that a plain comparison finds accented words.
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def outages(what: str, file: Path | None = None) -> Iterator[None]:
    """Turns what says that the database does not work into DatabaseUnavailable, and that nothing can be
    written (to `file`, with SQLite) into NotWritable; refusals pass.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        if why := _why_not_written(error, file):
            raise NotWritable(why) from error
        # Exactly DatabaseError is SQLite's "file is not a database" and "malformed".
        is_outage = isinstance(error, _OUTAGES) or type(error) is exc.DatabaseError
        if not is_outage or _is_refusal(error):
            raise
        raise DatabaseUnavailable(f"The database {what}: {_first_line(error)}") from error


def _is_refusal(error: exc.SQLAlchemyError) -> bool:
    """Whether a trigger of ours refused: to PostgreSQL that too is a ProgrammingError."""
    return isinstance(error, exc.DBAPIError) and getattr(error.orig, "sqlstate", None) == "P0001"


def _why_not_written(error: exc.SQLAlchemyError, file: Path | None) -> str:
    cause = error.orig if isinstance(error, exc.DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return sqlite.why_not_written(cause, file)
    return _POSTGRES_FAULTS.get(getattr(cause, "sqlstate", None) or "", "")


def _first_line(error: exc.SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    return (str(cause).splitlines() or [type(cause).__name__])[0]
