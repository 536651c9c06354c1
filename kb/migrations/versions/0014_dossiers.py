"""Dossiers: estimates that were kept, in versions, and what it really was."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "dossiers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("actual", sa.Double),
        sa.Column("closed_at", MOMENT),
        sa.Column("closed_by", sa.String(300), nullable=False),
        sa.Column("closed_version", sa.Integer),
        sa.CheckConstraint("actual > 0", name="actual_positive"),
        sa.CheckConstraint("(actual IS NULL) = (closed_at IS NULL)", name="closed_with_actual"),
    )
    op.create_index("ix_dossiers_owner_id", "dossiers", ["owner_id"])
    op.create_table(
        "dossier_versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dossier_id", sa.Integer, sa.ForeignKey("dossiers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("dossier_id", "number", name="one_version_per_number"),
    )
