"""Tables of dossiers. A version is never changed: a new one is added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.model import Base, UtcTime


class DossierRow(Base):
    """An estimate of one project that somebody kept, and its outcome once that is known."""

    __tablename__ = "dossiers"
    __table_args__ = (
        CheckConstraint("actual > 0", name="actual_positive"),
        CheckConstraint("(actual IS NULL) = (closed_at IS NULL)", name="closed_with_actual"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    owner: Mapped[str] = mapped_column(String(300))
    """Name of the maker as it was then."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    actual: Mapped[float | None]
    """What it really was, in the unit of the newest version."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_by: Mapped[str] = mapped_column(String(300), default="")
    closed_version: Mapped[int | None]
    """The version that the outcome is held against."""
    versions: Mapped[list[DossierVersionRow]] = relationship(
        cascade="all, delete-orphan", order_by="DossierVersionRow.number"
    )


class DossierVersionRow(Base):
    """What was asked and answered at one moment."""

    __tablename__ = "dossier_versions"
    __table_args__ = (UniqueConstraint("dossier_id", "number", name="one_version_per_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id", ondelete="CASCADE"))
    number: Mapped[int]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(300))
    author: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
