"""Tables of counts and of demand. No row says who."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base, UtcTime

STATES = ("open", "given", "answered", "dismissed")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class SearchCount(Base):
    """How often something was searched for on a day, and how often nothing held its words."""

    __tablename__ = "search_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    query: Mapped[str] = mapped_column(String(200), primary_key=True)
    searches: Mapped[int]
    empty: Mapped[int]


class EntryCount(Base):
    """How often an entry was among the hits of a search, and opened, in a month."""

    __tablename__ = "entry_counts"

    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    surfaced: Mapped[int]
    opened: Mapped[int]


class Demand(Base):
    """Something that people look for and nobody has written: searches that mean the same."""

    __tablename__ = "demands"
    __table_args__ = (CheckConstraint(_one_of("state", STATES), name="demand_state_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(200))
    """The search that stands for the others."""
    queries: Mapped[list[list[Any]]] = mapped_column(JSON)
    """(search, how often nothing was found), the most frequent first."""
    searches: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    """Who is to write about it."""
    author: Mapped[str] = mapped_column(String(300))
    """Who decided that."""
    at: Mapped[datetime] = mapped_column(UtcTime)
