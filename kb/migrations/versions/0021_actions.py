"""Actions that come of lessons, and who adopted a lesson."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column("what", sa.String(300), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("due_on", sa.Date),
        sa.Column("embedded_in", sa.String(12), nullable=False),
        sa.Column("embedded_words", sa.String(300), nullable=False),
        sa.Column("embedded_by", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("changed_by", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('identified', 'assigned', 'embedded', 'checked', 'dropped')", name="action_state_known"
        ),
        sa.CheckConstraint(
            "(state IN ('embedded', 'checked')) <= (embedded_in <> '' OR embedded_words <> '')",
            name="embedded_somewhere",
        ),
        sa.CheckConstraint("version > 0", name="action_version_positive"),
    )
    for column in ("entry_id", "owner_id"):
        op.create_index(f"ix_actions_{column}", "actions", [column])
    op.create_index("actions_by_state", "actions", ["state", "due_on"])
    create_adoptions()


def create_adoptions() -> None:
    op.create_table(
        "adoptions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("project", sa.String(300), nullable=False),
        sa.Column("adopted_on", sa.Date, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("entry_id", "user_id", "project", name="adopted_once"),
    )
    op.create_index("ix_adoptions_user_id", "adoptions", ["user_id"])
