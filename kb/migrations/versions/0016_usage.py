"""Counts of searches and of what is opened, and demand."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "search_counts",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("query", sa.String(200), primary_key=True),
        sa.Column("searches", sa.Integer, nullable=False),
        sa.Column("empty", sa.Integer, nullable=False),
    )
    op.create_table(
        "entry_counts",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("surfaced", sa.Integer, nullable=False),
        sa.Column("opened", sa.Integer, nullable=False),
    )
    op.create_index("ix_entry_counts_entry_id", "entry_counts", ["entry_id"])
    op.create_table(
        "demands",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("queries", sa.JSON, nullable=False),
        sa.Column("searches", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'given', 'answered', 'dismissed')", name="demand_state_known"),
    )
    op.create_index("ix_demands_user_id", "demands", ["user_id"])
