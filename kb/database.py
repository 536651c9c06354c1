"""Opening the database, and the two kinds of transaction: reading and writing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from kb.errors import DatabaseTooNew, DatabaseUnavailable
from kb.migrations import HEAD, VERSIONS
from kb.model import ChangeStamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

_STAMP = select(ChangeStamp.value)
BUSY_SECONDS = 15
CACHE_BUSY_SECONDS = 0.2
# Before 3.51.3 a commit during another connection's checkpoint may corrupt a WAL
# database (https://www.sqlite.org/wal.html, "WAL-reset bug").
WAL_IS_SAFE_FROM = (3, 51, 3)


def journal_mode() -> str:
    """WAL where this SQLite is safe with it, else a rollback journal."""
    return "WAL" if sqlite3.sqlite_version_info >= WAL_IS_SAFE_FROM else "TRUNCATE"


class Database:
    """A repository's database: `read()` and `write()` give transactions."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _engine(self.url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the records are in an SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state and changes nothing."""
        # SQLite shows one state anyway; PostgreSQL by default another one to each statement.
        isolation = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._session(self.engine.execution_options(**isolation)) as session:
            yield session
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
    def write_cache(self) -> Iterator[Session]:
        """A transaction that stores derived data: commits, but counts no change.

        It waits a moment only: whoever asks has the data already and can do without storing it.
        """
        with self._session(self.engine.execution_options(busy=CACHE_BUSY_SECONDS)) as session:
            yield session
            session.commit()

    @contextmanager
    def _session(self, engine: Engine | None = None) -> Iterator[Session]:
        try:
            with Session(engine or self.engine, expire_on_commit=False) as session:
                yield session
        except OperationalError as error:
            raise DatabaseUnavailable(f"The database did not answer: {_first_line(error)}") from error

    def change_stamp(self) -> int:
        """A number that grows with every committed edit."""
        # Every search asks: without a session it takes a third of the time.
        try:
            with self.engine.connect() as connection:
                return int(connection.execute(_STAMP).scalar() or 0)
        except DBAPIError as error:
            raise DatabaseUnavailable(f"The database cannot be read: {_first_line(error)}") from error

    def version(self) -> str | None:
        """The schema version in the database; None when it is empty."""
        try:
            with self.engine.connect() as connection:
                if not inspect(connection).has_table("alembic_version"):
                    return None
                found = connection.scalar(text("SELECT version_num FROM alembic_version"))
                return str(found) if found else None
        except DatabaseError as error:
            raise DatabaseUnavailable(f"The database cannot be opened: {_first_line(error)}") from error

    def dispose(self) -> None:
        """Closes the connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The database at `url`, made or migrated to this version's schema.

    Raises DatabaseTooNew if a newer Precedent wrote it, DatabaseUnavailable if it cannot be opened.
    """
    database = Database(url)
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
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=8, json_serializer=_json)
    if url.database and not url.database.startswith((":memory:", "file:")):
        _make_private_folder(url.database)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, json_serializer=_json
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private_folder(file: str) -> None:
    folder = Path(file).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DatabaseUnavailable(f"The folder {folder} cannot be made: {error.strerror}.") from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Our own BEGIN (the driver's comes too late for SELECT), durable commits, kept references."""
    connection.isolation_level = None
    try:
        connection.execute(f"PRAGMA journal_mode={journal_mode()}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise DatabaseUnavailable(f"The database file cannot be used: {error}.") from None


def _json(value: object) -> str:
    # Readable text in the column, so that a plain comparison finds accented words.
    return json.dumps(value, ensure_ascii=False)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(1000 * options.get('busy', BUSY_SECONDS))}")
    connection.exec_driver_sql(options.get("begin", "BEGIN"))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0] if error.orig else str(error)
