"""Finding people: lists by name, narrowed, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kb.people.model import STATUSES, User, UserRole
from kb.people.roles import Person, require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class PeopleFilter:
    """Which people; what is empty does not narrow."""

    words: str = ""
    """Each stands in the name or the e-mail."""
    role: str = ""
    status: str = ""


def list_people(session: Session, by: Person, wanted: PeopleFilter = PeopleFilter()) -> Sequence[User]:
    """All people that fit, by name. Raises NotAllowed."""
    require(by, "invite")
    return session.scalars(_by_name(wanted)).all()


def find_people(
    session: Session, by: Person, wanted: PeopleFilter, offset: int, limit: int
) -> tuple[int, Sequence[User]]:
    """How many people fit, and a stretch of them by name. Raises NotAllowed."""
    require(by, "invite")
    total = session.scalar(_narrowed(select(func.count(User.id)), wanted)) or 0
    return total, session.scalars(_by_name(wanted).offset(offset).limit(limit)).all()


def count_people(session: Session, by: Person) -> Mapping[str, int]:
    """How many people there are of each status. Raises NotAllowed."""
    require(by, "see operation")
    rows = session.execute(select(User.status, func.count(User.id)).group_by(User.status)).all()
    return dict.fromkeys(STATUSES, 0) | dict(rows)


def _by_name(wanted: PeopleFilter) -> Select[Any]:
    return _narrowed(select(User), wanted).order_by(func.lower(User.name), User.id)


def _narrowed(query: Select[Any], wanted: PeopleFilter) -> Select[Any]:
    for word in wanted.words.lower().split():
        held = func.lower(User.name).contains(word, autoescape=True)
        query = query.where(held | User.email.contains(word, autoescape=True))
    if wanted.role:
        query = query.where(User.id.in_(select(UserRole.user_id).where(UserRole.role == wanted.role)))
    if wanted.status:
        query = query.where(User.status == wanted.status)
    return query
