"""The vocabulary: groups of terms that mean the same."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "vocabulary_groups",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('acronym', 'synonyms')", name="group_kind_known"),
        sa.CheckConstraint("version > 0", name="group_version_positive"),
    )
    op.create_table(
        "vocabulary_terms",
        sa.Column(
            "group_id",
            sa.Integer,
            sa.ForeignKey("vocabulary_groups.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("term", sa.String(100), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.UniqueConstraint("key", name="one_group_per_term"),
    )
