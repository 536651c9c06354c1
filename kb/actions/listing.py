"""Actions as somebody sees them: of a lesson, of a person, or all; what is overdue first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, select

from kb.actions.model import OPEN, STATES, LessonAction
from kb.errors import NotFound
from kb.model import PUBLISHED, Entry, Revision
from kb.neighbours import titles_of
from kb.people.model import User

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from kb.reading import Reader

CHOICES = ("open", "overdue", "to check", *STATES, "all")
"""Which actions a list may hold."""


@dataclass(frozen=True)
class ActionFilter:
    """Which actions; what is empty does not narrow."""

    which: str = "open"
    owner_id: int | None = None
    ref: str = ""


@dataclass(frozen=True)
class ActionView:
    """An action as a reader sees it."""

    id: int
    ref: str
    title: str
    """Of the lesson; empty when it is published no more."""
    what: str
    state: str
    owner: str
    """Empty for nobody, and for visitors, who are told no names."""
    owner_id: int | None
    due_on: date | None
    embedded_in: str
    """Empty where the reader may not know of the entry."""
    embedded_title: str
    embedded_words: str
    is_elsewhere: bool
    """Whether it is built into an entry that the reader may not see."""
    changed_by: str
    changed_at: datetime
    version: int

    def is_overdue(self, today: date) -> bool:
        """Whether its owner should have built it in by now."""
        return self.state in ("identified", "assigned") and self.due_on is not None and self.due_on < today


def list_actions(
    session: Session, reader: Reader, wanted: ActionFilter, today: date, offset: int = 0, limit: int = 200
) -> list[ActionView]:
    """A stretch of the actions on lessons that the reader may see: overdue ones first, then by due date."""
    late = _late(today)
    order = (case((late, 0), else_=1), LessonAction.due_on.is_(None), LessonAction.due_on, LessonAction.id)
    query = _rows(reader).where(_which(wanted, today)).order_by(*order)
    return _views(session, query.offset(offset).limit(limit), reader)


def count_actions(session: Session, reader: Reader, wanted: ActionFilter, today: date) -> int:
    """How many there are of these."""
    query = select(func.count(LessonAction.id)).join(Entry, Entry.id == LessonAction.entry_id)
    return session.scalar(query.where(reader.visible, _which(wanted, today))) or 0


def get_action(session: Session, reader: Reader, number: int) -> ActionView:
    """One action. Raises NotFound, also for one on a lesson that the reader may not see."""
    views = _views(session, _rows(reader).where(LessonAction.id == number), reader)
    if not views:
        raise NotFound("There is no such action.")
    return views[0]


def tally(session: Session, reader: Reader, today: date) -> Mapping[str, int]:
    """How many actions there are in each state, how many are overdue, and how many lessons have none."""
    states = select(LessonAction.state, func.count(LessonAction.id)).join(Entry)
    rows = session.execute(states.where(reader.visible).group_by(LessonAction.state)).all()
    lessons = select(func.count(Entry.id)).join(Revision, and_(Revision.entry_id == Entry.id, PUBLISHED))
    has_one = select(LessonAction.id).where(LessonAction.entry_id == Entry.id).exists()
    without = lessons.where(Entry.kind == "lesson", reader.visible, ~has_one)
    return (
        dict.fromkeys(STATES, 0)
        | dict(rows)
        | {
            "overdue": count_actions(session, reader, ActionFilter("overdue"), today),
            "lessons without one": session.scalar(without) or 0,
        }
    )


def _late(today: date) -> ColumnElement[bool]:
    return and_(LessonAction.state.in_(("identified", "assigned")), LessonAction.due_on < today)


def _which(wanted: ActionFilter, today: date) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    match wanted.which:
        case "open":
            conditions.append(LessonAction.state.in_(OPEN))
        case "overdue":
            conditions.append(_late(today))
        case "to check":
            conditions.append(LessonAction.state == "embedded")
        case "all":
            pass
        case state:
            conditions.append(LessonAction.state == state)
    if wanted.owner_id is not None:
        conditions.append(LessonAction.owner_id == wanted.owner_id)
    if wanted.ref:
        conditions.append(Entry.ref == wanted.ref)
    return and_(True, *conditions)  # noqa: FBT003


def _rows(reader: Reader) -> Select[Any]:
    columns: tuple[Any, ...] = (
        LessonAction, Entry.ref, func.coalesce(Revision.title, ""), func.coalesce(User.name, ""),
    )  # fmt: skip
    query = select(*columns).join(Entry, Entry.id == LessonAction.entry_id)
    query = query.outerjoin(Revision, and_(Revision.entry_id == Entry.id, PUBLISHED))
    return query.outerjoin(User, User.id == LessonAction.owner_id).where(reader.visible)


def _views(session: Session, query: Select[Any], reader: Reader) -> list[ActionView]:
    rows = session.execute(query).all()
    titles = titles_of(session, {row.embedded_in for row, *_ in rows if row.embedded_in}, reader)
    found = []
    for row, ref, title, owner in rows:
        is_known = row.embedded_in in titles
        found.append(
            ActionView(
                row.id, ref, title, row.what, row.state, owner if reader.signed_in else "", row.owner_id,
                row.due_on, row.embedded_in if is_known else "",
                titles[row.embedded_in][1] if is_known else "", row.embedded_words,
                bool(row.embedded_in) and not is_known, row.changed_by if reader.signed_in else "",
                row.changed_at, row.version,
            )
        )  # fmt: skip
    return found
