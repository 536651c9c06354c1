"""Working copies: what a person has typed and not saved, kept on the server a few seconds later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - part of a dataclass that API models read
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from kb import editing
from kb.desk.access import find_case
from kb.desk.lines import start_of_edit
from kb.desk.model import WorkingCopy
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.kinds import KINDS
from kb.people.roles import require
from kb.validation import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.roles import Person

NEW = "new:"


@dataclass(frozen=True)
class Typed:
    """What stands in a form. `data` may break the rules of its kind: nobody has saved it."""

    data: dict[str, Any]
    base: int = 0
    """The revision that it goes on from; 0 while the entry is new."""
    anonymous: bool = False
    mask_source: bool = False
    note: str = ""


@dataclass(frozen=True)
class CopyView:
    """A working copy of the person who asks."""

    place: str
    """The entry's id, or `new:lesson`."""
    kind: str
    typed: Typed
    saved_at: datetime

    @property
    def title(self) -> str:
        """As far as it is typed."""
        title = self.typed.data.get("title", "")
        return title if isinstance(title, str) else ""


def keep(database: Database, person: Person, place: str, typed: Typed) -> datetime:
    """Keeps what was typed; returns when. Raises NotAllowed, and NotFound for a place or revision that is
    not there for the person.
    """
    account, at = _account(person), editing.now()
    with database.write_aside() as session:
        if kind_at(session, person, place) is None:
            raise NotFound(f"There is no entry {place}, and no kind of that name.")
        if typed.base:
            find_case(session, person, place, typed.base)
        session.merge(WorkingCopy(user_id=account, place=place, data=vars(typed), saved_at=at))
    return at


def keep_of_kind(database: Database, person: Person, place: str, kind: str, typed: Typed) -> datetime:
    """Keeps what is of this kind. Raises InvalidRecord where the place is one for another, and as `keep`."""
    with database.read() as session:
        there = kind_at(session, person, place)
    if there not in (None, kind):
        raise InvalidRecord([Problem("kind", f"is {there} at {place}")])
    return keep(database, person, place, typed)


def find(session: Session, person: Person, place: str) -> CopyView | None:
    """What the person has typed there and not saved."""
    row = session.get(WorkingCopy, (person.id, place)) if person.id is not None else None
    return _view(session, person, row) if row else None


def place_of(text: str) -> str:
    """A place as it is kept: an id in capitals, `new:` and a kind in small letters."""
    return text.lower() if text.lower().startswith(NEW) else text.upper()


def own_copies(session: Session, person: Person) -> list[CopyView]:
    """All that the person has typed and not saved, latest first; of entries that they may still see."""
    query = select(WorkingCopy).where(WorkingCopy.user_id == (person.id or 0))
    rows = session.scalars(query.order_by(WorkingCopy.saved_at.desc(), WorkingCopy.place))
    return [view for row in rows if (view := _view(session, person, row)) is not None]


def drop(database: Database, person: Person, place: str) -> bool:
    """It is saved, or not wanted. Returns whether there was one."""
    if person.id is None:
        return False
    mine = (WorkingCopy.user_id == person.id) & (WorkingCopy.place == place)
    with database.write_aside() as session:
        gone = session.execute(delete(WorkingCopy).where(mine).returning(WorkingCopy.place))
        return gone.first() is not None


def follow_discarded(session: Session, ref: str, number: int, follows: int | None) -> None:
    """What was typed on top of a revision that goes stands on the one before from now on: the number may be
    another revision's one day.
    """
    for row in session.scalars(select(WorkingCopy).where(WorkingCopy.place == ref)):
        if row.data.get("base") == number:
            row.data = row.data | {"base": follows or 0}


def forget_place(session: Session, ref: str) -> None:
    """What was typed there goes with the entry: its id may be another entry's one day."""
    session.execute(delete(WorkingCopy).where(WorkingCopy.place == ref))


def _view(session: Session, person: Person, row: WorkingCopy) -> CopyView | None:
    kind = kind_at(session, person, row.place)
    return None if kind is None else CopyView(row.place, kind, Typed(**row.data), row.saved_at)


def kind_at(session: Session, person: Person, place: str) -> str | None:
    """The kind of what is written there; None for no kind, and for an entry that the person may not see."""
    if place.startswith(NEW):
        kind = place.removeprefix(NEW)
        return kind if kind in KINDS else None
    case = start_of_edit(session, person, place)
    return None if case is None else case.revision.entry.kind


def _account(person: Person) -> int:
    require(person, "contribute")
    if person.id is None:
        raise NotAllowed("Only people with an account have working copies.")
    return person.id
