"""The verbs of the action track: who notes an action, who takes it, who builds it in, who checks that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.actions.model import LessonAction
from kb.editing import published_revision
from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.model import Entry
from kb.notices.telling import notify
from kb.people.accounts import find_user
from kb.people.audit import note
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.people.roles import can, require
from kb.taxonomy.listing import TEND
from kb.validation import Problem

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from kb.actions.texts import ActionChange, ActionText
    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.model import User


class ActionChanged(KbError):
    """Somebody has changed the action since it was read."""


def add_action(database: Database, origin: Origin, ref: str, said: ActionText) -> int:
    """Notes what is to be changed because of a lesson; returns its number. Raises NotAllowed, NotFound."""
    require(origin.person, "contribute")
    with database.write_aside() as session:
        entry = session.scalar(select(Entry).where(Entry.ref == ref, reader_of(origin.person).visible))
        if entry is None or published_revision(session, entry) is None:
            raise NotFound(f"There is no published entry {ref}.")
        if entry.kind != "lesson":
            raise NotAllowed(f"{ref} is a {entry.kind}; actions are noted on lessons.")
        row = LessonAction(
            entry_id=entry.id, what=said.what, state="identified", embedded_in="", embedded_words="",
            author=origin.person.name, changed_by=origin.person.name, version=1, created_at=now(),
            changed_at=now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        note(session, origin, "add action", ref, number=row.id, what=said.what)
        return row.id


def change_action(database: Database, origin: Origin, number: int, said: ActionChange) -> None:
    """Takes an action on: assigned to somebody, embedded somewhere, checked, dropped, or open again.

    Curators assign, and drop; what nobody has, anybody may take. Its owner or a curator says where it is
    built in, and a curator or verifier who is not that person checks it. Raises NotAllowed, NotFound,
    InvalidRecord, and ActionChanged for an older version.
    """
    with database.write_aside() as session:
        row, ref = _row(session, origin, number)
        if row.version != said.version:
            raise ActionChanged(f"{row.changed_by} has changed this action since. Look at what it says now.")
        _take_on(session, origin, row, ref, said)
        row.state, row.version = said.state, row.version + 1
        row.changed_by, row.changed_at = origin.person.name, now()
        session.flush()
        note(session, origin, f"action {said.state}", ref, number=row.id, what=row.what)


def due_words(what: str, due_on: date | None) -> str:
    """What is to be done, and until when."""
    return what if due_on is None else f"{what} (due {due_on.isoformat()})"


def _row(session: Session, origin: Origin, number: int) -> tuple[LessonAction, str]:
    seen = reader_of(origin.person).visible
    query = select(LessonAction, Entry.ref).join(Entry).where(LessonAction.id == number, seen)
    found = session.execute(query.with_for_update(of=LessonAction)).one_or_none()
    if found is None:
        raise NotFound("There is no such action.")
    return found[0], found[1]


def _take_on(session: Session, origin: Origin, row: LessonAction, ref: str, said: ActionChange) -> None:
    match said.state:
        case "assigned":
            _assign(session, origin, row, ref, said)
        case "embedded":
            _embed(session, origin, row, said)
        case "checked":
            _check(origin, row)
        case "dropped":
            require(origin.person, TEND)
        case "identified":
            require(origin.person, TEND)
            row.owner_id, row.due_on = None, None
            _unbuild(row, "identified")


def _unbuild(row: LessonAction, state: str) -> None:
    """The state changes with it: what is built in says where."""
    row.state = state
    row.embedded_in = row.embedded_words = ""
    row.embedded_by = None


def _assign(session: Session, origin: Origin, row: LessonAction, ref: str, said: ActionChange) -> None:
    if said.owner is None:
        raise InvalidRecord([Problem("owner", "is required: the e-mail of whoever is to do it")])
    owner = _owner(session, said.owner)
    is_taken = row.owner_id is not None or row.state != "identified"
    if not can(origin.person, TEND) and (owner.id != origin.person.id or is_taken):
        raise NotAllowed("Curators give actions to others; you may take one that nobody has.")
    is_another = owner.id != row.owner_id
    row.owner_id, row.due_on = owner.id, said.due_on
    _unbuild(row, "assigned")
    if is_another:
        words, place = due_words(row.what, said.due_on), f"/actions/{row.id}"
        notify(session, "task given", [owner.id], by=origin.person, ref=ref, words=words, place=place)


def _owner(session: Session, email: str) -> User:
    """Who has an open account with this e-mail. Raises InvalidRecord."""
    try:
        user = find_user(session, email)
    except NotFound:
        user = None
    if user is None or user.status != "active":
        raise InvalidRecord([Problem("owner", f"must have an open account here, and {email} has none")])
    return user


def _embed(session: Session, origin: Origin, row: LessonAction, said: ActionChange) -> None:
    if row.owner_id != origin.person.id:
        require(origin.person, TEND)
    if said.embedded_in is None and not said.embedded_words:
        raise InvalidRecord([Problem("embedded_in", "is required, or words that say where it is built in")])
    if said.embedded_in is not None:
        seen = reader_of(origin.person).visible
        if session.scalar(select(Entry.id).where(Entry.ref == said.embedded_in, seen)) is None:
            raise InvalidRecord([Problem("embedded_in", f"names {said.embedded_in}, which is not there")])
    row.embedded_in, row.embedded_words = said.embedded_in or "", said.embedded_words
    row.embedded_by = origin.person.id


def _check(origin: Origin, row: LessonAction) -> None:
    if not can(origin.person, "verify"):
        require(origin.person, TEND)
    if row.state != "embedded":
        raise NotAllowed("Only what is built in can be checked.")
    if origin.person.id is not None and origin.person.id in (row.embedded_by, row.owner_id):
        raise NotAllowed("Somebody else has to check what you built in.")
