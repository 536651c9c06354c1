"""Decisions to keep steps of paths as they are, and how the links of training answered."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "kept_steps",
        sa.Column("path_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("step", sa.String(12), primary_key=True),
        sa.Column("about", sa.String(40), primary_key=True),
        sa.Column("kept_by", sa.String(300), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "link_checks",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("is_reached", sa.Boolean, nullable=False),
        sa.Column("said", sa.String(300), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("checked_by", sa.String(300), nullable=False),
    )
