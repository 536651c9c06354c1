"""The table of requests that people make of mentors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

import kb.people.model  # noqa: F401 - accounts are referred to
from kb.model import Base, UtcTime

STATES = ("open", "accepted", "declined", "withdrawn")


class MentorRequest(Base):
    """That somebody asks somebody else for help."""

    __tablename__ = "mentor_requests"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'withdrawn')", name="request_state_known"),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered_at_a_time"),
        CheckConstraint("asker_id <> mentor_id", name="asks_somebody_else"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    mentor_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
    """What it is about; None: about what was searched for."""
    topic: Mapped[str] = mapped_column(String(300), default="")
    """What was searched for."""
    words: Mapped[str] = mapped_column(Text)
    """What the asker says."""
    state: Mapped[str] = mapped_column(String(12))
    answer: Mapped[str] = mapped_column(Text, default="")
    """What the mentor says."""
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
