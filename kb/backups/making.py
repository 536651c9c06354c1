"""`back_up`: copy what is there at one moment, look at the copy, pack it, look again, then name it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kb.backups import archive, badge_key
from kb.backups.errors import BackupFailed
from kb.database import Database
from kb.errors import DatabaseTooNew
from kb.migrations import VERSIONS
from kb.version import product_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.backups.archive import Copied, Manifest, Progress


@dataclass(frozen=True)
class BackupReport:
    """What was written."""

    file: Path
    size: int
    manifest: Manifest


def back_up(
    url: str, target: Path, *, home: Path | None = None, force: bool = False, told: Progress | None = None
) -> BackupReport:
    """Writes a backup of the database at `url`, verified, to one file. The server may go on working.

    With the key of badges in `home`, if there is one: whoever holds the file can sign badges. Nothing
    appears under the name until the backup is complete. Raises BackupFailed, DatabaseUnavailable,
    DatabaseTooNew.
    """
    target = Path(os.path.abspath(target.expanduser()))  # noqa: PTH100 - a link stays a link
    if target.is_dir():
        raise BackupFailed(f"{target} is a folder; name a file in it.")
    if target.exists() and not force:
        raise BackupFailed(f"{target} exists. Name another file, or say --force.")
    try:
        with tempfile.TemporaryDirectory(prefix=".precedent-backup-", dir=target.parent) as folder:
            return _make(url, home, target, Path(folder), _Halves(told), force=force)
    except OSError as error:
        raise BackupFailed(f"The backup {target} could not be written: {error.strerror}.") from None


class _Halves:
    """Tells the bytes of two passes over the same data, copying and packing, as one way."""

    def __init__(self, told: Progress | None) -> None:
        self._told = told or (lambda _done, _total: None)

    def first(self, done: int, total: int) -> None:
        """Of the copying."""
        self._told(done, 2 * total)

    def second(self, done: int, total: int) -> None:
        """Of the packing."""
        self._told(total + done, 2 * total)


def _make(
    url: str, home: Path | None, target: Path, folder: Path, told: _Halves, *, force: bool
) -> BackupReport:
    database = Database(url)
    try:
        copied = _copy_out(database)(database, folder, told.first)
    finally:
        database.dispose()
    version = copied.contents.schema_version
    if version not in VERSIONS:
        raise DatabaseTooNew(
            f"The database has schema version {version or 'none'}, and this Precedent knows versions up to "
            f"{VERSIONS[-1]}. Back it up with the Precedent that wrote it."
        )
    files, parts = [copied.file], [archive.describe(copied.file, copied.kind)]
    # After the database: a badge that it holds was signed by a key that was there by then.
    key = None if home is None else badge_key.copy_out(home, folder)
    if key is not None:
        files.append(key)
        parts.append(archive.describe(key, "badge key"))
    manifest = archive.Manifest(
        made_by=f"precedent {product_version()}",
        made_at=datetime.now(UTC).replace(microsecond=0),
        schema_version=version,
        database=copied.server,
        counts=copied.contents.counts,
        parts=parts,
    )
    made = folder / "backup"
    archive.pack(made, manifest, files, told.second)
    archive.check(made, archive.read_manifest(made))
    size = made.stat().st_size
    archive.place(made, target, force=force)
    return BackupReport(target, size, manifest)


def _copy_out(database: Database) -> Callable[[Database, Path, Progress], Copied]:
    """What copies this kind of database. PostgreSQL's is imported where it is used only."""
    if database.is_sqlite:
        from kb.backups.sqlite_copy import copy_out
    else:
        from kb.backups.postgres_dump import copy_out
    return copy_out
