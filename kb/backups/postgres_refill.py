"""Putting a dump in the place of a PostgreSQL repository, and keeping the tables that were there.

Everything that can fail runs in one transaction: the old tables move to a schema of their own, which
takes no time whatever they hold, and the dump fills the place. Tables of other programs stay.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from itertools import chain, count
from typing import IO, TYPE_CHECKING, cast

from sqlalchemy import text

from kb.backups.errors import RestoreRefused
from kb.backups.postgres_programs import complaint, environment, link, program
from kb.backups.postgres_script import SCHEMA, Script, check
from kb.backups.settling import settle
from kb.database import outages
from kb.migrations import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kb.backups.archive import Manifest
    from kb.database import Database
    from kb.people.roles import Person

LEAVE_SECONDS = 2.0
"""How long the server may take to let a connection go that was closed: ours too, a moment ago."""
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class PostgresRestore:
    """A backup that was unpacked and verified, ready to take its place."""

    def __init__(self, database: Database, part: Path, manifest: Manifest, by: Person) -> None:
        """Raises BadBackup, RestoreRefused, DatabaseUnavailable."""
        self._database, self._part, self._manifest, self._by = database, part, manifest, by
        self.ended: dict[str, int] = {}
        self._version = database.version()
        if self._version not in {None, *VERSIONS}:
            raise RestoreRefused(
                f"The database has schema version {self._version}, of which this Precedent does not know the "
                "tables. Restore with a newer Precedent, or into an empty database."
            )
        check(part, manifest.counts)
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-")
        self._command = [program("psql", RestoreRefused), *link(database), *options]

    def change(self, moment: str) -> str | None:
        """Fills the tables; returns the schema of the old ones. Raises BadBackup, RestoreRefused."""
        taken = self._look_around()
        kept = _free_name(f"before_restore_{moment}", taken) if self._version else None
        script = Script(self._part)
        with self._psql() as stream:
            if kept:
                stream.write(_move(SCHEMA, kept).encode())
            for line in script.lines():
                stream.write(line)
            script.check(self._manifest.counts)
        try:
            url = self._database.url.render_as_string(hide_password=False)
            self.ended = settle(url, self._manifest, self._by)
        except BaseException:
            with self._psql() as stream:
                stream.write(_undo(kept).encode())
            raise
        return kept

    def _look_around(self) -> set[str]:
        """The schemas that are there. Raises RestoreRefused when the database is in use."""
        self._database.dispose()
        # Within a transaction the list would stay as it was at first.
        engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with outages("did not answer"), engine.connect() as connection:
            until = time.monotonic() + LEAVE_SECONDS
            while (others := connection.scalar(text(_OTHERS))) and time.monotonic() < until:
                time.sleep(0.05)
            schemas = set(connection.scalars(text("SELECT nspname FROM pg_namespace")))
        self._database.dispose()
        if others:
            raise RestoreRefused(
                f"{others} other connections use the database. Stop the servers and programs first."
            )
        return schemas

    @contextmanager
    def _psql(self) -> Iterator[IO[bytes]]:
        """The input of a psql that commits at its end. An error within the block ends it before that."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603
                self._command,
                env=environment(self._database),
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
            )
            stream = cast("IO[bytes]", process.stdin)
            try:
                yield stream
                stream.close()
            except BrokenPipeError:
                pass  # psql has gone, and has said why
            except BaseException:
                process.kill()  # before its input ends, which would be the sign to commit
                raise
            finally:
                with suppress(OSError):
                    stream.close()
                process.wait()
            if process.returncode != 0:
                said.seek(0)
                why = complaint(said.read())
                raise RestoreRefused(f"The backup could not be put back: {why} Nothing was changed.")


def _free_name(wanted: str, taken: set[str]) -> str:
    numbered = (f"{wanted}_{number}" for number in count(2))
    return next(name for name in chain([wanted], numbered) if name not in taken)


def _move(source: str, target: str) -> str:
    """SQL that moves the tables of a repository, and the functions of their triggers, to a new schema."""
    return f"""
CREATE SCHEMA IF NOT EXISTS {target};
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT DISTINCT p.oid::regprocedure AS name FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE n.nspname = '{source}' AND p.pronamespace = n.oid AND NOT t.tgisinternal
      AND c.relname IN ({_names()})
  LOOP EXECUTE format('ALTER FUNCTION %s SET SCHEMA {target}', found.name); END LOOP;
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = '{source}' AND tablename IN ({_names()})
  LOOP EXECUTE format('ALTER TABLE {source}.%I SET SCHEMA {target}', found.tablename); END LOOP;
END $$;
"""  # noqa: S608 - names of ours only


def _undo(kept: str | None) -> str:
    """SQL that throws away what was put back and moves the kept tables to where they were."""
    aside = "restore_undone"
    back = f"{_move(kept, SCHEMA)} DROP SCHEMA {kept};" if kept else ""
    return f"{_move(SCHEMA, aside)} DROP SCHEMA {aside} CASCADE; {back}"


def _names() -> str:
    """Every table that is ours, as SQL."""
    from kb.tables import Base

    return ", ".join(f"'{name}'" for name in (*Base.metadata.tables, "alembic_version"))
