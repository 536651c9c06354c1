"""Sessions: browsers in which a person has signed in, until they leave, are idle too long, or time is up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from kb.errors import NotFound
from kb.people.clock import check_time, now
from kb.people.errors import KeyRefused
from kb.people.model import SessionRow, User
from kb.people.roles import Belonging, Person, can, require
from kb.people.secrets import hashed, new_secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

TOUCH = timedelta(minutes=1)
"""A session notes that it is in use no more often than this: reading must not write each time."""
AGAIN = "Sign in again."


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lasts."""

    idle: timedelta = timedelta(hours=12)
    absolute: timedelta = timedelta(days=14)

    def is_open(self, row: SessionRow, at: datetime | None = None) -> bool:
        """Whether the session can still be used."""
        at = at or now()
        return row.expires_at > at and row.seen_at + self.idle > at


def start_session(
    session: Session, user: User, *, method: str, address: str, agent: str, lifetimes: Lifetimes
) -> str:
    """The secret for the browser to keep. Old sessions of the person that are over are cleared away."""
    started = now()
    over = (SessionRow.expires_at <= started) | (SessionRow.seen_at <= started - lifetimes.idle)
    session.execute(delete(SessionRow).where(SessionRow.user_id == user.id, over))
    secret = new_secret()
    session.add(
        SessionRow(
            secret=hashed(secret),
            user_id=user.id,
            method=method,
            address=address[:60],
            agent=agent[:300],
            created_at=started,
            seen_at=started,
            expires_at=started + lifetimes.absolute,
        )
    )
    user.seen_at = started
    session.flush()
    return secret


def resume_session(
    session: Session, secret: str, lifetimes: Lifetimes, at: datetime | None = None
) -> SessionRow:
    """The session with its person. Raises KeyRefused when it is not known, over, or the person disabled."""
    row = session.scalar(select(SessionRow).where(SessionRow.secret == hashed(secret)))
    if row is None:
        raise KeyRefused(f"This session has ended. {AGAIN}")
    if row.user.status != "active":
        raise KeyRefused("This account is disabled. Ask an administrator.")
    at = at or now()
    # Seen at a time that has not come yet, it would not be idle until then.
    begun, over = max(row.created_at, row.seen_at), min(row.expires_at, row.seen_at + lifetimes.idle)
    check_time("session", begun, over, AGAIN, at)
    return row


def touch_session(session: Session, row_id: int) -> None:
    """Notes that the session is in use, and the person was here."""
    moment, used = now(), SessionRow.id == row_id
    session.execute(update(SessionRow).where(used).values(seen_at=moment))
    whose = select(SessionRow.user_id).where(used).scalar_subquery()
    session.execute(update(User).where(User.id == whose).values(seen_at=moment))


def rotate_session(session: Session, row_id: int) -> str:
    """The session goes on under a new secret; the old one no longer works."""
    secret = new_secret()
    session.execute(update(SessionRow).where(SessionRow.id == row_id).values(secret=hashed(secret)))
    return secret


def list_sessions(session: Session, by: Person, user_id: int) -> Sequence[SessionRow]:
    """A person's sessions, the latest used first. Raises NotAllowed."""
    require(by, "manage people", Belonging(user_id))
    rows = select(SessionRow).where(SessionRow.user_id == user_id)
    return session.scalars(rows.order_by(SessionRow.seen_at.desc(), SessionRow.id.desc())).all()


def end_session(session: Session, by: Person, row_id: int) -> None:
    """Signs that browser out. What is not there, or not one's own to end, is not found."""
    row = session.get(SessionRow, row_id)
    if row is None or not can(by, "manage people", Belonging(row.user_id)):
        raise NotFound("There is no such session; it may have ended already.")
    session.delete(row)
    session.flush()


def end_all_sessions(session: Session, by: Person, user_id: int) -> int:
    """Signs a person out everywhere; oneself everywhere else. Returns in how many. Raises NotAllowed."""
    require(by, "manage people", Belonging(user_id))
    return end_sessions(session, user_id, but=by.session_id)


def end_sessions(session: Session, user_id: int, *, but: int | None = None, method: str = "") -> int:
    """Signs the person out everywhere (but in one session), whoever asks; with `method`, where they signed
    in that way. Returns in how many.
    """
    query = delete(SessionRow).where(SessionRow.user_id == user_id)
    if method:
        query = query.where(SessionRow.method == method)
    if but is not None:
        query = query.where(SessionRow.id != but)
    return session.execute(query).rowcount  # type: ignore[attr-defined, no-any-return]


def count_open(session: Session, lifetimes: Lifetimes) -> int:
    """Sessions that can still be used, of everybody."""
    moment = now()
    usable = (SessionRow.expires_at > moment) & (SessionRow.seen_at > moment - lifetimes.idle)
    return session.scalar(select(func.count(SessionRow.id)).where(usable)) or 0


def look_as(session: Session, by: Person, role: str | None) -> None:
    """The session of a curator looks through the eyes of a role, or again through their own."""
    if role is not None:
        require(by, "view as", role)
    session.execute(update(SessionRow).where(SessionRow.id == by.session_id).values(view_as=role))


def person_of(row: SessionRow) -> Person:
    """Who acts in this session."""
    user = row.user
    return Person(
        id=user.id, name=user.name, email=user.email, roles=user.roles, session_id=row.id, view_as=row.view_as
    )
