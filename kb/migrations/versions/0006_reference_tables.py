"""Reference tables: exchange rates, price indices, published uplifts, with the figures that are shipped."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SHIPPED = Path(__file__).parents[2] / "reference" / "shipped"
NUMBERS = {"rate": float, "index": float, "p50_percent": float, "p80_percent": float, "year": int, "n": int}
KEYS = {
    "rates": "{currency}/{reference} {year}",
    "indices": "{currency} {region} {year}",
    "uplifts": "{project_type} | {measure} | {source}",
}


def upgrade() -> None:
    table = op.create_table(
        "reference_rows",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("table_name", sa.String(12), nullable=False),
        sa.Column("key", sa.String(700), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("author", sa.String(300), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("table_name", "key", name="one_row_per_key"),
        sa.CheckConstraint("table_name IN ('rates', 'indices', 'uplifts')", name="reference_table_known"),
        sa.CheckConstraint("version > 0", name="reference_version_positive"),
    )
    at = datetime.now(UTC)
    for name, key in KEYS.items():
        with (SHIPPED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        op.bulk_insert(
            table,
            [
                {
                    "table_name": name,
                    "key": key.format(**row) if name != "uplifts" else key.format(**row).casefold(),
                    "content": {
                        column: NUMBERS.get(column, str)(cell)
                        for column, cell in row.items()
                        if cell and (column, cell) != ("reference", "EUR")
                    },
                    "version": 1,
                    "author": "Precedent",
                    "changed_at": at,
                }
                for row in found
            ],
        )
