"""The desk: whose account wrote a revision, comments in its margin, and what is typed but not saved."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "handlings",
        sa.Column(
            "revision_id", sa.Integer, sa.ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True
        ),
        _person("author_id"),
        sa.Column("follows", sa.Integer),
        sa.Column("thread", sa.Integer),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        _person("assignee_id"),
        _person("reviewer_id"),
        sa.Column("typographic", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.CheckConstraint("author_id <> reviewer_id", name="approver_is_another"),
    )
    for column in ("author_id", "assignee_id"):
        op.create_index(f"ix_handlings_{column}", "handlings", [column])
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "revision_id", sa.Integer, sa.ForeignKey("revisions.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("field", sa.String(100), nullable=False),
        _person("author_id"),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_comments_revision_id", "comments", ["revision_id"])
    op.create_table(
        "working_copies",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.String(20), primary_key=True),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )


def _person(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL"))
