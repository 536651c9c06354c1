"""What every outbox does: whose turn it is, what became of what was tried, and when to try again.

A row is claimed before it is sent: the claim counts an attempt and puts the next one off, so that of
several senders one has it, and a sender that dies leaves it to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from kb.errors import NotAllowed, NotFound
from kb.model import UtcTime
from kb.people.clock import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Update
    from sqlalchemy.orm import Session

    from kb.database import Database

LEASE = timedelta(minutes=10)
"""For so long nobody else sends what one has claimed."""
PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 120, 240, 480, 960, 1440, 1440))
"""After each attempt that failed; three days in all."""
MOST_PROBLEM = 300


class Sendable:
    """The columns that a row of an outbox has."""

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    """When it is to be tried next."""
    attempts: Mapped[int]
    problem: Mapped[str] = mapped_column(String(MOST_PROBLEM), default="")
    """What the other side said the last time that it was tried."""
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)


S = TypeVar("S", bound=Sendable)


class Turn(Protocol):
    """A row that is ours to send now."""

    @property
    def id(self) -> int:
        """The row's number."""

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1."""


@dataclass(frozen=True)
class Outbox:
    """How sending goes."""

    counts: Mapping[str, int]
    overdue: int
    """What should have gone by now."""
    last_sent: datetime | None
    problem: str
    """What the other side said last to something that still waits."""


@dataclass
class Report:
    """What came of one way through an outbox."""

    sent: int = 0
    needless: int = 0
    put_off: int = 0
    given_up: int = 0
    problem: str = ""
    """Why nothing could go any more."""

    def settle(
        self, database: Database, table: type[Sendable], turn: Turn, state: str, problem: str = ""
    ) -> None:
        """Stores and counts what became of a row that was claimed: sent, needless, or given up."""
        with database.write_aside() as session:
            settle_row(session, table, turn, state, problem)
        self._count(state)

    def try_later(self, database: Database, table: type[Sendable], turn: Turn, problem: str) -> None:
        """Puts a row off, or gives it up after the last attempt, and counts it."""
        with database.write_aside() as session:
            still_waits = put_row_off(session, table, turn, problem)
        self._count("put off" if still_waits else "given up")

    def _count(self, state: str) -> None:
        name = state.replace(" ", "_")
        setattr(self, name, getattr(self, name) + 1)


def claim_rows(session: Session, table: type[Sendable], most: int) -> dict[int, int]:
    """Up to so many rows whose turn it is, oldest first, counted as tried once more: number -> attempt."""
    at = now()
    due = (table.state == "waiting", table.due_at <= at)
    query = select(table.id, table.attempts).where(*due).order_by(table.due_at, table.id).limit(most)
    mine = {}
    for number, attempts in session.execute(query).all():
        change = update(table).where(table.id == number, table.attempts == attempts, *due)
        done = session.execute(change.values(attempts=attempts + 1, due_at=at + LEASE))
        if done.rowcount == 1:  # type: ignore[attr-defined]
            mine[number] = attempts + 1
    return mine


def settle_row(session: Session, table: type[Sendable], turn: Turn, state: str, problem: str = "") -> None:
    """What became of a row that was claimed."""
    at = now()
    sent_at = at if state == "sent" else None
    change = {"state": state, "problem": plain(problem), "due_at": at, "sent_at": sent_at}
    session.execute(_still(table, turn).values(**change))


def put_row_off(session: Session, table: type[Sendable], turn: Turn, problem: str) -> bool:
    """Tries it again after a pause that grows, until all are used up. Returns whether it still waits."""
    if turn.attempt > len(PAUSES):
        words = f"Given up after {turn.attempt} attempts. {problem}"
        settle_row(session, table, turn, "given up", words)
        return False
    later = {"due_at": now() + PAUSES[turn.attempt - 1], "problem": plain(problem)}
    session.execute(_still(table, turn).values(**later))
    return True


def look_at(session: Session, table: type[Sendable], states: Sequence[str]) -> Outbox:
    """How many rows there are in each state, and how sending goes."""
    rows = session.execute(select(table.state, func.count(table.id)).group_by(table.state)).all()
    waiting = table.state == "waiting"
    late = select(func.count(table.id)).where(waiting, table.due_at <= now())
    faults = select(table.problem).where(waiting, table.problem != "").order_by(table.due_at.desc()).limit(1)
    return Outbox(
        counts=dict.fromkeys(states, 0) | dict(rows),
        overdue=session.scalar(late) or 0,
        last_sent=session.scalar(select(func.max(table.sent_at))),
        problem=session.scalar(faults) or "",
    )


def row_numbers(session: Session, table: type[Sendable], state: str) -> list[int]:
    """The numbers of all rows in a state."""
    return list(session.scalars(select(table.id).where(table.state == state).order_by(table.id)))


def row_to_change(session: Session, table: type[S], number: int, states: Sequence[str], what: str) -> S:
    """A row in one of the states, locked. Raises NotFound, NotAllowed."""
    row = session.get(table, number, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no such {what}.")
    if row.state not in states:
        raise NotAllowed(f"This {what} is {row.state}.")
    return row


def try_again(row: Sendable) -> None:
    """It is sent as soon as may be, with all its attempts."""
    row.state, row.attempts, row.due_at = "waiting", 0, now()


def give_row_up(row: Sendable, by: str) -> None:
    """It is not tried any more."""
    row.state, row.due_at = "given up", now()
    row.problem = plain(f"Dropped by {by}. {row.problem}")


def plain(text: str) -> str:
    """What the other side said, on a line that fits."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return flat if len(flat) <= MOST_PROBLEM else flat[: MOST_PROBLEM - 1].rstrip() + "…"


def _still(table: type[Sendable], turn: Turn) -> Update:
    return update(table).where(table.id == turn.id, table.state == "waiting", table.attempts == turn.attempt)
