"""Files that were taken away from entries, kept for a while so that they can be brought back."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "removed_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "digest", sa.String(64), sa.ForeignKey("files.digest", ondelete="RESTRICT"), nullable=False
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media", sa.String(100), nullable=False),
        sa.Column("place", sa.String(300), nullable=False),
        sa.Column("parts", sa.JSON, nullable=False),
        sa.Column("added_by", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=False),
        sa.UniqueConstraint("entry_id", "digest", name="removed_once"),
    )
    for column in ("digest", "added_by", "removed_at"):
        op.create_index(f"ix_removed_files_{column}", "removed_files", [column])
