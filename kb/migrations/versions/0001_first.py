"""The first schema: entries, their revisions, what is derived from them, and the change stamp."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _entries()
    _revisions()
    _parts_of_revisions()
    op.create_table(
        "rendered",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("html", sa.Text, nullable=False),
    )
    stamp = op.create_table(
        "change_stamp",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="only_row"),
    )
    op.bulk_insert(stamp, [{"id": 1, "value": 0}])


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ref", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("key", sa.String(300)),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("visibility", sa.String(12), nullable=False),
        sa.Column("verified_on", sa.Date),
        sa.Column("verifier", sa.String(300), nullable=False),
        sa.Column("verify_months", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("ref"),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("visibility IN ('public', 'signed-in')", name="visibility_known"),
        sa.CheckConstraint("verify_months > 0", name="verify_months_positive"),
    )
    op.create_index("ix_entries_kind", "entries", ["kind"])


def _revisions() -> None:
    judged = "state IN ('changes requested', 'rejected', 'published', 'superseded', 'archived')"
    states = f"state IN ('draft', 'submitted', {judged.removeprefix('state IN (')}"
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("reviewer", sa.String(300)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("entry_id", "number", name="one_revision_per_number"),
        sa.CheckConstraint(states, name="state_known"),
        sa.CheckConstraint(f"({judged}) = (reviewer IS NOT NULL)", name="judged_by_somebody"),
        sa.CheckConstraint(
            "(state IN ('rejected', 'changes requested')) <= (reason <> '')", name="refusal_has_reason"
        ),
    )
    op.create_index("ix_revisions_entry_id", "revisions", ["entry_id"])
    op.create_index(
        "one_published_revision",
        "revisions",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("state = 'published'"),
        postgresql_where=sa.text("state = 'published'"),
    )


def _parts_of_revisions() -> None:
    op.create_table(
        "revision_tags",
        _of_revision(),
        sa.Column("tag", sa.String(80), primary_key=True),
    )
    op.create_index("ix_revision_tags_tag", "revision_tags", ["tag"])
    op.create_table(
        "references",
        _of_revision(),
        sa.Column("target", sa.String(12), primary_key=True),
        sa.Column("relation", sa.String(20), primary_key=True),
    )
    op.create_index("ix_references_target", "references", ["target"])


def _of_revision() -> sa.Column[int]:
    return sa.Column(
        "revision_id", sa.Integer, sa.ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True
    )
