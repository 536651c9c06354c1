"""Changes of many entries at once, kept so that they can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bulk_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("action", sa.String(12), nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("touched", sa.JSON, nullable=False),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_by", sa.String(300)),
        sa.Column("undone_at", MOMENT),
    )
