"""A migrated database equals the models, on both databases, and a newer one is left alone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from kb import reading
from kb.database import Database, open_database
from kb.errors import DatabaseTooNew
from kb.migrations import HEAD, alembic_config, upgrade
from kb.model import ChangeStamp
from kb.tables import Base

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def migrated(empty_url: str):
    database = open_database(empty_url)
    yield database
    database.dispose()


def test_the_migrated_schema_equals_the_models(migrated: Database):
    with migrated.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_constraints_and_indexes_equal_those_of_the_models(sqlite_database: Database, tmp_path: Path):
    """Alembic does not compare CHECK constraints and conditions of indexes; SQLite keeps both as given."""
    modelled = create_engine(f"sqlite:///{tmp_path / 'models.sqlite'}")
    Base.metadata.create_all(modelled)
    for table in Base.metadata.tables:
        mine, theirs = inspect(sqlite_database.engine), inspect(modelled)
        assert _checks(mine.get_check_constraints(table)) == _checks(theirs.get_check_constraints(table))
        assert mine.get_foreign_keys(table) == theirs.get_foreign_keys(table)
        assert _indexes(sqlite_database.engine, table) == _indexes(modelled, table)
    modelled.dispose()


def _checks(found):
    return sorted((check["name"], check["sqltext"]) for check in found)


def _indexes(engine, table):
    query = text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table ORDER BY name"
    )
    with engine.connect() as connection:
        return [
            (name, sql and " ".join(sql.split())) for name, sql in connection.execute(query, {"table": table})
        ]


def test_the_change_stamp_starts_with_its_one_row(migrated: Database):
    with migrated.read() as session:
        assert [(row.id, row.value) for row in session.scalars(select(ChangeStamp))] == [(1, 0)]


def test_upgrading_again_changes_nothing(migrated: Database):
    with migrated.write():
        pass
    upgrade(migrated)
    assert migrated.version() == HEAD
    assert migrated.change_stamp() == 1


def test_records_of_an_earlier_schema_stay_whole(empty_url: str):
    """SQLite makes the table of entries anew: what refers to it must not go with the old one."""
    database = Database(empty_url)
    with database.engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(
            text(
                "INSERT INTO entries (id, ref, kind, owner, visibility, verifier, verify_months, created_at)"
                " VALUES (7, 'L-0007', 'lesson', '', 'signed-in', '', 24, '2026-01-01 00:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO revisions (id, entry_id, number, state, title, content, digest, author, note,"
                " reviewer, reason, created_at) VALUES (9, 7, 1, 'published', 'T', '{\"title\": \"T\"}', 'd',"
                " 'a', '', 'r', '', '2026-01-01 00:00:00')"
            )
        )
        connection.execute(text("INSERT INTO revision_tags (revision_id, tag) VALUES (9, 'permits')"))
    database.dispose()
    database = open_database(empty_url)
    with database.read() as session:
        (view,) = reading.history(session, "L-0007", reading.OPERATOR)
        assert (view.number, view.visibility) == (1, "signed-in")
        assert {view.anonymous, view.mask_source} == {False}
        assert session.scalar(text("SELECT tag FROM revision_tags")) == "permits"
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text("DELETE FROM entries"))  # references hold again
    database.dispose()


def test_several_processes_may_open_a_new_database_at_once(empty_url: str):
    program = "import sys; from kb.database import open_database; open_database(sys.argv[1]).dispose()"
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[1] for process in started] == [""] * 4


def test_a_database_from_a_newer_version_is_refused_and_untouched(migrated: Database, tmp_path: Path):
    with migrated.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    file = tmp_path / "precedent.sqlite"
    before = file.read_bytes() if migrated.is_sqlite else b""
    with pytest.raises(DatabaseTooNew, match=r"9999.*Nothing was changed"):
        open_database(migrated.url.render_as_string(hide_password=False))
    assert migrated.version() == "9999"
    assert (file.read_bytes() if migrated.is_sqlite else b"") == before
