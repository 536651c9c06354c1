"""Sign-ins under way: begun in a browser, finished by a provider's answer."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "pending_sign_ins",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("next", sa.String(2_000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("secret"),
        sa.CheckConstraint("step IN ('provider', 'connect')", name="step_known"),
        sa.CheckConstraint("(step = 'provider') = (user_id IS NULL)", name="pending_for_somebody"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"ix_pending_sign_ins_{column}", "pending_sign_ins", [column])
