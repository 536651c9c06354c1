"""Telling people what is assigned to them, reminding them, and saying once that a day has passed.

Whom an assignment asks changes with roles and cohorts: the hourly look tells those who have come since, and
those who have left, whichever way they did.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from kb.assigning.model import Assignment, Told
from kb.assigning.standing import Standing, asked_of, day_of, meant_by, standing, taken_by
from kb.model import PUBLISHED, Entry, Revision
from kb.notices.telling import notify
from kb.people.clock import now
from kb.people.roles import NOBODY, Person

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from sqlalchemy.orm import Session

ASSIGNED, CHANGED, DUE = "path assigned", "assignment changed", "path due"
FIRST = "assigned"
AHEAD = (("day", timedelta(days=1)), ("week", timedelta(days=7)))
"""Before the day, the nearest first."""
FORGET = timedelta(days=60)
"""So long after its day an assignment is still looked at."""
FREE = "it is no longer asked of you, and yours to take or leave."


def remind(session: Session, today: date) -> int:
    """Tells newcomers what is assigned to them, and who has left that it is not any more; reminds a week and
    a day before the day, and says once that it has passed. Returns how many notices.
    """
    query = select(Assignment).where(Assignment.withdrawn_at.is_(None), Assignment.due_on >= today - FORGET)
    rows = session.scalars(query.order_by(Assignment.id).with_for_update()).all()
    open_now = _published(session, {row.path_id for row in rows})
    asked = asked_of(session, rows)
    told = 0
    for row in rows:
        unmet = _unmet(session, row, asked[row.id], row.path_id in open_now)
        told += tell_let_go(session, row, f"Your roles or cohorts have changed: {FREE}")
        told += len(tell_new(session, row, unmet, Person(name=row.author)))
        told += _remind(session, row, unmet, today)
    return told


def tell_now(session: Session, row: Assignment, by: Person) -> int:
    """Tells those whom a new assignment asks; returns how many."""
    unmet = _unmet(session, row, asked_of(session, [row])[row.id], is_published=True)
    return len(tell_new(session, row, unmet, by))


def tell_new(session: Session, row: Assignment, people: Collection[int], by: Person) -> list[int]:
    """Tells those of the people who have not been told of the assignment; who they are."""
    fresh = _first_time(session, row, people, FIRST)
    _notify(session, ASSIGNED, row, fresh, due_words(row), by)
    return fresh


def tell_change(session: Session, row: Assignment, words: str, by: Person) -> None:
    """Tells those who know of the assignment, and are not done with it, what is different."""
    known = set(session.scalars(select(Told.user_id).where(Told.assignment_id == row.id)))
    unmet = _unmet(session, row, asked_of(session, [row])[row.id], is_published=True)
    _notify(session, CHANGED, row, known & unmet.keys(), words, by)


def due_words(row: Assignment) -> str:
    """Until when, and what the trainer says."""
    return f"Due {row.due_on.isoformat()}.{f' {row.note}' if row.note else ''}"


def tell_let_go(session: Session, row: Assignment, words: str, by: Person = NOBODY) -> int:
    """Tells those who were told of the assignment and whom it does not mean any more; returns how many.

    Meant again, they hear of it as of a new one.
    """
    told = session.scalars(select(Told.user_id).where(Told.assignment_id == row.id, Told.what == FIRST))
    gone = set(told) - meant_by(session, [row])[row.id]
    unmet = _unmet(session, row, gone, is_published=True)
    _notify(session, CHANGED, row, unmet, words, by)
    session.execute(delete(Told).where(Told.assignment_id == row.id, Told.user_id.in_(gone)))
    return len(unmet)


def _reminder(row: Assignment, heard_on: date, today: date) -> str:
    """Which reminder is due to somebody: none where they heard of the day when it was as near, or past."""
    if row.due_on < today:
        return "late" if heard_on <= row.due_on else ""
    for name, ahead in AHEAD:
        if today >= row.due_on - ahead:
            return name if heard_on < row.due_on - ahead else ""
    return ""


def _remind(session: Session, row: Assignment, people: Collection[int], today: date) -> int:
    heard = select(Told.user_id, Told.told_at).where(Told.assignment_id == row.id, Told.what == FIRST)
    by_reminder: dict[str, list[int]] = {"late": [], "week": [], "day": []}
    for number, at in session.execute(heard.where(Told.user_id.in_(people))):
        if when := _reminder(row, day_of(max(at, row.set_at)), today):
            by_reminder[when].append(number)
    left = (row.due_on - today).days
    soon = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
    told = 0
    for when, numbers in by_reminder.items():
        fresh = _first_time(session, row, numbers, f"{when} {row.due_on.isoformat()}")
        words = f"Overdue since {row.due_on.isoformat()}." if when == "late" else f"Due {soon}."
        _notify(session, DUE, row, fresh, f"{words}{f' {row.note}' if row.note else ''}")
        told += len(fresh)
    return told


def _notify(
    session: Session, event: str, row: Assignment, to: Collection[int], words: str, by: Person = NOBODY
) -> None:
    if to:
        ref = session.scalars(select(Entry.ref).where(Entry.id == row.path_id)).one()
        notify(session, event, to, by=by, ref=ref, words=words, place=f"/learning/{ref}")


def _unmet(
    session: Session, row: Assignment, people: Collection[int], is_published: bool
) -> dict[int, Standing]:
    """Those who have still to complete the path. Of one that is archived only those who are on it can."""
    taken = taken_by(session, row.path_id, people)
    since = day_of(row.created_at)
    found = {number: standing(taken.get(number, ()), since, row.due_on) for number in people}
    return {
        number: where
        for number, where in found.items()
        if not where.is_done and (is_published or where.state == "active")
    }


def _first_time(session: Session, row: Assignment, people: Collection[int], what: str) -> list[int]:
    """Those who were not told that, noted as told from now on."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(Told)
    known = select(Told.user_id).where(Told.assignment_id == row.id, Told.what == what)
    fresh = []
    for number in sorted(set(people).difference(session.scalars(known))):
        line = insert.values(assignment_id=row.id, user_id=number, what=what, told_at=now())
        if session.scalar(line.on_conflict_do_nothing().returning(Told.user_id)) is not None:
            fresh.append(number)
    return fresh


def _published(session: Session, paths: set[int]) -> set[int]:
    query = select(Revision.entry_id).where(PUBLISHED, Revision.entry_id.in_(paths))
    return set(session.scalars(query))
