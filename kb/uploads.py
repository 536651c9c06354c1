"""Tables of projects on their way into the repository, and mappings kept for the next time."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from kb.editing import now
from kb.errors import InvalidRecord, NotFound
from kb.model import SavedMapping, Upload
from kb.people.audit import note
from kb.people.roles import require
from kb.text import clean_text
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin

LOAD = "load projects"
KEPT = timedelta(days=1)
MOST = 5
"""Tables that are kept of one person; the oldest goes first."""
MOST_NAME = 100
"""Characters of a mapping's name."""


@dataclass(frozen=True)
class Kept:
    """A table that was sent, as it is kept."""

    id: int
    name: str
    table: dict[str, Any]
    state: dict[str, Any]


@dataclass(frozen=True)
class Waiting:
    """A table that was sent, without its cells."""

    id: int
    name: str
    created_at: datetime
    state: dict[str, Any]


def keep(
    database: Database, origin: Origin, name: str, table: Mapping[str, Any], state: Mapping[str, Any]
) -> int:
    """Keeps a table for a day, with what is known of it; its number. Raises NotAllowed."""
    require(origin.person, LOAD)
    packed = zlib.compress(json.dumps(table, ensure_ascii=False).encode("utf-8", "replace"), 6)
    with database.write_aside() as session:
        session.execute(delete(Upload).where(Upload.created_at < now() - KEPT))
        row = Upload(
            person_id=origin.person.id or 0,
            name=name[:300],
            cells=packed,
            state=dict(state),
            created_at=now(),
        )
        session.add(row)
        session.flush()
        own = select(Upload.id).where(Upload.person_id == row.person_id).order_by(Upload.id.desc())
        for old in session.scalars(own).all()[MOST:]:
            session.execute(delete(Upload).where(Upload.id == old))
        return row.id


def kept(database: Database, origin: Origin, number: int) -> Kept:
    """A table that this person sent. Raises NotAllowed, NotFound."""
    require(origin.person, LOAD)
    with database.read() as session:
        row = _own(session, origin, number)
        table = json.loads(zlib.decompress(row.cells))
        return Kept(row.id, row.name, table, dict(row.state))


def remember(database: Database, origin: Origin, number: int, state: Mapping[str, Any]) -> None:
    """Keeps what is known of the table by now. Raises NotAllowed, NotFound."""
    require(origin.person, LOAD)
    with database.write_aside() as session:
        row = _own(session, origin, number)
        row.state = {**row.state, **state}


def drop(database: Database, origin: Origin, number: int) -> None:
    """The table is gone; what was loaded of it stays. Raises NotAllowed, NotFound."""
    require(origin.person, LOAD)
    with database.write_aside() as session:
        session.delete(_own(session, origin, number))


def waiting(database: Database, origin: Origin) -> list[Waiting]:
    """The tables that this person sent, newest first. Raises NotAllowed."""
    require(origin.person, LOAD)
    query = select(Upload.id, Upload.name, Upload.created_at, Upload.state)
    query = query.where(Upload.person_id == (origin.person.id or 0)).order_by(Upload.id.desc())
    with database.read() as session:
        return [Waiting(*row) for row in session.execute(query)]


def _own(session: Session, origin: Origin, number: int) -> Upload:
    row = session.get(Upload, number)
    if row is None or row.person_id != (origin.person.id or 0):
        raise NotFound("There is no such table; tables that were sent are kept for a day. Send it again.")
    return row


def list_mappings(session: Session) -> list[SavedMapping]:
    """Every mapping that is kept, by name."""
    return list(session.scalars(select(SavedMapping).order_by(SavedMapping.name)))


def get_mapping(session: Session, name: str) -> dict[str, Any]:
    """The mapping of this name. Raises NotFound."""
    row = session.get(SavedMapping, name)
    if row is None:
        named = ", ".join(each.name for each in list_mappings(session)) or "none"
        raise NotFound(f"There is no mapping {shorten(name)}. Kept are: {named}.")
    return dict(row.content)


def save_mapping(database: Database, origin: Origin, name: str, content: Mapping[str, Any]) -> None:
    """Keeps a mapping under its name, in the place of one that had it.

    Raises NotAllowed, and InvalidRecord for what is no name.
    """
    require(origin.person, LOAD)
    name = _name(name)
    with database.write_aside() as session:
        row = session.get(SavedMapping, name)
        if row is not None and row.content == dict(content):
            return
        if row is None:
            row = SavedMapping(name=name)
            session.add(row)
        row.content, row.author, row.changed_at = dict(content), origin.person.name[:300], now()
        note(session, origin, "save mapping", name, columns=len(content.get("columns", ())))


def _name(text: str) -> str:
    try:
        name = clean_text(text).strip()
    except ValueError as error:
        raise InvalidRecord([Problem("save_as", str(error))]) from None
    if not name or "\n" in name or len(name) > MOST_NAME:
        raise InvalidRecord([Problem("save_as", f"must be one line of 1 to {MOST_NAME} characters")])
    return name


def remove_mapping(database: Database, origin: Origin, name: str) -> None:
    """The mapping is gone; what was loaded by it stays. Raises NotAllowed, NotFound."""
    require(origin.person, LOAD)
    with database.write_aside() as session:
        get_mapping(session, name)
        session.execute(delete(SavedMapping).where(SavedMapping.name == name))
        note(session, origin, "remove mapping", name)
