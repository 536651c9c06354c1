"""The outbox: which mails wait, whose turn it is, and what became of each.

A mail is claimed before it is sent: the claim counts an attempt and puts the next one off, so that of
several senders one has it, and a sender that dies leaves it to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from kb.errors import NotAllowed, NotFound
from kb.notices.model import MAIL_STATES, Mail
from kb.people.audit import note
from kb.people.clock import now
from kb.people.model import User
from kb.people.roles import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Update
    from sqlalchemy.orm import Session

    from kb.people.audit import Origin

LEASE = timedelta(minutes=10)
"""For so long nobody else sends what one has claimed."""
PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 120, 240, 480, 960, 1440, 1440))
"""After each attempt that failed; three days in all."""
STALE = timedelta(days=1)
TOO_OLD = "It waited for more than a day while nothing was sending, so it is no news any more."
MOST_PROBLEM = 300


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


@dataclass(frozen=True)
class Outbox:
    """How sending goes."""

    counts: Mapping[str, int]
    overdue: int
    """Mails that should have gone by now."""
    last_sent: datetime | None
    problem: str
    """What the server said last to something that still waits."""


def claim(session: Session, most: int) -> list[Claim]:
    """Up to so many mails whose turn it is, oldest first, counted as tried once more."""
    at = now()
    due = (Mail.state == "waiting", Mail.due_at <= at)
    found = session.execute(
        select(Mail.id, Mail.user_id, Mail.attempts, Mail.created_at)
        .where(*due)
        .order_by(Mail.due_at, Mail.id)
        .limit(most)
    ).all()
    mine = []
    for number, user_id, attempts, created_at in found:
        change = update(Mail).where(Mail.id == number, Mail.attempts == attempts, *due)
        done = session.execute(change.values(attempts=attempts + 1, due_at=at + LEASE))
        if done.rowcount == 1:  # type: ignore[attr-defined]
            mine.append(Claim(number, user_id, attempts + 1, created_at))
    return mine


def settle(session: Session, claimed: Claim, state: str, problem: str = "") -> None:
    """What became of a mail that was claimed: sent, needless, or given up."""
    at = now()
    sent_at = at if state == "sent" else None
    change = {"state": state, "problem": plain(problem), "due_at": at, "sent_at": sent_at}
    session.execute(_still(claimed).values(**change))


def put_off(session: Session, claimed: Claim, problem: str) -> bool:
    """Tries it again after a pause that grows, until all are used up. Returns whether it still waits."""
    if claimed.attempt > len(PAUSES):
        settle(session, claimed, "given up", f"Given up after {claimed.attempt} attempts. {problem}")
        return False
    later = {"due_at": now() + PAUSES[claimed.attempt - 1], "problem": plain(problem)}
    session.execute(_still(claimed).values(**later))
    return True


def give_up_stale(session: Session) -> int:
    """Gives up what nobody tried for a day, so that setting mail up brings no flood. Returns how many."""
    untried = (Mail.state == "waiting", Mail.attempts == 0, Mail.due_at < now() - STALE)
    change = update(Mail).where(*untried).values(state="given up", problem=TOO_OLD, due_at=now())
    return int(session.execute(change).rowcount)  # type: ignore[attr-defined]


def look(session: Session) -> Outbox:
    """How many mails there are in each state, and how sending goes."""
    rows = session.execute(select(Mail.state, func.count(Mail.id)).group_by(Mail.state)).all()
    waiting = Mail.state == "waiting"
    late = select(func.count(Mail.id)).where(waiting, Mail.due_at <= now())
    faults = select(Mail.problem).where(waiting, Mail.problem != "").order_by(Mail.due_at.desc()).limit(1)
    return Outbox(
        counts=dict.fromkeys(MAIL_STATES, 0) | dict(rows),
        overdue=session.scalar(late) or 0,
        last_sent=session.scalar(select(func.max(Mail.sent_at))),
        problem=session.scalar(faults) or "",
    )


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
    mail = _changed(session, origin, number, ("given up", "waiting"))
    mail.state, mail.attempts, mail.due_at = "waiting", 0, now()
    note(session, origin, "retry mail", f"mail {number}")
    session.flush()
    return _view(session, number)


def drop(session: Session, origin: Origin, number: int) -> MailView:
    """Gives a mail up that still waits. Raises NotAllowed, NotFound."""
    mail = _changed(session, origin, number, ("waiting",))
    mail.state, mail.due_at = "given up", now()
    mail.problem = plain(f"Dropped by {origin.person.name}. {mail.problem}")
    note(session, origin, "drop mail", f"mail {number}")
    session.flush()
    return _view(session, number)


def numbers_of(session: Session, state: str) -> list[int]:
    """The numbers of all mails in a state."""
    return list(session.scalars(select(Mail.id).where(Mail.state == state).order_by(Mail.id)))


def plain(text: str) -> str:
    """What a server said, on a line that fits."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return flat if len(flat) <= MOST_PROBLEM else flat[: MOST_PROBLEM - 1].rstrip() + "…"


def _still(claimed: Claim) -> Update:
    return update(Mail).where(
        Mail.id == claimed.id, Mail.state == "waiting", Mail.attempts == claimed.attempt
    )


def _changed(session: Session, origin: Origin, number: int, states: tuple[str, ...]) -> Mail:
    require(origin.person, "manage mail")
    mail = session.get(Mail, number, with_for_update=True)
    if mail is None:
        raise NotFound("There is no such mail.")
    if mail.state not in states:
        raise NotAllowed(f"This mail is {mail.state}.")
    return mail


def _view(session: Session, number: int) -> MailView:
    mail = session.get_one(Mail, number)
    user = session.get_one(User, mail.user_id)
    return MailView(
        mail.id, user.email, user.name, mail.kind, mail.state, mail.created_at, mail.due_at, mail.attempts,
        mail.problem, mail.sent_at,
    )  # fmt: skip
