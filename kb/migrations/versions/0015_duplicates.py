"""Pairs of entries that look alike, and what was decided about pairs."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "like_pairs",
        sa.Column("first_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("second_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("meaning", sa.Double, nullable=False),
        sa.Column("words", sa.Double, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.CheckConstraint("first_id < second_id", name="like_pair_ordered"),
    )
    op.create_index("ix_like_pairs_second_id", "like_pairs", ["second_id"])
    op.create_index("ix_like_pairs_score", "like_pairs", ["score"])
    op.create_table(
        "pair_decisions",
        sa.Column("first_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("second_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("kept_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE")),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("first_id < second_id", name="pair_ordered"),
        sa.CheckConstraint("decision IN ('apart', 'recurrence', 'superseded')", name="decision_known"),
        sa.CheckConstraint("(decision = 'apart') = (kept_id IS NULL)", name="merged_into_one"),
    )
    op.create_index("ix_pair_decisions_second_id", "pair_decisions", ["second_id"])
