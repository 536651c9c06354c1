"""`restore`: everything is verified before anything is touched, and what was there is kept."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from kb.backups import archive
from kb.backups.badge_key import KeyRestore
from kb.backups.errors import BadBackup, RestoreRefused
from kb.backups.sqlite_copy import file_of
from kb.backups.sqlite_swap import SqliteRestore
from kb.database import Database
from kb.errors import DatabaseUnavailable
from kb.locks import only_one
from kb.migrations import VERSIONS
from kb.model import Entry
from kb.people.roles import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.backups.archive import Manifest, Progress
    from kb.backups.postgres_refill import PostgresRestore
    from kb.config import Settings
    from kb.people.roles import Person

    Around = Callable[[], AbstractContextManager[None]]
    """What is to be done beside the change itself: entered when all is verified."""


@dataclass(frozen=True)
class RestoreReport:
    """What was put back, and where what was there before is."""

    manifest: Manifest
    kept: str | None
    """File or schema that holds the database that was there; None when there was none."""
    ended: dict[str, int]
    """How many sessions and unused links of the backup no longer work."""
    has_key: bool = False
    """Whether the backup held the key of badges, which is in its place now."""
    kept_key: Path | None = None
    """File that holds another key that was there."""


def verify(url: str, file: Path) -> Manifest:
    """What a backup says it is, when this Precedent can read it into this kind of database.

    Raises BadBackup. That the parts are whole shows when they are unpacked.
    """
    manifest = archive.read_manifest(file)
    if manifest.schema_version not in VERSIONS:
        raise BadBackup(
            f"{file} has schema version {manifest.schema_version} and was made by {manifest.made_by}; this "
            f"Precedent knows versions up to {VERSIONS[-1]}. Restore it with that one or a newer one."
        )
    kinds, here = [part.kind for part in manifest.parts], make_url(url).get_backend_name()
    if "badge key" in kinds[:1] or kinds[1:] not in ([], ["badge key"]):
        raise BadBackup(f"{file} is no backup of Precedent: its parts are {', '.join(kinds)}.")
    if kinds[0] != here:
        raise BadBackup(
            f"{file} is a backup of {kinds[0]}, and the records here are in {here}. Restore it "
            "where they are in the same; `precedent export` and `precedent load` move entries between both."
        )
    return manifest


def rehearse(settings: Settings, file: Path, told: Progress | None = None) -> Manifest:
    """Does all of a restore but the change, away from the repository: what it raises, a restore would."""
    file = file.expanduser().absolute()
    manifest = verify(settings.database_url, file)
    database = Database(settings.database_url)
    try:
        with TemporaryDirectory(prefix="precedent-restore-") as folder:
            _unpacked(database, file, manifest, Path(folder), told, OPERATOR)
            _unpacked_key(settings.home, file, manifest, Path(folder))
    except OSError as error:
        raise RestoreRefused(_words(error)) from None
    finally:
        database.dispose()
    return manifest


def restore(
    settings: Settings,
    file: Path,
    *,
    replace: bool = False,
    around: Around = nullcontext,
    told: Progress | None = None,
    by: Person = OPERATOR,
) -> RestoreReport:
    """Puts a backup in the place of the repository; `by` is who does, for the audit log.

    Sessions and unused one-time links of the backup end, so that nobody who was signed out since is
    signed in again. Raises BadBackup, RestoreRefused, ServerRuns, DatabaseUnavailable; nothing has
    changed then.
    """
    file = file.expanduser().absolute()
    manifest = verify(settings.database_url, file)
    database = Database(settings.database_url)
    # A file is moved by one rename only within one file system.
    place = file_of(database).parent if database.is_sqlite else settings.home
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with only_one(settings.home), TemporaryDirectory(prefix=".precedent-restore-", dir=place) as folder:
            if not replace:
                _refuse_entries(database)
            ready = _unpacked(database, file, manifest, Path(folder), told, by)
            key, moment = (
                _unpacked_key(settings.home, file, manifest, Path(folder)),
                f"{datetime.now(UTC):%Y%m%dt%H%M%Sz}",
            )
            with around():
                kept = ready.change(moment)
            kept_key = None if key is None else _change_key(key, moment)
        return RestoreReport(manifest, kept, ready.ended, key is not None, kept_key)
    except OSError as error:
        raise RestoreRefused(_words(error)) from None
    finally:
        database.dispose()


def _words(error: OSError) -> str:
    what = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"The backup could not be restored ({what}). Nothing was changed."


def _unpacked(
    database: Database, file: Path, manifest: Manifest, folder: Path, told: Progress | None, by: Person
) -> SqliteRestore | PostgresRestore:
    part = folder / "database"
    archive.unpack(file, manifest.parts[0], part, told or (lambda _done, _total: None))
    if database.is_sqlite:
        return SqliteRestore(database, part, manifest, by)
    from kb.backups.postgres_refill import PostgresRestore

    return PostgresRestore(database, part, manifest, by)


def _unpacked_key(home: Path, file: Path, manifest: Manifest, folder: Path) -> KeyRestore | None:
    """The key of badges, where the backup holds it. Raises BadBackup."""
    if len(manifest.parts) == 1:
        return None
    part = folder / "key"
    archive.unpack(file, manifest.parts[1], part, lambda _done, _total: None)
    return KeyRestore.of(part, home)


def _change_key(key: KeyRestore, moment: str) -> Path | None:
    try:
        return key.change(moment)
    except OSError as error:
        raise RestoreRefused(
            f"The records are restored, and the key of badges could not be put into {key.home} "
            f"({error.strerror}). Put that right, then restore once more with --replace."
        ) from None


def _refuse_entries(database: Database) -> None:
    """Raises RestoreRefused where there are entries, or where that cannot be told."""
    advice = "Say --replace to put the backup in its place; what is there now is kept."
    if database.is_sqlite and not file_of(database).exists():
        return
    try:
        if database.version() is None:
            return
        with database.read() as session:
            entries = session.scalar(select(func.count(Entry.id))) or 0
    except DatabaseUnavailable as error:
        raise RestoreRefused(f"There is a database that cannot be read ({error}). {advice}") from None
    if entries:
        raise RestoreRefused(f"The repository holds {entries:,} entries. {advice}")
