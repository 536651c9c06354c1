"""What a record store is told, under which names, and what people keep to themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("step_marks", sa.Column("opened_at", MOMENT))
    op.add_column(
        "users", sa.Column("private_learning", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "learner_names",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(32), nullable=False, unique=True),
    )
    create_statements()


def create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(36), nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("verb", sa.String(12), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'given up')", name="statement_state_known"),
        sa.CheckConstraint(
            "verb IN ('registered', 'initialized', 'completed', 'passed', 'failed', 'earned')",
            name="statement_verb_known",
        ),
        sa.CheckConstraint("attempts >= 0", name="statement_attempts_not_negative"),
        sa.UniqueConstraint("enrolment_id", "verb", "step", "number", name="stated_once"),
    )
    op.create_index("ix_statements_user_id", "statements", ["user_id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "statements_waiting", "statements", ["due_at"], sqlite_where=waiting, postgresql_where=waiting
    )
