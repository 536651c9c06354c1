"""Cohorts, learning paths that are assigned, and what learners say of those they completed."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
MOMENT = sa.DateTime(timezone=True)
ROLES = (
    "'reader', 'contributor', 'project manager', 'trainer', 'estimator', 'verifier', 'curator', 'admin', "
    "'auditor'"
)


def upgrade() -> None:
    create_cohorts()
    op.create_table(
        "assignments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("path_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("changed_by", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("withdrawn_by", sa.String(300)),
        sa.CheckConstraint("version > 0", name="assignment_version_positive"),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"),
    )
    for column in ("path_id", "due_on"):
        op.create_index(f"ix_assignments_{column}", "assignments", [column])
    create_targets()
    op.create_table(
        "ratings",
        sa.Column(
            "enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars_one_to_five"),
    )


def create_cohorts() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(300), nullable=False, unique=True),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("changed_by", sa.String(300), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("version > 0", name="cohort_version_positive"),
    )
    op.create_table(
        "cohort_members",
        sa.Column("cohort_id", sa.Integer, sa.ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("ix_cohort_members_user_id", "cohort_members", ["user_id"])


def create_targets() -> None:
    assignment = sa.ForeignKey("assignments.id", ondelete="CASCADE")
    op.create_table(
        "assignment_targets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("assignment_id", sa.Integer, assignment, nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("role", sa.String(20)),
        sa.Column("cohort_id", sa.Integer, sa.ForeignKey("cohorts.id", ondelete="CASCADE")),
        sa.CheckConstraint(
            "(user_id IS NOT NULL AND role IS NULL AND cohort_id IS NULL) OR "
            "(user_id IS NULL AND role IS NOT NULL AND cohort_id IS NULL) OR "
            "(user_id IS NULL AND role IS NULL AND cohort_id IS NOT NULL)",
            name="target_is_one",
        ),
        sa.CheckConstraint(f"role IN ({ROLES})", name="target_role_known"),
    )
    for column in ("assignment_id", "user_id", "cohort_id"):
        op.create_index(f"ix_assignment_targets_{column}", "assignment_targets", [column])
    op.create_table(
        "assignments_told",
        sa.Column(
            "assignment_id", sa.Integer, sa.ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("what", sa.String(40), primary_key=True),
        sa.Column("told_at", MOMENT, nullable=False),
    )
