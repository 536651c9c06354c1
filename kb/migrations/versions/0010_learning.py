"""Who takes which path, how far they are, and what they answered."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _enrolments()
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("enrolment_id", "enrolments"),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("handed_in_at", TIME),
        sa.Column("score", sa.Integer),
        sa.Column("passed", sa.Boolean),
        sa.UniqueConstraint("enrolment_id", "step", "number", name="one_attempt_per_number"),
        sa.CheckConstraint("state IN ('open', 'handed in', 'marked')", name="attempt_state_known"),
        sa.CheckConstraint("(state = 'open') = (handed_in_at IS NULL)", name="handed_in_at_a_time"),
        sa.CheckConstraint("(state = 'marked') = (score IS NOT NULL)", name="marked_with_a_score"),
        sa.CheckConstraint("(score IS NULL) = (passed IS NULL)", name="passed_or_not_by_score"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score_in_percent"),
    )
    for column in ("step", "state"):
        op.create_index(f"ix_attempts_{column}", "attempts", [column])
    op.create_table(
        "answers",
        _of("attempt_id", "attempts", primary_key=True),
        sa.Column("question", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("given", sa.JSON, nullable=False),
        sa.Column("points", sa.Integer),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("marked_by", sa.String(300), nullable=False),
        sa.CheckConstraint("points BETWEEN 0 AND 100", name="points_in_percent"),
        sa.CheckConstraint("(marked_by <> '') <= (points IS NOT NULL)", name="marked_with_points"),
    )


def _enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("user_id", "users"),
        _of("path_id", "entries"),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("enrolled_at", TIME, nullable=False),
        sa.Column("left_at", TIME),
        sa.Column("completed_at", TIME),
        sa.CheckConstraint("state IN ('active', 'left', 'completed')", name="enrolment_state_known"),
        sa.CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_at_a_time"),
        sa.CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", name="left_at_a_time"),
    )
    for column in ("user_id", "path_id"):
        op.create_index(f"ix_enrolments_{column}", "enrolments", [column])
    is_open = sa.text("state <> 'completed'")
    op.create_index(
        "one_open_enrolment",
        "enrolments",
        ["user_id", "path_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "step_marks",
        _of("enrolment_id", "enrolments", primary_key=True),
        sa.Column("step", sa.String(12), primary_key=True),
        sa.Column("completed_at", TIME),
        sa.Column("passed_at", TIME),
        sa.Column("revision", sa.Integer),
        sa.Column("note", sa.Text, nullable=False),
    )


def _of(column: str, table: str, *, primary_key: bool = False) -> "sa.Column[int]":
    parent = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(column, sa.Integer, parent, primary_key=primary_key, nullable=False)
