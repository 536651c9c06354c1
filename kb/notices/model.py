"""Tables of notices and of the mails that carry them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base, UtcTime
from kb.outbox import Sendable

MAIL_KINDS = ("at once", "daily", "weekly")
MAIL_STATES = ("waiting", "sent", "needless", "given up")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Mail(Sendable, Base):
    """A mail that is to be sent. What it says is written when it goes: what its reader may see by then."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(_one_of("kind", MAIL_KINDS), name="mail_kind_known"),
        CheckConstraint(_one_of("state", MAIL_STATES), name="mail_state_known"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index(
            "mails_waiting",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))


class Notice(Base):
    """Something that a person is told. Events come and go with versions, so no constraint lists them."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("user_id", "once", name="told_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
    number: Mapped[int | None]
    """The revision that it is about; None: the one that is published."""
    actor: Mapped[str] = mapped_column(String(300))
    """Who caused it, as the person may be told; empty: nobody did."""
    words: Mapped[str] = mapped_column(String(500))
    place: Mapped[str] = mapped_column(String(500))
    """Path on this site where something can be done about it; empty: the entry's page."""
    once: Mapped[str | None] = mapped_column(String(100))
    """What a person is not told twice."""
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
