"""Typographic revisions: the same statement in other words of order, by somebody who tends the repository.

History stays as it was written: what changes is a new revision, published in the place of the one before.
It keeps that one's author (who made the statement), its moment of judgement (so that lists of what is new
do not fill with it) and the entry's verification; who tended it is its reviewer, and its note says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.desk.access import OPEN
from kb.editing import add_revision, latest_revision, now, published_revision
from kb.model import Revision

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.model import Entry

TENDING = "tending"
"""Who judged where whoever tends wrote the revision themselves: nobody approves their own."""


def untouched(session: Session, entry: Entry) -> Revision | None:
    """The published revision, where nobody is at work on a later one. What was rejected is at rest."""
    standing = published_revision(session, entry)
    return standing if standing is not None and open_after(session, standing) is None else None


def open_after(session: Session, standing: Revision) -> int | None:
    """The number of the newest revision that somebody works on beside the published one."""
    later = select(func.max(Revision.number)).where(
        Revision.entry_id == standing.entry_id, Revision.number > standing.number, Revision.state.in_(OPEN)
    )
    return session.scalar(later)


def retouch(session: Session, standing: Revision, content: Content, *, by: str, note: str) -> Revision:
    """Publishes `content` in the place of the published revision, on which nobody is at work."""
    number = latest_revision(session, standing.entry).number + 1
    revision = add_revision(
        session, standing.entry, content, number=number, author=standing.author, note=note
    )
    revision.anonymous = standing.anonymous
    standing.state = "superseded"
    session.flush()  # the index of published revisions has room for one at a time
    revision.state = "published"
    revision.reviewer = by if by != standing.author else TENDING
    revision.decided_at = standing.decided_at or now()
    session.flush()
    return revision
