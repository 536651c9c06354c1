"""Forms that make a secret: sent again, as by loading the page that shows it anew, they make no other.

The secret stands in the answer to the first sending and is kept nowhere, not even for the way to another
page; only a hash of what was sent is, so that the second sending is known.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from kb.errors import KbError
from kb.people.clock import now
from kb.people.model import SentForm
from kb.people.secrets import hashed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

REMEMBERED = timedelta(days=30)
"""Longer than any session lasts: a page that is older can send nothing."""


class SentAlready(KbError):
    """A form that makes something once was sent a second time."""


def use_form(session: Session, sent: str) -> None:
    """Notes that this was sent; with the transaction of whatever it makes, or not at all.

    `sent` is everything that tells this sending from others. Of two at once the second waits for the first.
    Raises SentAlready.
    """
    moment = now()
    session.execute(delete(SentForm).where(SentForm.at < moment - REMEMBERED))
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(SentForm)
    row = insert.values(key=hashed(sent), at=moment).on_conflict_do_nothing()
    if session.scalar(row.returning(SentForm.key)) is None:
        raise SentAlready("This form was sent before. What it makes was made then, and nothing was made now.")
