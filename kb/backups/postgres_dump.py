"""A PostgreSQL database as a file, made by pg_dump."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from sqlalchemy import text

from kb.backups.archive import Contents, Copied
from kb.backups.errors import BackupFailed
from kb.backups.postgres_programs import complaint, environment, link, program
from kb.backups.postgres_script import SCHEMA, check
from kb.database import outages

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from kb.backups.archive import Progress
    from kb.database import Database


def copy_out(database: Database, folder: Path, told: Progress) -> Copied:  # noqa: ARG001 - pg_dump tells none
    """The database as it stands at one moment, in pg_dump's custom format, looked at.

    Raises BackupFailed, also when pg_dump is not there, and DatabaseUnavailable.
    """
    copy = folder / "database.dump"
    contents, server = _dump(database, copy)
    check(copy, contents.counts)
    return Copied(copy, "postgresql", contents, server)


def read_contents(connection: Connection) -> Contents:
    """What the database holds."""
    names = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename"),
        {"schema": SCHEMA},
    ).all()
    counts = {name: _count(connection, name) for name in names}
    version = None
    if "alembic_version" in counts:
        version = connection.scalar(text(f"SELECT version_num FROM {SCHEMA}.alembic_version"))  # noqa: S608
    return Contents(version, counts)


def _count(connection: Connection, table: str) -> int:
    quoted = connection.dialect.identifier_preparer.quote_identifier(table)
    return int(connection.scalar(text(f"SELECT count(*) FROM {SCHEMA}.{quoted}")) or 0)  # noqa: S608  quoted


def _dump(database: Database, target: Path) -> tuple[Contents, str]:
    command = [program("pg_dump", BackupFailed), *link(database), "--format=custom", f"--file={target}"]
    options = ["--no-owner", "--no-privileges", f"--schema={SCHEMA}"]
    engine = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with outages("did not answer"), engine.connect() as connection:
        if connection.scalar(text("SELECT current_schema()")) != SCHEMA:
            raise BackupFailed(f"The tables are not in the schema {SCHEMA}: others are not backed up.")
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        contents = read_contents(connection)
        server = f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"
        done = subprocess.run(  # noqa: S603
            [*command, *options, f"--snapshot={snapshot}"],
            env=environment(database),
            capture_output=True,
            check=False,
        )
    if done.returncode != 0:
        raise BackupFailed(f"pg_dump failed: {complaint(done.stderr)}")
    return contents, server
