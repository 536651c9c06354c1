"""Links that work once: whoever has the secret may do one thing, until it is done or the time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from kb.people.clock import check_time, now
from kb.people.errors import KeyRefused
from kb.people.model import OneTimeLink
from kb.people.secrets import hashed, new_secret

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

LASTS = {
    "administrator": timedelta(days=1),
    "invitation": timedelta(days=14),
    "reset": timedelta(hours=24),
}
AGAIN = {
    "administrator": "Start the server again, or run `precedent user link`, for a new one.",
    "invitation": "Ask whoever invited you for a new one.",
    "reset": "Ask an administrator for a new one.",
}


def make_link(session: Session, purpose: str, *, made_by: str, user_id: int | None = None) -> str:
    """The secret of a new link; older ones for the same end no longer work."""
    session.execute(
        delete(OneTimeLink).where(
            OneTimeLink.purpose == purpose, OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None)
        )
    )
    secret = new_secret()
    made = now()
    session.add(
        OneTimeLink(
            purpose=purpose,
            secret=hashed(secret),
            user_id=user_id,
            made_by=made_by,
            created_at=made,
            expires_at=made + LASTS[purpose],
        )
    )
    session.flush()
    return secret


def forget_links(session: Session, user_id: int) -> None:
    """Links to this account that nobody has used no longer work."""
    unused = OneTimeLink.used_at.is_(None)
    session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user_id, unused))


def read_link(session: Session, secret: str, at: datetime | None = None) -> OneTimeLink:
    """The link, without using it up. Raises KeyRefused when it is wrong, used or expired."""
    link = session.scalar(select(OneTimeLink).where(OneTimeLink.secret == hashed(secret)))
    if link is None:
        raise KeyRefused("This link is not known here. It may be cut off, or a newer one replaced it.")
    if link.used_at is not None:
        raise KeyRefused("This link has been used. Sign in, or ask for a new one.")
    check_time("link", link.created_at, link.expires_at, AGAIN[link.purpose], at or now())
    return link


def use_link(session: Session, secret: str, *purposes: str) -> OneTimeLink:
    """The link, used up from now on. Raises KeyRefused, also when another was quicker."""
    link = read_link(session, secret)
    if link.purpose not in purposes:
        raise KeyRefused("This link is for something else.")
    unused = update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
    if session.execute(unused.values(used_at=now())).rowcount != 1:  # type: ignore[attr-defined]
        raise KeyRefused("This link has been used. Sign in, or ask for a new one.")
    return link
