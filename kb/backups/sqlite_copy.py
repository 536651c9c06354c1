"""SQLite files: copied while they are in use, and looked at without changing them."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kb.backups.archive import Contents, Copied
from kb.backups.errors import BackupFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.backups.archive import Progress
    from kb.database import Database

PAGES = 4_096
"""Copied at a time: how often progress is told."""
BUSY_SECONDS = 15


def copy_out(database: Database, folder: Path, told: Progress) -> Copied:
    """A copy of the database as it stands at one moment, looked at. Raises BackupFailed."""
    source, copy = file_of(database), folder / "database.sqlite"
    if not source.is_file():
        raise BackupFailed(f"There is no repository in {source} yet, so there is nothing to back up.")
    contents = _copy(source, copy, told)
    found = faults(copy)
    if found:
        raise BackupFailed(f"The database {source} is damaged ({found[0]}). Restore the last good backup.")
    if read_contents(copy) != contents:
        raise BackupFailed("The copy does not hold what the database does. Try again.")
    return Copied(copy, "sqlite", contents, f"SQLite {sqlite3.sqlite_version}")


def file_of(database: Database) -> Path:
    """The database's file, links followed. Raises BackupFailed for one that lives in memory."""
    name = database.url.database or ":memory:"
    if name.startswith((":memory:", "file:")):
        raise BackupFailed("The records are not in a file, so they can be neither backed up nor restored.")
    return Path(name).resolve()


def _copy(source: Path, target: Path, told: Progress) -> Contents:
    """SQLite's online backup; returns what the source held at that moment.

    A read transaction holds the moment. In rollback-journal mode commits wait for its end, seconds for
    a gigabyte; without it every commit would make the copy start over.
    """
    try:
        with _connected(source, "rw") as live, _connected(target, "rwc") as made:
            # Nothing is lost if the copy is: what lasts is the archive, which is written through.
            made.execute("PRAGMA synchronous=OFF")
            live.execute("BEGIN")
            contents = _contents(live)
            size = int(live.execute("PRAGMA page_size").fetchone()[0])
            live.backup(
                made,
                pages=PAGES,
                progress=lambda _, left, total: told((total - left) * size, total * size),
                sleep=0.01,
            )
            live.execute("ROLLBACK")
            made.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupFailed(f"The database {source} could not be copied: {error}.") from None
    return contents


def read_contents(file: Path) -> Contents:
    """What a database holds. Raises sqlite3.Error when it is none."""
    with _connected(file, "ro") as connection:
        return _contents(connection)


def faults(file: Path) -> list[str]:
    """What is wrong inside a database, in a few sentences; nothing when it is sound."""
    try:
        with _connected(file, "ro") as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            broken = [
                f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there"
                for row in connection.execute("PRAGMA foreign_key_check").fetchmany(5)
            ]
    except sqlite3.Error as error:
        return [str(error)]
    return [fault for fault in found if fault != "ok"] + broken


@contextmanager
def _connected(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{file.absolute().as_uri()}?mode={mode}"
    with closing(
        sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    ) as connection:
        yield connection


def _contents(connection: sqlite3.Connection) -> Contents:
    names = [
        str(name)
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " ORDER BY name"
        )
    ]
    counts = {name: _count(connection, name) for name in names}
    version = None
    if "alembic_version" in counts:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        version = str(row[0]) if row else None
    return Contents(version, counts)


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608  quoted
