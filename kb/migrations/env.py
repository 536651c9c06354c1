"""Alembic's entry point: migrates over the connection that `upgrade` hands in."""

from alembic import context

from kb.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
