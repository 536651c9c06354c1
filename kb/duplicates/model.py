"""Tables of pairs that look alike, and of what was decided about pairs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base, UtcTime

DECISIONS = ("apart", "recurrence", "superseded")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class LikePair(Base):
    """Two published entries that look alike, as the last look over the repository found."""

    __tablename__ = "like_pairs"
    __table_args__ = (CheckConstraint("first_id < second_id", name="like_pair_ordered"),)

    first_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    meaning: Mapped[float] = mapped_column(Double)
    """Cosine of their mean passages."""
    words: Mapped[float] = mapped_column(Double)
    """Share of their words, weighted by rarity, that both hold."""
    score: Mapped[float] = mapped_column(Double, index=True)
    found_at: Mapped[datetime] = mapped_column(UtcTime)


class PairDecision(Base):
    """What a curator decided about two entries; it holds until it is undone."""

    __tablename__ = "pair_decisions"
    __table_args__ = (
        CheckConstraint("first_id < second_id", name="pair_ordered"),
        CheckConstraint(_one_of("decision", DECISIONS), name="decision_known"),
        CheckConstraint("(decision = 'apart') = (kept_id IS NULL)", name="merged_into_one"),
    )

    first_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    decision: Mapped[str] = mapped_column(String(12))
    kept_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    """The entry that the other one recurs, or is superseded by."""
    author: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcTime)
