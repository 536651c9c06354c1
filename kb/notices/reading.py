"""A person's own notices: listed, counted, marked as read, and forgotten in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update

from kb.errors import NotFound
from kb.model import PUBLISHED, Entry, Revision
from kb.notices.model import Mail, Notice
from kb.people.clock import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from kb.reading import Reader

READ_DAYS, UNREAD_DAYS, MAIL_DAYS = 90, 365, 30
"""For how long notices that were read, notices that were not, and what is known of mails are kept."""


@dataclass(frozen=True)
class NoticeView:
    """A notice as its person sees it."""

    id: int
    event: str
    ref: str | None
    kind: str | None
    number: int | None
    title: str
    """Of the entry; empty for what is about none."""
    actor: str
    words: str
    place: str
    created_at: datetime
    read_at: datetime | None

    @property
    def is_read(self) -> bool:
        """Whether the person has seen to it."""
        return self.read_at is not None


def list_notices(
    session: Session, user_id: int, reader: Reader, offset: int = 0, limit: int = 50, *, unread: bool = False
) -> tuple[int, list[NoticeView]]:
    """How many notices the person has about what they may see, and a stretch of them, newest first."""
    mine = _mine(user_id, reader, unread=unread)
    total = session.scalar(select(func.count(Notice.id)).outerjoin(Entry).where(mine)) or 0
    rows = session.execute(_views().where(mine).order_by(Notice.id.desc()).offset(offset).limit(limit))
    return total, [NoticeView(*row) for row in rows]


def notices_of_mail(session: Session, mail: Mail, reader: Reader) -> list[NoticeView]:
    """What the mail has to say that its person may see and has not read by now, oldest first."""
    mine = _mine(mail.user_id, reader, unread=True)
    rows = session.execute(_views().where(mine, Notice.mail_id == mail.id).order_by(Notice.id))
    return [NoticeView(*row) for row in rows]


def count_unread(session: Session, user_id: int, reader: Reader) -> int:
    """How many of the person's notices wait to be read."""
    mine = _mine(user_id, reader, unread=True)
    return session.scalar(select(func.count(Notice.id)).outerjoin(Entry).where(mine)) or 0


def get_notice(session: Session, user_id: int, number: int, reader: Reader) -> NoticeView:
    """One of the person's own notices. Raises NotFound, also for somebody else's."""
    mine = _mine(user_id, reader, unread=False)
    row = session.execute(_views().where(mine, Notice.id == number)).one_or_none()
    if row is None:
        raise NotFound("There is no such notification.")
    return NoticeView(*row)


def mark_read(session: Session, user_id: int, number: int, *, read: bool = True) -> None:
    """Marks one of the person's own notices as read, or as unread again. Nothing happens to others'."""
    change = update(Notice).where(Notice.id == number, Notice.user_id == user_id)
    if read:
        session.execute(change.where(Notice.read_at.is_(None)).values(read_at=now()))
    else:
        session.execute(change.values(read_at=None))


def mark_done(session: Session, event: str, entry_id: int, number: int) -> None:
    """Marks everybody's notices of something that somebody has done by now: they ask for nothing more."""
    what = (Notice.event == event, Notice.entry_id == entry_id, Notice.number == number)
    session.execute(update(Notice).where(*what, Notice.read_at.is_(None)).values(read_at=now()))


def mark_all_read(session: Session, user_id: int, up_to: int) -> int:
    """Marks the person's notices up to this one: those that came after the list was read stay unread."""
    mine = (Notice.user_id == user_id, Notice.id <= up_to, Notice.read_at.is_(None))
    done = session.execute(update(Notice).where(*mine).values(read_at=now()))
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget_old(session: Session) -> None:
    """Removes what is too old to matter."""
    at = now()
    read = Notice.read_at < at - timedelta(days=READ_DAYS)
    session.execute(delete(Notice).where(or_(read, Notice.created_at < at - timedelta(days=UNREAD_DAYS))))
    done = (Mail.state != "waiting", Mail.due_at < at - timedelta(days=MAIL_DAYS))
    session.execute(delete(Mail).where(*done))


def _mine(user_id: int, reader: Reader, *, unread: bool) -> ColumnElement[bool]:
    shown = and_(Notice.user_id == user_id, or_(Notice.entry_id.is_(None), reader.visible))
    return and_(shown, Notice.read_at.is_(None)) if unread else shown


def _views() -> Select[Any]:
    """The fields of NoticeView, in their order."""
    columns: Sequence[Any] = (
        Notice.id, Notice.event, Entry.ref, Entry.kind, Notice.number, func.coalesce(Revision.title, ""),
        Notice.actor, Notice.words, Notice.place, Notice.created_at, Notice.read_at,
    )  # fmt: skip
    which = or_(Revision.number == Notice.number, and_(Notice.number.is_(None), PUBLISHED))
    about = and_(Revision.entry_id == Entry.id, which)
    query = select(*columns).select_from(Notice).outerjoin(Entry, Notice.entry_id == Entry.id)
    return query.outerjoin(Revision, about)
