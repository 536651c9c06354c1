"""The SQLite file under a running service: moved away, replaced, locked, read-only, damaged."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

import kb.database
from kb.database import Database, open_database
from kb.errors import DatabaseUnavailable
from tests.test_sync import add


def titles(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(text("SELECT title FROM revisions ORDER BY id")))


def file_of(database: Database) -> Path:
    return Path(database.url.database)


def test_a_file_that_was_moved_away_does_not_come_back_empty(sqlite_database):
    add(sqlite_database, "One")
    assert titles(sqlite_database) == ["One"]
    file = file_of(sqlite_database)
    away = file.with_name("away")
    file.rename(away)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match="unable to open database file"):
            titles(sqlite_database)
        with pytest.raises(DatabaseUnavailable):
            add(sqlite_database, "Two")
        with pytest.raises(DatabaseUnavailable):
            sqlite_database.change_stamp()
    assert not file.exists()
    away.rename(file)
    add(sqlite_database, "Two")
    assert titles(sqlite_database) == ["One", "Two"]


def test_a_file_that_was_replaced_is_opened_anew(sqlite_database, sqlite_template):
    add(sqlite_database, "One")
    assert titles(sqlite_database) == ["One"]
    file = file_of(sqlite_database)
    fresh = file.with_name("fresh")
    shutil.copy(sqlite_template, fresh)
    fresh.replace(file)
    assert titles(sqlite_database) == []
    add(sqlite_database, "Another")
    assert titles(sqlite_database) == ["Another"]


def test_opening_makes_the_file_for_its_owner_and_looking_does_not(tmp_path):
    file = tmp_path / "new" / "precedent.sqlite"
    with pytest.raises(DatabaseUnavailable):
        Database(f"sqlite:///{file}").version()
    assert not file.exists()
    open_database(f"sqlite:///{file}").dispose()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_connection_that_came_back_last_goes_out_first(sqlite_database):
    """Taken in turn, each of them would fill up with pages of the file."""
    engine = sqlite_database.engine
    first, second = engine.connect(), engine.connect()
    assert first.connection.driver_connection is not second.connection.driver_connection
    used = second.connection.driver_connection
    first.close()
    second.close()
    for _ in range(3):
        with engine.connect() as connection:
            assert connection.connection.driver_connection is used


def test_names_that_mean_something_in_an_address_are_opened(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/50% #1 ä/precedent.sqlite")
    add(database, "One")
    assert titles(database) == ["One"]
    assert (tmp_path / "50% #1 ä" / "precedent.sqlite").stat().st_size
    database.dispose()


def test_a_lock_that_lasts_is_an_outage_and_nothing_is_half_written(sqlite_database, monkeypatch):
    monkeypatch.setattr(kb.database, "READ_BUSY_SECONDS", 0.05)
    monkeypatch.setattr("kb.sqlite.BUSY_SECONDS", 0.05)
    add(sqlite_database, "One")
    with closing(sqlite3.connect(file_of(sqlite_database), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            titles(sqlite_database)
        with pytest.raises(DatabaseUnavailable, match="locked"):
            add(sqlite_database, "Two")
        other.execute("ROLLBACK")
    assert titles(sqlite_database) == ["One"]


def test_a_lock_that_ends_is_waited_for(sqlite_database):
    with closing(
        sqlite3.connect(file_of(sqlite_database), isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(0.3, lambda: other.execute("ROLLBACK")).start()
        add(sqlite_database, "One")
    assert titles(sqlite_database) == ["One"]


def test_a_large_transaction_shuts_no_reader_out(sqlite_database, monkeypatch):
    monkeypatch.setattr(kb.database, "READ_BUSY_SECONDS", 0.05)
    add(sqlite_database, "One")
    with sqlite_database.write() as session:
        for number in range(300):
            session.execute(
                text("INSERT INTO rendered (digest, html) VALUES (:digest, :html)"),
                {"digest": f"{number:064}", "html": "x" * 40_000},
            )
        assert titles(sqlite_database) == ["One"]


def wait_until_locked(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + 10
    with suppress(sqlite3.OperationalError):
        while time.monotonic() < deadline:
            connection.execute("SELECT count(*) FROM revisions").fetchone()
        pytest.fail("nobody waits to write")


def test_who_reads_within_reading_waits_for_no_writer(sqlite_database):
    """The writer waits until nobody reads, and meanwhile lets no further connection read."""
    add(sqlite_database, "One")
    writing = threading.Thread(target=add, args=(sqlite_database, "Two"))
    with (
        sqlite_database.read() as outer,
        closing(sqlite3.connect(file_of(sqlite_database), timeout=0)) as other,
    ):
        outer.scalar(text("SELECT count(*) FROM revisions"))
        stamp = sqlite_database.change_stamp()
        writing.start()
        wait_until_locked(other)
        started = time.monotonic()
        assert titles(sqlite_database) == ["One"]
        assert sqlite_database.change_stamp() == stamp
        assert time.monotonic() - started < 5
    writing.join()
    assert titles(sqlite_database) == ["One", "Two"]
    assert sqlite_database.change_stamp() == stamp + 1


@pytest.mark.parametrize("rubbish", [b"", b"rubbish" * 1000])
def test_a_file_that_is_no_database_is_an_outage(sqlite_database, rubbish):
    add(sqlite_database, "One")
    sqlite_database.dispose()
    file_of(sqlite_database).write_bytes(rubbish)
    with pytest.raises(DatabaseUnavailable):
        titles(sqlite_database)
    with pytest.raises(DatabaseUnavailable):
        add(sqlite_database, "Two")


def test_a_refused_commit_leaves_nothing_locked(sqlite_database):
    with closing(sqlite3.connect(file_of(sqlite_database))) as reader:
        reader.execute("PRAGMA journal_mode=TRUNCATE")  # where it is WAL, no reader keeps a commit waiting
        reader.isolation_level = None
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM revisions").fetchone()
        with pytest.raises(DatabaseUnavailable, match="locked"), sqlite_database.write_cache() as session:
            session.execute(text("UPDATE change_stamp SET value = value + 1"))
        with closing(sqlite3.connect(file_of(sqlite_database), timeout=0)) as other:
            assert other.execute("SELECT count(*) FROM revisions").fetchone() == (0,)
