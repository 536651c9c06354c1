"""Notices, and the mails that carry them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.CheckConstraint("kind IN ('at once', 'daily')", name="mail_kind_known"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'needless', 'given up')", name="mail_state_known"),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    )
    op.create_index("ix_mails_user_id", "mails", ["user_id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("mails_waiting", "mails", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE")),
        sa.Column("number", sa.Integer),
        sa.Column("actor", sa.String(300), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("once", sa.String(100)),
        sa.Column("mail_id", sa.Integer, sa.ForeignKey("mails.id", ondelete="SET NULL")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT),
        sa.UniqueConstraint("user_id", "once", name="told_once"),
    )
    for column in ("user_id", "entry_id", "mail_id", "created_at"):
        op.create_index(f"ix_notices_{column}", "notices", [column])
