"""Assignments as trainers see them, and what is due as a learner sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.assigning.cohorts import TRAIN
from kb.assigning.model import Assignment, Cohort
from kb.assigning.standing import asked_of, assigned_to, day_of, standing, taken_by
from kb.errors import NotFound
from kb.learning.overview import path_titles
from kb.model import Entry
from kb.people.model import User
from kb.people.roles import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from kb.assigning.standing import Standing
    from kb.people.roles import Person
    from kb.reading import Reader

CHOICES = ("standing", "withdrawn", "all")


@dataclass(frozen=True)
class AssignmentFilter:
    """Which assignments; what is empty does not narrow."""

    which: str = "standing"
    ref: str = ""


@dataclass(frozen=True)
class AssignmentView:
    """An assignment, and how many are how far."""

    id: int
    path: str
    title: str
    is_published: bool
    due_on: date
    note: str
    people: tuple[str, ...]
    """E-mails of those who are asked by name."""
    roles: tuple[str, ...]
    cohorts: Mapping[int, str]
    author: str
    changed_by: str
    created_at: datetime
    version: int
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    asked: tuple[Asked, ...] = field(repr=False)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many people are in each state."""
        return Counter(each.standing.state for each in self.asked)

    @property
    def done(self) -> int:
        """How many have done what is asked, in time or not."""
        return sum(each.standing.is_done for each in self.asked)

    def overdue(self, today: date) -> int:
        """How many should have by now."""
        return sum(each.standing.is_overdue(self.due_on, today) for each in self.asked)


@dataclass(frozen=True)
class Asked:
    """Somebody who is asked, and how far they are."""

    id: int
    name: str
    standing: Standing


@dataclass(frozen=True)
class Due:
    """A path that one is asked to complete."""

    assignment: int
    path: str
    title: str
    is_published: bool
    due_on: date
    note: str
    by: str
    standing: Standing

    def days_left(self, today: date) -> int:
        """Days until it is due; negative when it is overdue."""
        return (self.due_on - today).days


def list_assignments(
    session: Session, person: Person, reader: Reader, wanted: AssignmentFilter = AssignmentFilter()
) -> list[AssignmentView]:
    """The assignments of paths that the trainer may see, what is due first first. Raises NotAllowed."""
    require(person, TRAIN)
    query = select(Assignment, Entry.ref).join(Entry, Entry.id == Assignment.path_id).where(reader.visible)
    if wanted.which != "all":
        is_withdrawn = wanted.which == "withdrawn"
        query = query.where(Assignment.withdrawn_at.is_not(None) == is_withdrawn)
    if wanted.ref:
        query = query.where(Entry.ref == wanted.ref)
    rows = session.execute(query.order_by(Assignment.due_on, Assignment.id)).all()
    return _views(session, reader, [(row, ref) for row, ref in rows])


def get_assignment(session: Session, person: Person, reader: Reader, number: int) -> AssignmentView:
    """One assignment. Raises NotAllowed, and NotFound, also where the path is hidden."""
    require(person, TRAIN)
    query = select(Assignment, Entry.ref).join(Entry, Entry.id == Assignment.path_id)
    found = session.execute(query.where(Assignment.id == number, reader.visible)).one_or_none()
    if found is None:
        raise NotFound("There is no such assignment.")
    return _views(session, reader, [(found[0], found[1])])[0]


def due(session: Session, user_id: int, reader: Reader) -> list[Due]:
    """What a person is asked to complete and has not yet, each path once, what is due first first."""
    rows = assigned_to(session, user_id)
    query = select(Entry.id, Entry.ref).where(Entry.id.in_({row.path_id for row in rows}), reader.visible)
    refs = dict(session.execute(query).all())
    titles = path_titles(session, reader, refs.values())
    found: dict[str, Due] = {}
    for row in rows:
        ref = refs.get(row.path_id, "")
        if ref not in titles or ref in found:
            continue
        taken = taken_by(session, row.path_id, [user_id])[user_id]
        where = standing(taken, day_of(row.created_at), row.due_on)
        if not where.is_done:
            title, is_published = titles[ref]
            found[ref] = Due(row.id, ref, title, is_published, row.due_on, row.note, row.author, where)
    return list(found.values())


def _views(session: Session, reader: Reader, rows: Sequence[tuple[Assignment, str]]) -> list[AssignmentView]:
    titles = path_titles(session, reader, {ref for _, ref in rows})
    asked = asked_of(session, [row for row, _ in rows])
    targets = [target for row, _ in rows for target in row.targets]
    emails = dict(
        session.execute(
            select(User.id, User.email).where(User.id.in_([each.user_id for each in targets if each.user_id]))
        ).all()
    )
    numbers = [each.cohort_id for each in targets if each.cohort_id]
    named = select(Cohort.id, Cohort.name).where(Cohort.id.in_(numbers)).order_by(func.lower(Cohort.name))
    cohorts = dict(session.execute(named).all())
    return [
        AssignmentView(
            row.id, ref, *titles.get(ref, ("", False)), row.due_on, row.note,
            tuple(sorted(emails[each.user_id] for each in row.targets if each.user_id in emails)),
            tuple(each.role for each in row.targets if each.role),
            {n: name for n, name in cohorts.items() if n in {each.cohort_id for each in row.targets}},
            row.author, row.changed_by, row.created_at, row.version, row.withdrawn_at, row.withdrawn_by,
            _asked(session, row, asked[row.id]),
        )
        for row, ref in rows
    ]  # fmt: skip


def _asked(session: Session, row: Assignment, users: Mapping[int, User]) -> tuple[Asked, ...]:
    """How far each is, by name."""
    taken = taken_by(session, row.path_id, users)
    since = day_of(row.created_at)
    found = [
        Asked(number, user.name, standing(taken.get(number, ()), since, row.due_on))
        for number, user in users.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.name.lower(), each.id)))
