"""Lists of the desk: what is in review, one's own work, and what is due for verification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.desk.access import IN_REVIEW, Case, cases, find_cases, own_id, seen
from kb.desk.lines import is_behind, is_overtaken, line_of, published_number, writers
from kb.desk.model import Comment, Handling
from kb.desk.working_days import add_working_days, working_days_between
from kb.model import PUBLISHED, Entry, Revision
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import PERMISSIONS, can, require
from kb.reading import as_shown, revisions_seen, view_of
from kb.usage.counting import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from kb.reading import EntryView, Reader

TARGETS = {"high": 10}
OTHERWISE = 30
"""Working days within which something should be decided, by its priority."""
MINE = ("draft", *IN_REVIEW)
SOON_DAYS = 30


@dataclass(frozen=True)
class QueueFilter:
    """Which of what is in review; what is empty does not narrow."""

    kind: str = ""
    state: str = "submitted"
    assigned: str = ""
    """`me`, `nobody`, or empty."""
    overdue: bool = False


@dataclass(frozen=True)
class QueueItem:
    """A revision in review."""

    view: EntryView
    submitted_on: date
    age: int
    """Working days since it was submitted."""
    due_on: date
    priority: str
    assignee: str
    assignee_id: int | None
    comments: int
    """Those that nobody has settled."""
    replaces: int | None
    """The published revision that it would take the place of; None: the entry is new."""
    is_behind: bool
    """Whether another text was published since it was begun: its author has to put both together."""
    is_mine: bool
    """Whether whoever looks wrote a part of it, so that somebody else has to decide."""

    def is_overdue(self, today: date) -> bool:
        """Whether it has waited for longer than it should."""
        return self.view.state == "submitted" and today > self.due_on


def queue(
    session: Session, person: Person, today: date, wanted: QueueFilter = QueueFilter(), *, mask_below: int = 5
) -> list[QueueItem]:
    """What is in review, what is due first at the top. Raises NotAllowed."""
    require(person, "review")
    query = cases().where(Revision.state == wanted.state, seen(person))
    if wanted.kind:
        query = query.where(Entry.kind == wanted.kind)
    if wanted.assigned == "me":
        query = query.where(Handling.assignee_id == person.id)
    elif wanted.assigned == "nobody":
        query = query.where(Handling.assignee_id.is_(None))
    items = _items(session, person, find_cases(session, query), today, reader_of(person, mask_below))
    items = [item for item in items if not wanted.overdue or item.is_overdue(today)]
    return sorted(items, key=lambda item: (item.due_on, item.view.ref, item.view.number))


def next_in_queue(
    session: Session, person: Person, today: date, here: Case, *, mask_below: int = 5
) -> tuple[QueueItem | None, int]:
    """What the person should look at after `here`, of what others wrote; and how many others wait in all.

    Raises NotAllowed.
    """
    others = [item for item in queue(session, person, today, mask_below=mask_below) if not item.is_mine]
    at = (here.revision.entry.ref, here.revision.number)
    places = [(item.view.ref, item.view.number) for item in others]
    start = places.index(at) + 1 if at in places else 0
    rest = [item for item in (*others[start:], *others[:start]) if (item.view.ref, item.view.number) != at]
    return (rest[0] if rest else None), len(rest)


def own_work(session: Session, person: Person, today: date) -> list[QueueItem]:
    """What the person wrote and readers do not see yet: of each proposal what was written last."""
    me = own_id(person)
    if me is None:
        return []
    query = cases().where(Handling.author_id == me, Revision.state.in_(MINE)).order_by(Revision.number.desc())
    newest: dict[tuple[int, int | None], Case] = {}
    for case in find_cases(session, query):
        thread = case.handling.thread if case.handling else None
        newest.setdefault((case.revision.entry_id, thread), case)
    open_ones = [case for case in newest.values() if not is_overtaken(session, case)]
    items = _items(session, person, open_ones, today, reader_of(person))
    return sorted(items, key=lambda item: item.view.created_at, reverse=True)


def case_item(session: Session, person: Person, case: Case, today: date, reader: Reader) -> QueueItem:
    """One revision as the queue shows it."""
    return _items(session, person, [case], today, reader)[0]


def _items(
    session: Session, person: Person, found: Sequence[Case], today: date, reader: Reader
) -> list[QueueItem]:
    views = as_shown(session, [view_of(case.revision) for case in found], reader)
    names = _names(session, [case.handling.assignee_id for case in found if case.handling])
    open_comments = _open_comments(session, [case.revision.id for case in found])
    return [
        _item(session, person, case, view, today, names, open_comments)
        for case, view in zip(found, views, strict=True)
    ]


def _item(
    session: Session, person: Person, case: Case, view: EntryView, today: date, names: dict[int, str],
    open_comments: dict[int, int],
) -> QueueItem:  # fmt: skip
    handling, line = case.handling, line_of(session, case)
    submitted_at = (handling and handling.submitted_at) or case.revision.created_at
    priority = str(view.stored.get("priority") or "")
    assignee = handling.assignee_id if handling else None
    return QueueItem(
        view=view,
        submitted_on=submitted_at.date(),
        age=working_days_between(submitted_at.date(), today),
        due_on=add_working_days(submitted_at.date(), TARGETS.get(priority, OTHERWISE)),
        priority=priority,
        assignee=names.get(assignee or 0, ""),
        assignee_id=assignee,
        comments=open_comments.get(case.revision.id, 0),
        replaces=published_number(session, case.revision.entry),
        is_behind=is_behind(session, line),
        is_mine=person.id in writers(line),
    )


def _names(session: Session, ids: Sequence[int | None]) -> dict[int, str]:
    query = select(User.id, User.name).where(User.id.in_({each for each in ids if each is not None}))
    return dict(session.execute(query).all())


def _open_comments(session: Session, ids: Sequence[int]) -> dict[int, int]:
    query = select(Comment.revision_id, func.count()).where(
        Comment.revision_id.in_(ids), Comment.settled_at.is_(None)
    )
    return dict(session.execute(query.group_by(Comment.revision_id)).all())


def reviewers(session: Session, person: Person) -> list[tuple[int, str]]:
    """(id, name) of who may review, by name. Raises NotAllowed."""
    require(person, "review")
    roles = {role for role, allowed in PERMISSIONS.items() if "review" in allowed}
    users = session.scalars(select(User).where(User.status == "active").order_by(func.lower(User.name)))
    return [(user.id, user.name) for user in users if user.roles & roles]


def count_waiting(session: Session, person: Person) -> int:
    """How many revisions wait for a review that this person could make."""
    if not can(person, "review"):
        return 0
    query = select(func.count()).select_from(Revision).join(Revision.entry)
    query = query.outerjoin(Handling, Handling.revision_id == Revision.id)
    return session.scalar(query.where(Revision.state == "submitted", seen(person))) or 0


@dataclass(frozen=True)
class DueItem:
    """What is to be verified again."""

    view: EntryView
    opened: int
    """How often it was opened within a year."""


def due(session: Session, person: Person, today: date, *, mask_below: int = 5) -> list[DueItem]:
    """What was verified once and is due again, or will be soon. What is overdue stands first, and of that
    what is opened most: an error in it does the most harm. Raises NotAllowed.
    """
    require(person, "verify")
    reader = reader_of(person, mask_below)
    query = revisions_seen(reader).where(PUBLISHED, Entry.verified_on.is_not(None))
    views = as_shown(session, [view_of(revision) for revision in session.scalars(query)], reader)
    used = opened(session, today)
    late = [view for view in views if view.due_on and (view.due_on - today).days <= SOON_DAYS]
    items = [DueItem(view, used.get(view.ref, 0)) for view in late]
    return sorted(items, key=lambda item: _urgency(item, today))


def _urgency(item: DueItem, today: date) -> tuple[bool, int, date, str]:
    due_on = item.view.due_on or today
    return due_on >= today, -item.opened, due_on, item.view.ref


def never_verified(session: Session, person: Person) -> int:
    """How many published entries nobody has vouched for yet. Raises NotAllowed."""
    require(person, "verify")
    query = select(func.count()).select_from(Entry).join(Revision)
    return session.scalar(query.where(PUBLISHED, Entry.verified_on.is_(None), reader_of(person).visible)) or 0
