"""Pictures of texts that are not saved yet."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "brought_pictures",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "digest", sa.String(64), sa.ForeignKey("files.digest", ondelete="RESTRICT"), primary_key=True
        ),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_brought_pictures_digest", "brought_pictures", ["digest"])
