"""Tables of people. Secrets are stored as hashes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.model import Base, UtcTime
from kb.people.roles import ROLES

STATUSES = ("invited", "active", "disabled")
PURPOSES = ("administrator", "invitation", "reset")
METHODS = ("password", "single sign-on", "proxy")
STEPS = ("provider", "connect")
OUTCOMES = ("done", "refused")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class User(Base):
    """A person with an account."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(_one_of("status", STATUSES), name="status_known"),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(12))
    password: Mapped[str | None] = mapped_column(String(300))
    """Argon2id, with its parameters; None for who signs in elsewhere or has not yet chosen one."""
    skills: Mapped[list[str]] = mapped_column(JSON)
    interests: Mapped[list[str]] = mapped_column(JSON)
    notices: Mapped[dict[str, str]] = mapped_column(JSON)
    """What to be told about, and how: event -> at once, daily or never."""
    private_learning: Mapped[bool] = mapped_column(default=False)
    """Whether no record store is told what the person learns."""
    mentors: Mapped[bool] = mapped_column(default=True)
    """Whether others may be told that this person can help them."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    granted: Mapped[list[UserRole]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="UserRole.role"
    )

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the person holds."""
        return frozenset(each.role for each in self.granted)


class UserRole(Base):
    """That a person holds a role."""

    __tablename__ = "user_roles"
    __table_args__ = (CheckConstraint(_one_of("role", ROLES), name="role_known"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    granted_by: Mapped[str] = mapped_column(String(300))
    granted_at: Mapped[datetime] = mapped_column(UtcTime)


class Identity(Base):
    """Who a person is to an identity provider."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(300), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class OneTimeLink(Base):
    """A link that works once: to become the administrator, to accept an invitation, to reset a password."""

    __tablename__ = "links"
    __table_args__ = (
        CheckConstraint(_one_of("purpose", PURPOSES), name="purpose_known"),
        CheckConstraint("(purpose = 'administrator') = (user_id IS NULL)", name="link_is_for_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    made_by: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class PendingSignIn(Base):
    """A sign-in that somebody has begun and not finished, in the browser that holds the secret."""

    __tablename__ = "pending_sign_ins"
    __table_args__ = (
        CheckConstraint(_one_of("step", STEPS), name="step_known"),
        CheckConstraint("(step = 'provider') = (user_id IS NULL)", name="pending_for_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    step: Mapped[str] = mapped_column(String(12))
    """What is waited for: the provider's word on who it is, or on whom to connect with an account."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    next: Mapped[str] = mapped_column(String(2_000))
    """Where the browser goes afterwards."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SessionRow(Base):
    """A browser in which a person has signed in."""

    __tablename__ = "sessions"
    __table_args__ = (CheckConstraint(_one_of("method", METHODS), name="method_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    method: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(300))
    view_as: Mapped[str | None] = mapped_column(String(20))
    """The role through whose eyes a curator looks."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[User] = relationship(lazy="joined")


class Token(Base):
    """A key with which a program acts for a person, within its scopes."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(12))
    """How the token begins, so that its owner recognises it."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    user: Mapped[User] = relationship(lazy="joined")


class SentForm(Base):
    """A form that made something and was answered: sent again, it makes nothing more."""

    __tablename__ = "sent_forms"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A hash of what was sent, by whom, and of a random part that each page has of its own."""
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class AuditLine(Base):
    """Something that somebody did or tried to do. Lines are added and never changed: triggers see to it."""

    __tablename__ = "audit"
    __table_args__ = (CheckConstraint(_one_of("outcome", OUTCOMES), name="outcome_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    person_id: Mapped[int | None] = mapped_column(index=True)
    person: Mapped[str] = mapped_column(String(300))
    """The name at the time."""
    action: Mapped[str] = mapped_column(String(60), index=True)
    object: Mapped[str] = mapped_column(String(300))
    outcome: Mapped[str] = mapped_column(String(10))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    address: Mapped[str] = mapped_column(String(60))
    request_id: Mapped[str] = mapped_column(String(40))


class Allowance(Base):
    """How much of a rate limit is used up, by whom it binds and for what."""

    __tablename__ = "allowances"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Number of the stretch of time since 1970."""
    used: Mapped[int]
    until: Mapped[int] = mapped_column(BigInteger, index=True, server_default="0")
    """Seconds since 1970 when the stretch is over."""
