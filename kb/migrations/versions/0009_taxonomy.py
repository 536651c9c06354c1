"""Curated values of tags, sectors and the like, and the changes made to them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "taxonomy_values",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dimension", sa.String(20), nullable=False),
        sa.Column("value", sa.String(300), nullable=False),
        sa.Column("means", sa.String(300)),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.UniqueConstraint("dimension", "value", name="one_row_per_value"),
        sa.CheckConstraint("means IS NULL OR means <> value", name="means_another"),
    )
    op.create_index("taxonomy_meanings", "taxonomy_values", ["dimension", "means"])
    op.create_table(
        "taxonomy_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dimension", sa.String(20), nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("target", sa.String(300), nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("touched", sa.JSON, nullable=False),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_by", sa.String(300)),
        sa.Column("undone_at", MOMENT),
    )
