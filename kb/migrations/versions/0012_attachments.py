"""Files, their entries, and documents on their way in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "digest", sa.String(64), sa.ForeignKey("files.digest", ondelete="RESTRICT"), nullable=False
        ),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media", sa.String(100), nullable=False),
        sa.Column("place", sa.String(300), nullable=False),
        sa.Column("parts", sa.JSON, nullable=False),
        sa.Column("added_by", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('original', 'picture')", name="attachment_role_known"),
        sa.UniqueConstraint("entry_id", "digest", name="attached_once"),
    )
    for column in ("digest", "added_by"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])
    create_incoming()


def create_incoming() -> None:
    op.create_table(
        "incoming_documents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary),
        sa.Column("document", sa.LargeBinary),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("refs", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'refused', 'done')", name="import_state_known"),
        sa.CheckConstraint("(state = 'ready') <= (document IS NOT NULL)", name="ready_with_document"),
    )
    for column in ("user_id", "created_at"):
        op.create_index(f"ix_incoming_documents_{column}", "incoming_documents", [column])
