"""People: accounts, roles, sessions, tokens, one-time links, the audit log, rate limits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ROLES = (
    "reader", "contributor", "project manager", "trainer", "estimator", "verifier", "curator", "admin",
    "auditor",
)  # fmt: skip


def upgrade() -> None:
    _accounts()
    _links()
    _sessions()
    _tokens()
    _audit()
    op.create_table(
        "allowances",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("window", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("used", sa.Integer, nullable=False),
    )


def _accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("password", sa.String(300)),
        sa.Column("skills", sa.JSON, nullable=False),
        sa.Column("interests", sa.JSON, nullable=False),
        sa.Column("notices", sa.JSON, nullable=False),
        _moment("created_at"),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("status IN ('invited', 'active', 'disabled')", name="status_known"),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("role", sa.String(20), primary_key=True),
        sa.Column("granted_by", sa.String(300), nullable=False),
        _moment("granted_at"),
        sa.CheckConstraint(f"role IN ({', '.join(map(repr, ROLES))})", name="role_known"),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(300), primary_key=True),
        sa.Column("subject", sa.String(300), primary_key=True),
        _of_user(),
        _moment("created_at"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("made_by", sa.String(300), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("secret"),
        sa.CheckConstraint("purpose IN ('administrator', 'invitation', 'reset')", name="purpose_known"),
        sa.CheckConstraint("(purpose = 'administrator') = (user_id IS NULL)", name="link_is_for_somebody"),
    )
    op.create_index("ix_links_user_id", "links", ["user_id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        _of_user(),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("agent", sa.String(300), nullable=False),
        sa.Column("view_as", sa.String(20)),
        _moment("created_at"),
        _moment("seen_at"),
        _moment("expires_at"),
        sa.UniqueConstraint("secret"),
        sa.CheckConstraint("method IN ('password', 'single sign-on', 'proxy')", name="method_known"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        _of_user(),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(12), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("secret"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        _moment("at"),
        sa.Column("person_id", sa.Integer),
        sa.Column("person", sa.String(300), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("object", sa.String(300), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name="outcome_known"),
    )
    for column in ("at", "person_id", "action"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )


def _of_user() -> sa.Column[int]:
    return sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


def _moment(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
