"""Working copies: what a person has typed and not saved, kept on the server a few seconds later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from kb import editing
from kb.desk.model import WorkingCopy
from kb.errors import NotAllowed
from kb.people.roles import require

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.roles import Person


def keep(database: Database, person: Person, place: str, data: dict[str, Any]) -> datetime:
    """Keeps what was typed; returns when. `place` is an entry's id, or `new:lesson`. Raises NotAllowed."""
    at = editing.now()
    with database.write_aside() as session:
        session.merge(WorkingCopy(user_id=_account(person), place=place, data=data, saved_at=at))
    return at


def find(session: Session, person: Person, place: str) -> WorkingCopy | None:
    """What the person has typed there and not saved."""
    return session.get(WorkingCopy, (person.id, place)) if person.id is not None else None


def drop(database: Database, person: Person, place: str) -> None:
    """It is saved, or not wanted."""
    if person.id is None:
        return
    mine = (WorkingCopy.user_id == person.id) & (WorkingCopy.place == place)
    with database.write_aside() as session:
        session.execute(delete(WorkingCopy).where(mine))


def _account(person: Person) -> int:
    require(person, "contribute")
    if person.id is None:
        raise NotAllowed("Only people with an account have working copies.")
    return person.id
