"""The outbox of statements: which wait, whose turn it is, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from kb.outbox import (
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
from kb.statements.model import STATES, Statement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.people.audit import Origin

MANAGE = "manage statements"
KEPT_DAYS = 60
"""For so long it is known what was told: twice as long as it is looked back for what was not."""
PRIVATE = "The person keeps what they learn to themselves."


@dataclass(frozen=True)
class Claim:
    """A statement that is ours to send now."""

    id: int
    attempt: int
    name: str
    body: Any
    is_private: bool
    """Whether the person does not let it be told any more."""


@dataclass(frozen=True)
class StatementView:
    """A statement as those who look after the repository see it: what it is about, not who did it."""

    id: int
    name: str
    verb: str
    path: str
    step: str
    state: str
    created_at: datetime
    due_at: datetime
    attempts: int
    problem: str
    sent_at: datetime | None

    @property
    def about(self) -> str:
        """`P-0001`, or `P-0001 L-0001` where it is about a step."""
        return f"{self.path} {self.step}".strip()


def claim(session: Session, most: int) -> list[Claim]:
    """Up to so many statements whose turn it is, oldest first, counted as tried once more."""
    mine = claim_rows(session, Statement, most)
    columns = (Statement.id, Statement.name, Statement.body, User.private_learning)
    query = select(*columns).join(User, User.id == Statement.user_id).where(Statement.id.in_(mine))
    found = {row[0]: row[1:] for row in session.execute(query)}
    return [Claim(number, attempt, *found[number]) for number, attempt in mine.items() if number in found]


def look(session: Session) -> Outbox:
    """How many statements there are in each state, and how sending goes."""
    return look_at(session, Statement, STATES)


def list_statements(
    session: Session, state: str = "", offset: int = 0, limit: int = 50
) -> list[StatementView]:
    """A stretch of the statements, newest first; all states unless one is named."""
    query = select(Statement).order_by(Statement.id.desc())
    if state:
        query = query.where(Statement.state == state)
    return [_view(row) for row in session.scalars(query.offset(offset).limit(limit))]


def retry(session: Session, origin: Origin, number: int) -> StatementView:
    """Sends a statement that was given up, or waits for its next attempt, as soon as may be.

    Raises NotAllowed, NotFound.
    """
    require(origin.person, MANAGE)
    row = row_to_change(session, Statement, number, ("given up", "waiting"), "statement")
    try_again(row)
    note(session, origin, "retry statement", f"statement {number}")
    session.flush()
    return _view(row)


def drop(session: Session, origin: Origin, number: int) -> StatementView:
    """Gives a statement up that still waits. Raises NotAllowed, NotFound."""
    require(origin.person, MANAGE)
    row = row_to_change(session, Statement, number, ("waiting",), "statement")
    give_row_up(row, origin.person.name)
    note(session, origin, "drop statement", f"statement {number}")
    session.flush()
    return _view(row)


def numbers_of(session: Session, state: str) -> list[int]:
    """The numbers of all statements in a state."""
    return row_numbers(session, Statement, state)


def forget_statements(session: Session) -> None:
    """Removes what was told, or given up, so long ago that nobody looks for it any more."""
    done = (Statement.state != "waiting", Statement.due_at < now() - timedelta(days=KEPT_DAYS))
    session.execute(delete(Statement).where(*done))


def _view(row: Statement) -> StatementView:
    path = row.body["context"].get("contextActivities", {}).get("parent", [row.body["object"]])[0]["id"]
    ref = path.rpartition("/")[2].partition("#")[0]
    return StatementView(
        row.id, row.name, row.verb, ref, row.step, row.state, row.created_at, row.due_at, row.attempts,
        row.problem, row.sent_at,
    )  # fmt: skip
