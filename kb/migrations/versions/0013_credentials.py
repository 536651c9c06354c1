"""The badges of those who completed a path."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "enrolment_id",
            sa.Integer,
            sa.ForeignKey("enrolments.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String(43), nullable=False),
        sa.Column("signed", sa.Text, nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
        sa.Column("revoked_by", sa.String(300)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("enrolment_id"),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_by_somebody"),
        sa.CheckConstraint("(revoked_at IS NULL) = (reason = '')", name="revoked_for_a_reason"),
    )
