"""Since when nothing uses a file, so that it goes a while later."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("files", sa.Column("unused_since", sa.DateTime(timezone=True)))
