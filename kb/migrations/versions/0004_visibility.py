"""Who may see what: entries restricted to named readers, anonymous revisions, masked sources."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KNOWN = "visibility IN ('public', 'signed-in', 'restricted')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _entries_anew()
    else:
        op.add_column("entries", _switch("mask_source"))
        op.drop_constraint("visibility_known", "entries")
        op.create_check_constraint("visibility_known", "entries", KNOWN)
    restricted = sa.text("visibility = 'restricted'")
    op.create_index(
        "restricted_entries", "entries", ["id"], sqlite_where=restricted, postgresql_where=restricted
    )
    op.create_index(
        "masked_sources",
        "entries",
        ["id"],
        sqlite_where=sa.text("mask_source = 1"),
        postgresql_where=sa.text("mask_source"),
    )
    op.add_column("revisions", _switch("anonymous"))
    op.create_table(
        "audiences",
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("principal", sa.String(40), primary_key=True),
    )
    op.create_index("ix_audiences_principal", "audiences", ["principal"])


def _entries_anew() -> None:
    """SQLite cannot change a CHECK constraint: the rows move to a table that has the new one."""
    op.create_table(
        "entries_anew",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ref", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("key", sa.String(300)),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("visibility", sa.String(12), nullable=False),
        sa.Column("verified_on", sa.Date),
        sa.Column("verifier", sa.String(300), nullable=False),
        sa.Column("verify_months", sa.Integer, nullable=False),
        _switch("mask_source"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("ref"),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint(KNOWN, name="visibility_known"),
        sa.CheckConstraint("verify_months > 0", name="verify_months_positive"),
    )
    columns = "id, ref, kind, key, owner, visibility, verified_on, verifier, verify_months, created_at"
    op.execute(f"INSERT INTO entries_anew ({columns}) SELECT {columns} FROM entries")  # noqa: S608  names
    op.drop_table("entries")
    op.rename_table("entries_anew", "entries")
    op.create_index("ix_entries_kind", "entries", ["kind"])


def _switch(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
