"""Tables. The rules of the workflow are constraints here, so that no verb can break them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    literal,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

STATES = ("draft", "submitted", "changes requested", "rejected", "published", "superseded", "archived")
JUDGED = ("changes requested", "rejected", "published", "superseded", "archived")
VISIBILITIES = ("public", "signed-in", "restricted")
GROUP_KINDS = ("acronym", "synonyms")
REFERENCE_TABLES = ("rates", "indices", "uplifts")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class UtcTime(TypeDecorator[datetime]):
    """A moment, always with its time zone; stored as UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Local zones become UTC; a moment without a zone is a mistake in our code."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """SQLite forgets the zone: it is UTC."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Declarative base of all tables."""


class Entry(Base):
    """A record of the repository. What it says is in its revisions."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(_one_of("visibility", VISIBILITIES), name="visibility_known"),
        CheckConstraint("verify_months > 0", name="verify_months_positive"),
        Index(
            "restricted_entries",
            "id",
            sqlite_where=text("visibility = 'restricted'"),
            postgresql_where=text("visibility = 'restricted'"),
        ),
        Index(
            "masked_sources",
            "id",
            sqlite_where=text("mask_source = 1"),
            postgresql_where=text("mask_source"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(12), index=True)
    key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """Identity in the source it was imported from, such as `llis:30301`."""
    owner: Mapped[str] = mapped_column(String(300), default="")
    visibility: Mapped[str] = mapped_column(String(12), default="public")
    verified_on: Mapped[date | None]
    verifier: Mapped[str] = mapped_column(String(300), default="")
    verify_months: Mapped[int]
    mask_source: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the project that a lesson comes from is withheld while few are like it."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    readers: Mapped[list[Audience]] = relationship(
        cascade="all, delete-orphan", order_by="Audience.principal"
    )
    revisions: Mapped[list[Revision]] = relationship(back_populates="entry", order_by="Revision.number")


class Audience(Base):
    """A role or person who may see a restricted entry. `kb.visibility` sees to it that others have none."""

    __tablename__ = "audiences"

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    principal: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    """`role:estimator`, or `person:17`."""


class Revision(Base):
    """One immutable state of an entry's text; only `state` and the judgement change."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("entry_id", "number", name="one_revision_per_number"),
        CheckConstraint(_one_of("state", STATES), name="state_known"),
        CheckConstraint(f"({_one_of('state', JUDGED)}) = (reviewer IS NOT NULL)", name="judged_by_somebody"),
        CheckConstraint(
            "(state IN ('rejected', 'changes requested')) <= (reason <> '')", name="refusal_has_reason"
        ),
        Index(
            "one_published_revision",
            "entry_id",
            unique=True,
            sqlite_where=text("state = 'published'"),
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="RESTRICT"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(300))
    anonymous: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether only curators see who wrote it."""
    note: Mapped[str] = mapped_column(Text, default="")
    reviewer: Mapped[str | None] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    entry: Mapped[Entry] = relationship(back_populates="revisions")
    tags: Mapped[list[RevisionTag]] = relationship(cascade="all, delete-orphan")
    references: Mapped[list[Reference]] = relationship(cascade="all, delete-orphan")


PUBLISHED = Revision.state == literal("published", literal_execute=True)
"""Whether a revision is the one that readers see. Written out in the statement, so that SQLite knows that the
index of published revisions holds what it looks for: it need not read their texts."""


class RevisionTag(Base):
    """A tag that a revision carries."""

    __tablename__ = "revision_tags"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)


class Reference(Base):
    """A link from a revision to an entry, by id: the target may come later, or never."""

    __tablename__ = "references"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True)
    target: Mapped[str] = mapped_column(String(12), primary_key=True, index=True)
    relation: Mapped[str] = mapped_column(String(20), primary_key=True)


class Rendered(Base):
    """Sanitised HTML of one Markdown text, by the hash of renderer version and text."""

    __tablename__ = "rendered"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    html: Mapped[str] = mapped_column(Text)


class VocabularyGroup(Base):
    """Terms that mean the same to this organisation."""

    __tablename__ = "vocabulary_groups"
    __table_args__ = (
        CheckConstraint(_one_of("kind", GROUP_KINDS), name="group_kind_known"),
        CheckConstraint("version > 0", name="group_version_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int]
    """Counted up by every change: a change of an older version is refused."""
    author: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    terms: Mapped[list[VocabularyTerm]] = relationship(
        cascade="all, delete-orphan", order_by="VocabularyTerm.position", lazy="selectin"
    )


class VocabularyTerm(Base):
    """A word or phrase of one group; no other group has it."""

    __tablename__ = "vocabulary_terms"
    __table_args__ = (UniqueConstraint("key", name="one_group_per_term"),)

    group_id: Mapped[int] = mapped_column(
        ForeignKey("vocabulary_groups.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    """0 is the term that names the group: of an acronym the short form."""
    term: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(300))
    """The term without case, accents, hyphens and spaces too many."""


class ReferenceRow(Base):
    """A row of one of the reference tables; `kb.reference.texts` has what each says."""

    __tablename__ = "reference_rows"
    __table_args__ = (
        UniqueConstraint("table_name", "key", name="one_row_per_key"),
        CheckConstraint(_one_of("table_name", REFERENCE_TABLES), name="reference_table_known"),
        CheckConstraint("version > 0", name="reference_version_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(String(700))
    """What the row is about, such as currency and year."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int]
    """Counted up by every change: a change of an older version is refused."""
    author: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class SavedMapping(Base):
    """What the columns of a table of projects are, kept under a name to be used again."""

    __tablename__ = "saved_mappings"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class Upload(Base):
    """A table that somebody sent to be loaded, kept for a day while they say what its columns are."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    cells: Mapped[bytes] = mapped_column(LargeBinary)
    """The table as compressed JSON."""
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The mapping so far, and what came of loading."""
    created_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class ChangeStamp(Base):
    """One row, counted up by every transaction that edits. The index writer watches it."""

    __tablename__ = "change_stamp"
    __table_args__ = (CheckConstraint("id = 1", name="only_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]
