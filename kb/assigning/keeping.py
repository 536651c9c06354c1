"""The verbs of trainers: assigning a path, changing that, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.assigning.cohorts import TRAIN, open_accounts
from kb.assigning.model import Assignment, Cohort, Target
from kb.assigning.telling import FREE, due_words, tell_change, tell_let_go, tell_now
from kb.errors import InvalidRecord, KbError, NotFound
from kb.model import Entry, Revision
from kb.people.audit import audited
from kb.people.clock import now
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.validation import Problem

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from kb.assigning.texts import Asked, AssignmentChange, AssignmentText
    from kb.database import Database
    from kb.people.audit import Origin


class AssignmentChanged(KbError):
    """Somebody has changed the assignment since it was read, or taken it back."""


def assign(database: Database, origin: Origin, said: AssignmentText, today: date) -> int:
    """Assigns a published path, and tells those whom it asks; its number.

    Raises NotAllowed, and InvalidRecord naming each of path, day and people that does not do.
    """
    require(origin.person, TRAIN)
    with audited(database, origin, "assign path", said.path) as act:
        path = _path(act.session, origin, said.path)
        _check_day(said, today)
        row = Assignment(
            path_id=path.id, due_on=said.due_on, note=said.note, author_id=origin.person.id,
            author=origin.person.name, changed_by=origin.person.name, version=1, created_at=now(),
            set_at=now(), targets=_targets(act.session, said),
        )  # fmt: skip
        act.session.add(row)
        act.session.flush()
        told = tell_now(act.session, row, origin.person)
        act.detail |= {"number": row.id, "due": said.due_on.isoformat(), "told": told} | _whom(said)
        return row.id


def change_assignment(
    database: Database, origin: Origin, number: int, said: AssignmentChange, today: date
) -> None:
    """Asks others, or until another day. Who is still asked hears of another day; newcomers hear of it all.

    Raises NotAllowed, NotFound, InvalidRecord, and AssignmentChanged for an older version.
    """
    require(origin.person, TRAIN)
    with audited(database, origin, "change assignment", f"assignment {number}") as act:
        row, act.thing = _row(act.session, origin, number)
        _check_version(row, said.version)
        is_moved, before = said.due_on != row.due_on, row.due_on
        if is_moved:
            _check_day(said, today)
        held = {(each.user_id, each.role, each.cohort_id): each for each in row.targets}
        row.targets = [
            held.get((each.user_id, each.role, each.cohort_id), each) for each in _targets(act.session, said)
        ]
        row.due_on, row.note, row.version = said.due_on, said.note, row.version + 1
        row.changed_by, row.set_at = origin.person.name, now() if is_moved else row.set_at
        act.session.flush()
        if is_moved:
            words = f"{due_words(row)} It was {before.isoformat()}."
            tell_change(act.session, row, words, origin.person)
        tell_let_go(act.session, row, FREE.capitalize(), origin.person)
        tell_now(act.session, row, origin.person)
        act.detail |= {"number": row.id, "due": said.due_on.isoformat()} | _whom(said)


def withdraw(database: Database, origin: Origin, number: int) -> str:
    """Takes the assignment back: it asks nobody any more. What people did stays. The path's id.

    Raises NotAllowed, NotFound, AssignmentChanged for one that was taken back before.
    """
    require(origin.person, TRAIN)
    with audited(database, origin, "take back assignment", f"assignment {number}") as act:
        row, act.thing = _row(act.session, origin, number)
        _check_version(row, row.version)
        tell_change(act.session, row, "It was taken back: it is yours to take or leave.", origin.person)
        row.withdrawn_at, row.withdrawn_by, row.version = now(), origin.person.name, row.version + 1
        act.detail["number"] = row.id
        return act.thing


def _path(session: Session, origin: Origin, ref: str) -> Entry:
    seen = reader_of(origin.person).visible
    query = select(Entry).where(Entry.ref == ref, Entry.kind == "path", seen)
    entry = session.scalar(query)
    states = (
        set(session.scalars(select(Revision.state).where(Revision.entry_id == entry.id))) if entry else set()
    )
    if entry is None or not states & {"published", "archived"}:
        raise InvalidRecord([Problem("path", f"names {ref}, which is no published learning path")])
    if "published" not in states:
        raise InvalidRecord([Problem("path", f"names {ref}, which is archived: nobody can begin it")])
    return entry


def _check_day(said: Asked, today: date) -> None:
    if said.due_on < today:
        words = f"is in the past: it is {today.isoformat()} today; choose that day or a later one"
        raise InvalidRecord([Problem("due_on", words)])


def _check_version(row: Assignment, version: int) -> None:
    if row.withdrawn_at is not None:
        raise AssignmentChanged(f"{row.withdrawn_by} has taken this assignment back.")
    if row.version != version:
        raise AssignmentChanged(
            f"{row.changed_by} has changed this assignment since. Look at what it says now."
        )


def _targets(session: Session, said: Asked) -> list[Target]:
    """Whom it asks. Raises InvalidRecord for nobody, for people without an account, for unknown cohorts."""
    if not said.people and not said.roles and not said.cohorts:
        raise InvalidRecord(
            [Problem("people", "is required, or a role or a cohort: somebody has to be asked")]
        )
    known = set(session.scalars(select(Cohort.id).where(Cohort.id.in_(said.cohorts))))
    missing = sorted(set(said.cohorts) - known)
    if missing:
        raise InvalidRecord([Problem("cohorts", f"names the number {missing[0]}, which no cohort has")])
    people = [Target(user_id=user.id) for user in open_accounts(session, said.people)]
    roles = [Target(role=role) for role in dict.fromkeys(said.roles)]
    return [*people, *roles, *(Target(cohort_id=each) for each in sorted(known))]


def _row(session: Session, origin: Origin, number: int) -> tuple[Assignment, str]:
    seen = reader_of(origin.person).visible
    query = select(Assignment, Entry.ref).join(Entry, Entry.id == Assignment.path_id)
    query = query.where(Assignment.id == number, seen).with_for_update(of=Assignment)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such assignment.")
    return found[0], found[1]


def _whom(said: Asked) -> dict[str, object]:
    return {"people": len(said.people), "roles": ", ".join(said.roles), "cohorts": len(said.cohorts)}
