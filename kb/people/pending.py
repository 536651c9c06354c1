"""Sign-ins under way: begun in one browser, finished there once and soon, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from kb.people.clock import check_time, now
from kb.people.errors import KeyRefused
from kb.people.model import PendingSignIn
from kb.people.secrets import hashed, new_secret

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

LASTS = timedelta(minutes=10)
REMEMBERED = timedelta(days=1)
"""So long after its end a sign-in is still known, to say what is wrong with a late or repeated answer."""
AGAIN = "Begin again."
MAX_NEXT = 2_000
"""Characters of the address to go to afterwards."""


def begin(session: Session, step: str, *, next_address: str = "", user_id: int | None = None) -> str:
    """The secret for the browser to keep. Sign-ins that ended long ago are cleared away."""
    begun = now()
    session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < begun - REMEMBERED))
    secret = new_secret()
    session.add(
        PendingSignIn(
            secret=hashed(secret),
            step=step,
            user_id=user_id,
            next=next_address,
            created_at=begun,
            expires_at=begun + LASTS,
        )
    )
    session.flush()
    return secret


def read(session: Session, secret: str, at: datetime | None = None) -> PendingSignIn:
    """The sign-in, without finishing it. Raises KeyRefused when it is not known, finished or too old."""
    row = session.scalar(select(PendingSignIn).where(PendingSignIn.secret == hashed(secret)))
    if row is None:
        raise KeyRefused(f"No sign-in is under way in this browser. {AGAIN}")
    if row.used_at is not None:
        raise KeyRefused(f"This sign-in is finished, and its answer works once only. {AGAIN}")
    check_time("sign-in", row.created_at, row.expires_at, AGAIN, at or now())
    return row


def finish(session: Session, secret: str) -> PendingSignIn:
    """The sign-in, finished from now on. Raises KeyRefused, also when another answer was quicker."""
    row = read(session, secret)
    unused = update(PendingSignIn).where(PendingSignIn.id == row.id, PendingSignIn.used_at.is_(None))
    if session.execute(unused.values(used_at=now())).rowcount != 1:  # type: ignore[attr-defined]
        raise KeyRefused(f"This sign-in is finished, and its answer works once only. {AGAIN}")
    return row
