"""What becomes of a database that has just been restored, before anybody works with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from kb.database import open_database
from kb.people.audit import Origin, note

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.backups.archive import Manifest
    from kb.people.roles import Person

ENDED = {"sessions": "DELETE FROM sessions", "links": "DELETE FROM links WHERE used_at IS NULL"}
"""What must not come back to life: whoever was signed out since, or whose link was taken back, stays so.
Tokens stay as they were."""


def settle(url: str, manifest: Manifest, by: Person) -> dict[str, int]:
    """Migrates the database and ends its sessions and unused one-time links; returns how many of each.

    Raises DatabaseUnavailable.
    """
    database = open_database(url)
    try:
        with database.write() as session:
            ended = _end(session)
            made_at = f"{manifest.made_at:%Y-%m-%dT%H:%M:%SZ}"
            note(session, Origin(by), "restore backup", made_at, made_by=manifest.made_by, ended=ended)
        return ended
    finally:
        database.dispose()


def _end(session: Session) -> dict[str, int]:
    tables = set(inspect(session.connection()).get_table_names())
    return {
        table: session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
        for table, statement in ENDED.items()
        if table in tables
    }
