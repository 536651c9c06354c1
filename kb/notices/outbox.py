"""The outbox of mails: which wait, whose turn it is, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from kb.notices.model import MAIL_STATES, Mail
from kb.outbox import (
    LEASE,
    PAUSES,
    Outbox,
    claim_rows,
    give_row_up,
    look_at,
    row_numbers,
    row_to_change,
    try_again,
)
from kb.people.audit import note
from kb.people.clock import now
from kb.people.model import User
from kb.people.roles import require

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.people.audit import Origin

__all__ = ["LEASE", "PAUSES", "Outbox"]
STALE = timedelta(days=1)
TOO_OLD = "It waited for more than a day while nothing was sending, so it is no news any more."


@dataclass(frozen=True)
class Claim:
    """A mail that is ours to send now."""

    id: int
    user_id: int
    attempt: int
    """The number of this attempt, from 1."""
    created_at: datetime


@dataclass(frozen=True)
class MailView:
    """A mail as those who look after the repository see it: to whom, not what it says."""

    id: int
    email: str
    name: str
    kind: str
    state: str
    created_at: datetime
    due_at: datetime
    attempts: int
    problem: str
    sent_at: datetime | None


def claim(session: Session, most: int) -> list[Claim]:
    """Up to so many mails whose turn it is, oldest first, counted as tried once more."""
    mine = claim_rows(session, Mail, most)
    query = select(Mail.id, Mail.user_id, Mail.created_at).where(Mail.id.in_(mine))
    found = {number: (user_id, made_at) for number, user_id, made_at in session.execute(query)}
    return [Claim(number, found[number][0], attempt, found[number][1]) for number, attempt in mine.items()]


def give_up_stale(session: Session) -> int:
    """Gives up what nobody tried for a day, so that setting mail up brings no flood. Returns how many."""
    untried = (Mail.state == "waiting", Mail.attempts == 0, Mail.due_at < now() - STALE)
    change = update(Mail).where(*untried).values(state="given up", problem=TOO_OLD, due_at=now())
    return int(session.execute(change).rowcount)  # type: ignore[attr-defined]


def look(session: Session) -> Outbox:
    """How many mails there are in each state, and how sending goes."""
    return look_at(session, Mail, MAIL_STATES)


def list_mails(session: Session, state: str = "", offset: int = 0, limit: int = 50) -> list[MailView]:
    """A stretch of the mails, newest first; all states unless one is named."""
    columns: tuple[Any, ...] = (
        Mail.id, User.email, User.name, Mail.kind, Mail.state, Mail.created_at, Mail.due_at, Mail.attempts,
        Mail.problem, Mail.sent_at,
    )  # fmt: skip
    query = select(*columns).join(User, User.id == Mail.user_id).order_by(Mail.id.desc())
    if state:
        query = query.where(Mail.state == state)
    return [MailView(*row) for row in session.execute(query.offset(offset).limit(limit))]


def retry(session: Session, origin: Origin, number: int) -> MailView:
    """Sends a mail that was given up, or waits for its next attempt, as soon as may be.

    Raises NotAllowed, NotFound.
    """
    require(origin.person, "manage mail")
    try_again(row_to_change(session, Mail, number, ("given up", "waiting"), "mail"))
    note(session, origin, "retry mail", f"mail {number}")
    session.flush()
    return _view(session, number)


def drop(session: Session, origin: Origin, number: int) -> MailView:
    """Gives a mail up that still waits. Raises NotAllowed, NotFound."""
    require(origin.person, "manage mail")
    give_row_up(row_to_change(session, Mail, number, ("waiting",), "mail"), origin.person.name)
    note(session, origin, "drop mail", f"mail {number}")
    session.flush()
    return _view(session, number)


def numbers_of(session: Session, state: str) -> list[int]:
    """The numbers of all mails in a state."""
    return row_numbers(session, Mail, state)


def _view(session: Session, number: int) -> MailView:
    mail = session.get_one(Mail, number)
    user = session.get_one(User, mail.user_id)
    return MailView(
        mail.id, user.email, user.name, mail.kind, mail.state, mail.created_at, mail.due_at, mail.attempts,
        mail.problem, mail.sent_at,
    )  # fmt: skip
