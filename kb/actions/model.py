"""The table of actions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base, UtcTime

STATES = ("identified", "assigned", "embedded", "checked", "dropped")
OPEN = ("identified", "assigned", "embedded")
"""Something is to be done yet: by nobody in particular, by its owner, or by whoever checks it."""


class LessonAction(Base):
    """Something to be changed because of a lesson, and how far that is."""

    __tablename__ = "actions"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="action_state_known"),
        CheckConstraint(
            "(state IN ('embedded', 'checked')) <= (embedded_in <> '' OR embedded_words <> '')",
            name="embedded_somewhere",
        ),
        CheckConstraint("version > 0", name="action_version_positive"),
        Index("actions_by_state", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(12))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    due_on: Mapped[date | None]
    embedded_in: Mapped[str] = mapped_column(String(12))
    """Id of the template, training, path or other entry that holds it now; may be empty."""
    embedded_words: Mapped[str] = mapped_column(String(300))
    """Where it is built in, in words: such as a procedure that is kept elsewhere."""
    embedded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who says that it is built in: somebody else checks it."""
    author: Mapped[str] = mapped_column(String(300))
    changed_by: Mapped[str] = mapped_column(String(300))
    version: Mapped[int]
    """Counted up by every change: a change of an older version is refused."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
