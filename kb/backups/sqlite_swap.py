"""Putting a restored SQLite file in the place of the database, and keeping the one that was there."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

from kb.backups import sqlite_copy
from kb.backups.archive import sync_folder
from kb.backups.errors import BadBackup, RestoreRefused
from kb.backups.settling import settle

if TYPE_CHECKING:
    from kb.backups.archive import Manifest
    from kb.database import Database
    from kb.people.roles import Person

BUSY_SECONDS = 3
SIDE_FILES = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a file, found by its name: with another file under that name it would be ruin."""


class SqliteRestore:
    """A backup that was unpacked, verified and brought to this version, ready to take its place."""

    def __init__(self, database: Database, part: Path, manifest: Manifest, by: Person) -> None:
        """Raises BadBackup."""
        self._live, self._part = sqlite_copy.file_of(database), part
        faults = sqlite_copy.faults(part)
        if faults:
            raise BadBackup(f"The database in the backup is damaged: {faults[0]}.")
        contents = sqlite_copy.read_contents(part)
        if (contents.schema_version, contents.counts) != (manifest.schema_version, manifest.counts):
            raise BadBackup("The database in the backup does not hold what its manifest says.")
        self.ended = settle(URL.create("sqlite", database=str(part)).render_as_string(), manifest, by)

    def change(self, moment: str) -> str | None:
        """Swaps the files in one rename; returns the name of the old one. Raises RestoreRefused, OSError."""
        _write_through(self._part)
        kept = None
        if self._live.exists():
            _quiesce(self._live)
            kept = _free_name(self._live, moment)
            _keep(self._live, kept)
        self._part.replace(self._live)
        sync_folder(self._live.parent)
        return None if kept is None else str(kept)


def _free_name(live: Path, moment: str) -> Path:
    name, number = live.with_name(f"{live.name}.before-restore-{moment}"), 1
    while name.exists():
        number += 1
        name = live.with_name(f"{live.name}.before-restore-{moment}-{number}")
    return name


def _write_through(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _quiesce(live: Path) -> None:
    """Finishes what a killed writer began, and sees that nobody writes. A broken file stays as it is."""
    try:
        with closing(sqlite3.connect(live, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise RestoreRefused(
                f"Another program works on {live}. Stop it first; nothing was changed."
            ) from None


def _keep(live: Path, kept: Path) -> None:
    """Gives the old database its second name, so that there is no moment without a database."""
    try:
        os.link(live, kept)
    except OSError:  # a file system without links
        live.rename(kept)
    for suffix in SIDE_FILES:
        beside = Path(f"{live}{suffix}")
        with suppress(FileNotFoundError):
            if beside.stat().st_size:
                beside.rename(f"{kept}{suffix}")
            else:
                beside.unlink()
