"""Tables of the desk: whose account wrote a revision, what is said of it, and what is not saved yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

import kb.people.model  # noqa: F401 - accounts are referred to
from kb.model import Base, UtcTime


class Handling(Base):
    """A revision's way through the desk. What was imported has none: its author is a name only."""

    __tablename__ = "handlings"
    __table_args__ = (CheckConstraint("author_id <> reviewer_id", name="approver_is_another"),)

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    """The account behind the author's name; None for the command line."""
    follows: Mapped[int | None]
    """Number of the revision whose text was edited; None for an entry's first."""
    thread: Mapped[int | None]
    """Number of the first draft of this proposal: whoever wrote a part of a proposal sees all of it."""
    submitted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    """Who is to review it."""
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    typographic: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it was published as a correction that changes no meaning, so that verification stood."""


class Comment(Base):
    """What somebody says in the margin of a revision."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(String(100))
    """The field that it is about, such as `recommendation`; empty: the whole."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When somebody said that it is dealt with."""


class WorkingCopy(Base):
    """What a person has typed into a form and not saved yet: a browser may crash."""

    __tablename__ = "working_copies"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(String(20), primary_key=True)
    """The entry's id, or `new:lesson`."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcTime)


class BulkChange(Base):
    """One change of many entries, and what is needed to take it back."""

    __tablename__ = "bulk_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(12))
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The tag, the reviewer or the reason that was named."""
    touched: Mapped[list[list[Any]]] = mapped_column(JSON)
    """Of each entry its id, and what it was before."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcTime)
    undone_by: Mapped[str | None] = mapped_column(String(300))
    undone_at: Mapped[datetime | None] = mapped_column(UtcTime)
