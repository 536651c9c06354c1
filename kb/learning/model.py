"""Tables of learning. What a path and its steps say is in revisions; here stands who is where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.model import Base, UtcTime

ENROLMENT_STATES = ("active", "left", "completed")
ATTEMPT_STATES = ("open", "handed in", "marked")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Enrolment(Base):
    """That a person takes a path. Who renews what they completed has a new one; the old one stays."""

    __tablename__ = "enrolments"
    __table_args__ = (
        CheckConstraint(_one_of("state", ENROLMENT_STATES), name="enrolment_state_known"),
        CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_at_a_time"),
        CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", name="left_at_a_time"),
        Index(
            "one_open_enrolment",
            "user_id",
            "path_id",
            unique=True,
            sqlite_where=text("state <> 'completed'"),
            postgresql_where=text("state <> 'completed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    path_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    """Number of the path's revision that the person follows."""
    state: Mapped[str] = mapped_column(String(12))
    enrolled_at: Mapped[datetime] = mapped_column(UtcTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    marks: Mapped[list[StepMark]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class StepMark(Base):
    """What a person has done of one step, by the id of the step (see kb/steps.py)."""

    __tablename__ = "step_marks"

    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolments.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[str] = mapped_column(String(12), primary_key=True)
    completed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    passed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revision: Mapped[int | None]
    """Number of the entry's revision that the person read."""
    note: Mapped[str] = mapped_column(Text, default="")
    """What the person noted for themselves."""
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When the person first opened it."""


class KeptStep(Base):
    """That a trainer looked at what became of a step's entry, and kept the step as it is."""

    __tablename__ = "kept_steps"

    path_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(String(12), primary_key=True)
    about: Mapped[str] = mapped_column(String(40), primary_key=True)
    """What was decided about: `changed 5`, `replaced L-0042`, `gone`."""
    kept_by: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcTime)


class LinkCheck(Base):
    """Whether a link answered when somebody last had it checked."""

    __tablename__ = "link_checks"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the address."""
    is_reached: Mapped[bool]
    said: Mapped[str] = mapped_column(String(300))
    checked_at: Mapped[datetime] = mapped_column(UtcTime)
    checked_by: Mapped[str] = mapped_column(String(300))


class Attempt(Base):
    """One go at the questions of a training entry, within a path."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "step", "number", name="one_attempt_per_number"),
        CheckConstraint(_one_of("state", ATTEMPT_STATES), name="attempt_state_known"),
        CheckConstraint("(state = 'open') = (handed_in_at IS NULL)", name="handed_in_at_a_time"),
        CheckConstraint("(state = 'marked') = (score IS NOT NULL)", name="marked_with_a_score"),
        CheckConstraint("(score IS NULL) = (passed IS NULL)", name="passed_or_not_by_score"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_in_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(12), index=True)
    number: Mapped[int]
    revision: Mapped[int]
    """Number of the training entry's revision whose questions were asked."""
    state: Mapped[str] = mapped_column(String(12), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    handed_in_at: Mapped[datetime | None] = mapped_column(UtcTime)
    score: Mapped[int | None]
    """Percent of what could be right."""
    passed: Mapped[bool | None]
    enrolment: Mapped[Enrolment] = relationship(lazy="joined")
    answers: Mapped[list[Answer]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="Answer.question"
    )


class Answer(Base):
    """What a person answered to one question."""

    __tablename__ = "answers"
    __table_args__ = (
        CheckConstraint("points BETWEEN 0 AND 100", name="points_in_percent"),
        CheckConstraint("(marked_by <> '') <= (points IS NOT NULL)", name="marked_with_points"),
    )

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id", ondelete="CASCADE"), primary_key=True)
    question: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Place of the question in the entry, from 0."""
    given: Mapped[Any] = mapped_column(JSON)
    """The options that were chosen, in the order given, by their places; or text."""
    points: Mapped[int | None]
    """Percent; None while a trainer has still to mark it."""
    remark: Mapped[str] = mapped_column(Text, default="")
    """What the trainer says about it."""
    marked_by: Mapped[str] = mapped_column(String(300), default="")


class Rating(Base):
    """What somebody says of a path that they completed."""

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars_one_to_five"),)

    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolments.id", ondelete="CASCADE"), primary_key=True
    )
    stars: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)


class Credential(Base):
    """The badge of a completed path, as it was signed."""

    __tablename__ = "credentials"
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_by_somebody"),
        CheckConstraint("(revoked_at IS NULL) = (reason = '')", name="revoked_for_a_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id", ondelete="CASCADE"), unique=True)
    name: Mapped[str] = mapped_column(String(43), unique=True)
    """What its address says: nobody guesses it."""
    signed: Mapped[str] = mapped_column(Text)
    """The credential as a signed JWT (Open Badges 3.0, section 8.2)."""
    issued_at: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_by: Mapped[str | None] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text, default="")
