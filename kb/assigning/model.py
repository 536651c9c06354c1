"""Tables of cohorts and assignments."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.model import Base, UtcTime
from kb.people.roles import ROLES

_ROLES = ", ".join(repr(role) for role in ROLES)


class Cohort(Base):
    """A list of people under a name, that trainers keep."""

    __tablename__ = "cohorts"
    __table_args__ = (CheckConstraint("version > 0", name="cohort_version_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300), unique=True)
    note: Mapped[str] = mapped_column(String(300))
    author: Mapped[str] = mapped_column(String(300))
    """Who made it."""
    changed_by: Mapped[str] = mapped_column(String(300))
    version: Mapped[int]
    """Counted up by every change: a change of an older version is refused."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    members: Mapped[list[CohortMember]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class CohortMember(Base):
    """That a person is in a cohort."""

    __tablename__ = "cohort_members"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Assignment(Base):
    """That people are to complete a path by a day. One that was taken back stays, and asks for nothing."""

    __tablename__ = "assignments"
    __table_args__ = (
        CheckConstraint("version > 0", name="assignment_version_positive"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    path_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
    due_on: Mapped[date] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(String(300))
    """What the trainer says to those who are asked."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(String(300))
    changed_by: Mapped[str] = mapped_column(String(300))
    version: Mapped[int]
    """Counted up by every change: a change of an older version is refused."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    set_at: Mapped[datetime] = mapped_column(UtcTime)
    """When the day was set last: nobody is reminded of what they have just been told."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)
    withdrawn_by: Mapped[str | None] = mapped_column(String(300))
    targets: Mapped[list[Target]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="Target.id"
    )


class Target(Base):
    """To whom a path is assigned: a person, all who hold a role, or a cohort, as they are at the moment."""

    __tablename__ = "assignment_targets"
    __table_args__ = (
        CheckConstraint(
            "(user_id IS NOT NULL AND role IS NULL AND cohort_id IS NULL) OR "
            "(user_id IS NULL AND role IS NOT NULL AND cohort_id IS NULL) OR "
            "(user_id IS NULL AND role IS NULL AND cohort_id IS NOT NULL)",
            name="target_is_one",
        ),
        CheckConstraint(f"role IN ({_ROLES})", name="target_role_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str | None] = mapped_column(String(20))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)


class Told(Base):
    """What somebody was told of an assignment: it is said once, however long the notice is kept."""

    __tablename__ = "assignments_told"

    assignment_id: Mapped[int] = mapped_column(
        ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    """`assigned`, or which reminder of which day."""
    told_at: Mapped[datetime] = mapped_column(UtcTime)
