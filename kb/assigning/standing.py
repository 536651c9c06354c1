"""How far people are with what is assigned to them: done, late, to be renewed, on it, not begun."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import or_, select

from kb.assigning.model import Assignment, CohortMember, Target
from kb.learning.model import Credential, Enrolment
from kb.model import Audience, Entry, Revision
from kb.people.accounts import as_person
from kb.people.model import User, UserRole
from kb.people.reader import reader_of
from kb.reading import add_months

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from kb.learning.model import Attempt

State = Literal["done", "late", "active", "left", "renew", "new"]
"""`late`: done after the day; `renew`: completed before, and that lapses within the time that is given."""
DONE = ("done", "late")


@dataclass(frozen=True)
class Taken:
    """One enrolment of a person in a path, as far as an assignment asks."""

    id: int
    state: str
    completed_on: date | None = None
    valid_until: date | None = None
    """None: for good."""
    is_revoked: bool = False
    """Whether its badge was revoked: it counts for nothing."""


@dataclass(frozen=True)
class Standing:
    """Where a person stands with an assignment."""

    state: State
    done_on: date | None = None
    enrolment: int | None = None
    """The enrolment that it is about."""
    lapses_on: date | None = None
    """When an earlier completion ends that has to be renewed."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is asked any more."""
        return self.state in DONE

    def is_overdue(self, due_on: date, today: date) -> bool:
        """Whether it should have been done by now."""
        return not self.is_done and due_on < today


def standing(taken: Sequence[Taken], since: date, due_on: date) -> Standing:
    """What the enrolments of a person say of an assignment that was made on a day and is due on another.

    A completion counts that was reached since it was assigned, or that holds until it is due. One that
    lapses within that time has to be renewed.
    """
    complete = [each for each in taken if each.completed_on is not None and not each.is_revoked]
    good = [
        each
        for each in complete
        if (each.completed_on or since) >= since or each.valid_until is None or each.valid_until >= due_on
    ]
    if good:
        first = min(good, key=lambda each: (each.completed_on or since, each.id))
        is_late = first.completed_on is not None and first.completed_on > due_on
        return Standing("late" if is_late else "done", first.completed_on, first.id)
    lapses = max((each.valid_until for each in complete if each.valid_until), default=None)
    begun = next((each for each in reversed(taken) if each.state != "completed"), None)
    if begun is not None:
        return Standing("active" if begun.state == "active" else "left", None, begun.id, lapses)
    return Standing("renew" if complete else "new", None, None, lapses)


def day_of(at: datetime) -> date:
    """The day of a moment where the server is."""
    return at.astimezone().date()


def taken_by(session: Session, path_id: int, people: Collection[int]) -> dict[int, list[Taken]]:
    """The enrolments of people in a path, oldest first."""
    rows = session.execute(
        select(Revision.number, Revision.content["validity_months"].as_integer()).where(
            Revision.entry_id == path_id
        )
    )
    months: dict[int, int | None] = dict(rows.all())
    query = select(Enrolment, Credential.revoked_at).outerjoin(
        Credential, Credential.enrolment_id == Enrolment.id
    )
    query = query.where(Enrolment.path_id == path_id, Enrolment.user_id.in_(people)).order_by(Enrolment.id)
    found: dict[int, list[Taken]] = defaultdict(list)
    for row, revoked_at in session.execute(query):
        on = day_of(row.completed_at) if row.completed_at else None
        holds = months.get(row.revision)
        until = add_months(on, holds) if on and holds else None
        found[row.user_id].append(Taken(row.id, row.state, on, until, is_revoked=revoked_at is not None))
    return found


def meant_by(session: Session, assignments: Sequence[Assignment]) -> dict[int, set[int]]:
    """Whom each assignment means at the moment: by name, by a role that they hold, by a cohort."""
    meant: dict[int, set[int]] = {row.id: set() for row in assignments}
    by_target = _by_target(session, assignments)
    for row in assignments:
        for target in row.targets:
            meant[row.id] |= by_target.get((target.user_id, target.role, target.cohort_id), set())
    return meant


def asked_of(session: Session, assignments: Sequence[Assignment]) -> dict[int, dict[int, User]]:
    """Whom each assignment asks at the moment, by number: of those whom it means whose account is open and
    who may see the path.
    """
    held = meant_by(session, assignments)
    everybody = set[int]().union(*held.values())
    query = select(User).where(User.id.in_(everybody), User.status == "active")
    users = {user.id: user for user in session.scalars(query)}
    seen = _sight(session, {row.path_id for row in assignments})
    return {
        row.id: {
            number: users[number]
            for number in sorted(held[row.id] & users.keys())
            if reader_of(as_person(users[number])).may_see(*seen[row.path_id])
        }
        for row in assignments
    }


def assigned_to(session: Session, user_id: int, path_id: int | None = None) -> list[Assignment]:
    """The assignments that stand for a person, the one that is due first first."""
    mine = or_(
        Target.user_id == user_id,
        Target.role.in_(select(UserRole.role).where(UserRole.user_id == user_id)),
        Target.cohort_id.in_(select(CohortMember.cohort_id).where(CohortMember.user_id == user_id)),
    )
    query = select(Assignment).where(
        Assignment.withdrawn_at.is_(None), Assignment.id.in_(select(Target.assignment_id).where(mine))
    )
    if path_id is not None:
        query = query.where(Assignment.path_id == path_id)
    return list(session.scalars(query.order_by(Assignment.due_on, Assignment.id)))


def missed(session: Session, attempt: Attempt) -> date | None:
    """The day by which the answers of an attempt should have been there, if they came later."""
    if attempt.handed_in_at is None:
        return None
    on, user_id, path_id = day_of(attempt.handed_in_at), attempt.enrolment.user_id, attempt.enrolment.path_id
    late = [row for row in assigned_to(session, user_id, path_id) if row.due_on < on]
    if not late:
        return None
    taken = taken_by(session, path_id, [user_id])[user_id]
    for row in late:
        where = standing(taken, day_of(row.created_at), row.due_on)
        if where.done_on is None or (where.done_on >= on and where.state == "late"):
            return row.due_on
    return None


def _by_target(
    session: Session, assignments: Sequence[Assignment]
) -> dict[tuple[int | None, str | None, int | None], set[int]]:
    """The people behind each target."""
    targets = [target for row in assignments for target in row.targets]
    found: dict[tuple[int | None, str | None, int | None], set[int]] = defaultdict(set)
    for each in targets:
        if each.user_id is not None:
            found[each.user_id, None, None] = {each.user_id}
    roles = select(UserRole.role, UserRole.user_id)
    for role, number in session.execute(
        roles.where(UserRole.role.in_({each.role for each in targets} - {None}))
    ):
        found[None, role, None].add(number)
    members = select(CohortMember.cohort_id, CohortMember.user_id)
    here = CohortMember.cohort_id.in_({each.cohort_id for each in targets} - {None})
    for cohort, number in session.execute(members.where(here)):
        found[None, None, cohort].add(number)
    return found


def _sight(session: Session, paths: set[int]) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Who may see each path: its visibility, and its readers if it is restricted."""
    query = select(Entry.id, Entry.visibility).where(Entry.id.in_(paths))
    levels = dict(session.execute(query).all())
    readers: dict[int, tuple[str, ...]] = {}
    named = select(Audience.entry_id, Audience.principal).where(Audience.entry_id.in_(paths))
    for number, principal in session.execute(named):
        readers[number] = (*readers.get(number, ()), principal)
    return {number: (level, readers.get(number, ())) for number, level in levels.items()}
