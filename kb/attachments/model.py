"""Tables of files, of the entries they are attached to, and of documents whose import is not agreed to yet.

Files are rows rather than files of a folder: a backup of either database holds them, and a transaction that
fails leaves none behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import kb.people.model  # noqa: F401 - accounts are referred to
from kb.model import Base, UtcTime

ROLES = ("original", "picture")
STATES = ("waiting", "ready", "refused", "done")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class StoredFile(Base):
    """The bytes of a file, once, whatever they are attached to."""

    __tablename__ = "files"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256, in hexadecimal digits: the only name that a file has here."""
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    unused_since: Mapped[datetime | None] = mapped_column(UtcTime)
    """When it was first noticed that nothing uses it; None while something does."""


class Attachment(Base):
    """A file that belongs to an entry. Who may see the entry may see it."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(_one_of("role", ROLES), name="attachment_role_known"),
        UniqueConstraint("entry_id", "digest", name="attached_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(ForeignKey("files.digest", ondelete="RESTRICT"), index=True)
    role: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(200))
    """What people call it; nothing is found by it."""
    media: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(300))
    """Where in it the entry comes from, in words: `page 3`. Empty: all of it."""
    parts: Mapped[list[Any]] = mapped_column(JSON)
    """(place, text) of what a search finds in it, in order."""
    added_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    added_at: Mapped[datetime] = mapped_column(UtcTime)


class RemovedFile(Base):
    """A file that was taken away from an entry. Nobody is shown it or finds it; it can be brought back."""

    __tablename__ = "removed_files"
    __table_args__ = (UniqueConstraint("entry_id", "digest", name="removed_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(ForeignKey("files.digest", ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(300))
    parts: Mapped[list[Any]] = mapped_column(JSON)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    added_at: Mapped[datetime] = mapped_column(UtcTime)
    removed_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class BroughtPicture(Base):
    """A picture that somebody put into a text which is not saved yet. Only they see it, until it is."""

    __tablename__ = "brought_pictures"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(
        ForeignKey("files.digest", ondelete="RESTRICT"), primary_key=True, index=True
    )
    type: Mapped[str] = mapped_column(String(10))
    """`png`, `jpeg` or `webp`."""
    brought_at: Mapped[datetime] = mapped_column(UtcTime)


class Incoming(Base):
    """A document that somebody wants to import: nothing of it is in the repository before they agree."""

    __tablename__ = "incoming_documents"
    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="import_state_known"),
        CheckConstraint("(state = 'ready') <= (document IS NOT NULL)", name="ready_with_document"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    said: Mapped[str] = mapped_column(Text)
    """Why it was refused."""
    data: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The file; gone once it is done."""
    document: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """What it became, as `kb.importing.document` writes it."""
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the person has chosen so far."""
    refs: Mapped[list[str]] = mapped_column(JSON)
    """The entries that were made of it."""
    created_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    """When reading it began, for the last time."""
