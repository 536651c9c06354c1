"""How SQLite files are opened: only where they are, privately, durably, and again when they were replaced."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, exc

from kb import disks
from kb.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

BUSY_SECONDS = 15
"""How long a writer waits for another."""
# Before 3.51.3 a commit during another connection's checkpoint may corrupt a WAL
# database (https://www.sqlite.org/wal.html, "WAL-reset bug").
WAL_IS_SAFE_FROM = (3, 51, 3)
_POOL = {"pool_size": 8, "max_overflow": 64, "pool_timeout": 10, "pool_use_lifo": True}
"""As many connections as the server may have threads: they cost little. The one that came back last goes out
first, so that a few hold pages of the file (2 MB each) rather than all in turn.
"""
_NOT_WRITTEN = {
    sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_DELETE,
}  # fmt: skip


def journal_mode() -> str:
    """WAL where this SQLite is safe with it, else a rollback journal."""
    return "WAL" if sqlite3.sqlite_version_info >= WAL_IS_SAFE_FROM else "TRUNCATE"


def make_engine(url: URL, **options: Any) -> Engine:
    """An engine that never makes the file: what is moved away must not come back empty."""
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **_POOL, **options
    )
    file = file_of(url)
    if file is not None:
        event.listen(engine, "do_connect", partial(_open, file))
        event.listen(engine, "connect", partial(_remember, file))
        event.listen(engine, "checkout", partial(_look, file))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "reset", _end)
    return engine


def file_of(url: URL) -> Path | None:
    """The file that the URL names; None for a database in memory."""
    if not url.database or url.database.startswith((":memory:", "file:")):
        return None
    return Path(url.database).absolute()


def make_file(file: Path) -> None:
    """An empty file that only its owner can read: SQLite would let everybody. Raises DatabaseUnavailable."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(f"The database {file} cannot be made: {error.strerror}.") from None


def why_not_written(error: BaseException | None, file: Path | None) -> str:
    """Why a statement could not write while the rest can be read; empty for every other failure."""
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return disks.FULL
        case sqlite3.SQLITE_READONLY:
            return disks.READ_ONLY
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR if file is not None and file.exists():
            # A journal that cannot be made or written says less than the disk itself.
            found = disks.fault(file) or disks.fault(file.parent)
            return found or ("the disk refuses what is written" if code in _NOT_WRITTEN else "")
    return ""


def _open(file: Path, _dialect: object, record: Any, _arguments: object, named: dict[str, Any]) -> Any:
    # Asked before and after: what could not be written at either moment may have been opened to read only.
    record.info["writable"] = disks.can_write(file)
    return sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, **named)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _remember(file: Path, _connection: object, record: Any) -> None:
    record.info["file"] = _identity(file)
    record.info["writable"] &= disks.can_write(file)


def _look(file: Path, _connection: object, record: Any, _proxy: object) -> None:
    """A connection that has the file open knows nothing of another one under its name, and one that was
    opened while the disk was read-only never writes.
    """
    if record.info["file"] != _identity(file):
        raise exc.DisconnectionError("the file was moved away or replaced")
    if not record.info["writable"] and disks.can_write(file):
        raise exc.DisconnectionError("the file can be written again")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Our own BEGIN (the driver's comes too late for SELECT), durable commits, kept references.

    Pages of a large transaction stay in memory until it commits: writing them earlier would shut readers
    out for the rest of it.
    """
    connection.isolation_level = None
    try:
        connection.execute(f"PRAGMA journal_mode={journal_mode()}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_spill=OFF")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise DatabaseUnavailable(f"The database file cannot be used: {error}.") from None


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(1000 * options.get('busy', BUSY_SECONDS))}")
    if "foreign_keys" in options:  # inside a transaction it could not be said any more
        connection.exec_driver_sql(f"PRAGMA foreign_keys={options['foreign_keys']}")
    connection.exec_driver_sql(options.get("begin", "BEGIN"))


def _end(connection: sqlite3.Connection, _record: object, _state: object) -> None:
    """Ends what a refused COMMIT left open, before the connection goes back to the pool.

    SQLite keeps that transaction and its lock, SQLAlchemy takes it as over: nobody could read any more until
    the connection was used again.
    """
    if connection.in_transaction:
        connection.rollback()
