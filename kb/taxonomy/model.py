"""Tables of curated values and of the changes made to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base, UtcTime


class TaxonomyValue(Base):
    """A value that curators keep, or another spelling that stands for one of them."""

    __tablename__ = "taxonomy_values"
    __table_args__ = (
        UniqueConstraint("dimension", "value", name="one_row_per_value"),
        CheckConstraint("means IS NULL OR means <> value", name="means_another"),
        Index("taxonomy_meanings", "dimension", "means"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(300))
    means: Mapped[str | None] = mapped_column(String(300))
    """The value that is written in its place; None: it is one of the list itself."""
    author: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class TaxonomyChange(Base):
    """A rename or a merge, and what is needed to take it back."""

    __tablename__ = "taxonomy_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(String(20))
    sources: Mapped[list[str]] = mapped_column(JSON)
    target: Mapped[str] = mapped_column(String(300))
    terms: Mapped[list[list[Any]]] = mapped_column(JSON)
    """(value, means) of each row of the list that it changed, as they were."""
    touched: Mapped[list[list[int]]] = mapped_column(JSON)
    """(revision before, revision after) of each entry, by their ids."""
    author: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcTime)
    undone_by: Mapped[str | None] = mapped_column(String(300))
    undone_at: Mapped[datetime | None] = mapped_column(UtcTime)
