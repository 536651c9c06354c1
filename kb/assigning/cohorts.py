"""Cohorts: made, changed, removed and listed by trainers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from kb.assigning.model import Assignment, Cohort, CohortMember, Target
from kb.errors import InvalidRecord, KbError, NotFound
from kb.people.audit import audited
from kb.people.clock import now
from kb.people.model import User
from kb.people.roles import require
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.assigning.texts import CohortChange, CohortText
    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.roles import Person

TRAIN = "train"
TAKEN = "The name is taken by another cohort; choose another."


class CohortChanged(KbError):
    """Somebody has changed the cohort since it was read."""


class CohortNameTaken(KbError):
    """Another cohort has the name."""


class CohortInUse(KbError):
    """An assignment that stands is for the cohort."""


@dataclass(frozen=True)
class CohortView:
    """A cohort with its people."""

    id: int
    name: str
    note: str
    people: tuple[tuple[str, str], ...]
    """(e-mail, name) of each whose account is open, by name."""
    author: str
    changed_by: str
    changed_at: datetime
    version: int
    assignments: int
    """How many assignments that stand are for it."""


def add_cohort(database: Database, origin: Origin, said: CohortText) -> int:
    """Makes a cohort; its number. Raises NotAllowed, CohortNameTaken, and InvalidRecord for people
    without an open account.
    """
    require(origin.person, TRAIN)
    with audited(database, origin, "add cohort", said.name) as act:
        _check_name(act.session, said.name)
        users = open_accounts(act.session, said.people)
        row = Cohort(
            name=said.name, note=said.note, author=origin.person.name, changed_by=origin.person.name,
            version=1, created_at=now(), changed_at=now(),
            members=[CohortMember(user_id=user.id) for user in users],
        )  # fmt: skip
        act.session.add(row)
        _flush(act.session)
        act.detail |= {"number": row.id, "people": len(users)}
        return row.id


def change_cohort(database: Database, origin: Origin, number: int, said: CohortChange) -> None:
    """Gives the cohort this name and these people. Raises as `add_cohort`, and NotFound, CohortChanged."""
    require(origin.person, TRAIN)
    with audited(database, origin, "change cohort", said.name) as act:
        row = _row(act.session, number)
        if row.version != said.version:
            raise CohortChanged(f"{row.changed_by} has changed this cohort since. Look at what it is now.")
        _check_name(act.session, said.name, number)
        users = open_accounts(act.session, said.people)
        held = {each.user_id: each for each in row.members}
        row.members = [held.get(user.id) or CohortMember(user_id=user.id) for user in users]
        row.name, row.note, row.version = said.name, said.note, row.version + 1
        row.changed_by, row.changed_at = origin.person.name, now()
        _flush(act.session)
        act.detail |= {"number": row.id, "people": len(users)}


def remove_cohort(database: Database, origin: Origin, number: int) -> str:
    """Removes the list; the people stay. Its name. Raises NotAllowed, NotFound, CohortInUse."""
    require(origin.person, TRAIN)
    with audited(database, origin, "remove cohort", f"cohort {number}") as act:
        row = _row(act.session, number)
        act.thing = row.name
        used = _uses(act.session).get(number, 0)
        if used:
            what = "An assignment is" if used == 1 else f"{used:,} assignments are"
            raise CohortInUse(f"{what} for this cohort. Take it back, or give it to others, first.")
        act.session.delete(row)
        return row.name


def list_cohorts(session: Session, person: Person) -> list[CohortView]:
    """Every cohort, by name. Raises NotAllowed."""
    require(person, TRAIN)
    rows = session.scalars(select(Cohort).order_by(func.lower(Cohort.name), Cohort.id)).all()
    return _views(session, rows)


def get_cohort(session: Session, person: Person, number: int) -> CohortView:
    """One cohort. Raises NotAllowed, NotFound."""
    require(person, TRAIN)
    row = session.get(Cohort, number)
    if row is None:
        raise NotFound("There is no such cohort.")
    return _views(session, [row])[0]


def open_accounts(session: Session, emails: Sequence[str]) -> Sequence[User]:
    """The people with these e-mails. Raises InvalidRecord naming each who has no open account."""
    wanted = {each.strip().lower(): each for each in emails}
    query = select(User).where(User.email.in_(wanted), User.status == "active")
    users = session.scalars(query.order_by(User.id)).all()
    missing = wanted.keys() - {user.email for user in users}
    if missing:
        named = ", ".join(sorted(missing)[:10]) + (" and others" if len(missing) > 10 else "")
        raise InvalidRecord(
            [Problem("people", f"must have an open account here, and there is none for {named}")]
        )
    return users


def _check_name(session: Session, name: str, number: int = 0) -> None:
    # Both in lower case as the database knows it: SQLite's is that of ASCII letters only.
    query = select(Cohort.id).where(func.lower(Cohort.name) == func.lower(name), Cohort.id != number)
    if session.scalar(query.limit(1)) is not None:
        raise CohortNameTaken(TAKEN)


def _flush(session: Session) -> None:
    """Writes what was changed. Raises CohortNameTaken where somebody else has taken the name meanwhile."""
    try:
        session.flush()
    except IntegrityError:
        raise CohortNameTaken(TAKEN) from None


def _row(session: Session, number: int) -> Cohort:
    row = session.scalar(select(Cohort).where(Cohort.id == number).with_for_update())
    if row is None:
        raise NotFound("There is no such cohort.")
    return row


def _uses(session: Session) -> dict[int, int]:
    """How many assignments that stand are for each cohort."""
    query = select(Target.cohort_id, func.count()).join(Assignment, Assignment.id == Target.assignment_id)
    query = query.where(Target.cohort_id.is_not(None), Assignment.withdrawn_at.is_(None))
    return dict(session.execute(query.group_by(Target.cohort_id)).all())  # type: ignore[arg-type]


def _views(session: Session, rows: Sequence[Cohort]) -> list[CohortView]:
    query = select(CohortMember.cohort_id, User.email, User.name).join(User, User.id == CohortMember.user_id)
    here = CohortMember.cohort_id.in_([row.id for row in rows])
    people: dict[int, list[tuple[str, str]]] = {}
    order = (func.lower(User.name), User.id)
    for number, email, name in session.execute(query.where(here, User.status == "active").order_by(*order)):
        people.setdefault(number, []).append((email, name))
    used = _uses(session)
    return [
        CohortView(
            row.id, row.name, row.note, tuple(people.get(row.id, ())), row.author, row.changed_by,
            row.changed_at, row.version, used.get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip
