"""Mails once a week."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
MOMENT = sa.DateTime(timezone=True)
KINDS = "kind IN ('at once', 'daily', 'weekly')"
COLUMNS = "id, user_id, kind, state, created_at, due_at, attempts, problem, sent_at"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _mails_anew()
    else:
        op.drop_constraint("mail_kind_known", "mails")
        op.create_check_constraint("mail_kind_known", "mails", KINDS)


def _mails_anew() -> None:
    """SQLite cannot change a CHECK constraint: the rows move to a table that has the new one."""
    op.create_table(
        "mails_anew",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.CheckConstraint(KINDS, name="mail_kind_known"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'needless', 'given up')", name="mail_state_known"),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    )
    op.execute(f"INSERT INTO mails_anew ({COLUMNS}) SELECT {COLUMNS} FROM mails")  # noqa: S608  names
    op.drop_table("mails")
    op.rename_table("mails_anew", "mails")
    op.create_index("ix_mails_user_id", "mails", ["user_id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("mails_waiting", "mails", ["due_at"], sqlite_where=waiting)
