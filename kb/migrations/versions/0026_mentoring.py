"""Requests for help, and who may be asked."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("mentors", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_table(
        "mentor_requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("asker_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("mentor_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE")),
        sa.Column("topic", sa.String(300), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'withdrawn')", name="request_state_known"
        ),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="answered_at_a_time"),
        sa.CheckConstraint("asker_id <> mentor_id", name="asks_somebody_else"),
    )
    for column in ("asker_id", "mentor_id", "entry_id"):
        op.create_index(f"ix_mentor_requests_{column}", "mentor_requests", [column])
