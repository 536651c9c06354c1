"""Until when an allowance counts, so that those of keys that nobody uses any more can be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    # What was used up in the last minutes is forgiven: how long a row counts cannot be told from its key.
    op.execute("DELETE FROM allowances")
    op.add_column("allowances", sa.Column("until", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_allowances_until", "allowances", ["until"])
