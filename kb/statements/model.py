"""Tables of statements, and of the names under which a record store knows people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kb.model import Base
from kb.outbox import Sendable

STATES = ("waiting", "sent", "given up")
VERBS = ("registered", "initialized", "completed", "passed", "failed", "earned")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Statement(Sendable, Base):
    """Something that a person did, as the record store is told it. What it says never changes."""

    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="statement_state_known"),
        CheckConstraint(_one_of("verb", VERBS), name="statement_verb_known"),
        CheckConstraint("attempts >= 0", name="statement_attempts_not_negative"),
        UniqueConstraint("enrolment_id", "verb", "step", "number", name="stated_once"),
        Index(
            "statements_waiting",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    name: Mapped[str] = mapped_column(String(36), unique=True)
    """The statement's own id, the same whenever it is made."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id", ondelete="CASCADE"))
    verb: Mapped[str] = mapped_column(String(12))
    step: Mapped[str] = mapped_column(String(12))
    """The entry that it is about; empty: the whole path."""
    number: Mapped[int]
    """Of the attempt; 0 where it is about none."""
    body: Mapped[Any] = mapped_column(JSON)


class LearnerName(Base):
    """Under which name the record store knows a person."""

    __tablename__ = "learner_names"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    """Made by chance: it tells nothing of the person."""
