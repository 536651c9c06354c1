"""The table of adoptions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base, UtcTime


class Adoption(Base):
    """That somebody acts on a lesson, in a project."""

    __tablename__ = "adoptions"
    __table_args__ = (UniqueConstraint("entry_id", "user_id", "project", name="adopted_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    """The revision that stood when it was adopted."""
    project: Mapped[str] = mapped_column(String(300))
    """Its name, or the id of an entry."""
    adopted_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
