"""Backup and restore, on both databases: what comes back, what is refused, and that nothing is lost."""

from __future__ import annotations

import json
import random
import re
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from kb.backups import archive
from kb.backups.errors import BackupFailed, BadBackup, RestoreRefused
from kb.backups.making import back_up
from kb.backups.restoring import rehearse, restore
from kb.database import Database, open_database
from kb.errors import DatabaseUnavailable, KbError
from kb.locks import ServerRuns, only_one
from kb.migrations import HEAD, alembic_config
from kb.people import tokens
from kb.people.links import make_link
from kb.records import apply_record, parse_record
from tests.fakes_web import RECORDS, fill
from tests.fixtures.served import make_settings
from tests.test_people import admin_of, member

README = Path(__file__).parents[1] / "README.md"
ENTRIES = len(RECORDS) + 1
NOT_COMPARED = {"sessions", "links", "audit", "change_stamp"}


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def settings_of(database: Database, home: Path):
    return make_settings(home, database_url=url_of(database))


def rows(database: Database) -> dict[str, list[tuple]]:
    """Everything in every table."""
    tables = MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
        return {
            name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for name, table in tables.tables.items()
            if name not in NOT_COMPARED
        }


def count(database: Database, table: str, where: str = "true") -> int:
    with database.engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {where}"))


def titles(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(connection.scalars(text("SELECT title FROM revisions")))


def put_people(database: Database) -> None:
    with database.write_aside() as session:
        admin = admin_of(session)
        user = member(session, admin, "Cora", "curator")
        tokens.issue_token(session, user, tokens.TokenText(name="reports"))
        make_link(session, "reset", made_by="test", user_id=user.id)


@dataclass(frozen=True)
class Packed:
    """A repository with every kind of entry, people, and what must not come back to life."""

    file: Path
    """Its backup."""
    rows: dict[str, list[tuple]]
    used_links: int


@pytest.fixture(scope="module")
def made() -> dict[bool, Packed]:
    """What was made for each kind of database: people's passwords take time."""
    return {}


@pytest.fixture
def packed(make_database, made, tmp_path_factory) -> Packed:
    """One for the database of the test. Read only."""
    database = make_database()
    if database.is_sqlite not in made:
        fill(database)
        put_people(database)
        assert count(database, "sessions") == 2
        assert count(database, "links", "used_at IS NULL") == 1
        file = back_up(url_of(database), tmp_path_factory.mktemp("packed") / "full.backup").file
        used = count(database, "links", "used_at IS NOT NULL")
        made[database.is_sqlite] = Packed(file, rows(database), used)
    database.dispose()
    return made[database.is_sqlite]


@pytest.fixture
def small(sqlite_database, tmp_path) -> Path:
    """A backup of a repository in SQLite, for a test to spoil."""
    fill(sqlite_database)
    return back_up(url_of(sqlite_database), tmp_path / "small.backup").file


@pytest.fixture
def single(sqlite_template, tmp_path) -> Iterator[Database]:
    """Another repository in SQLite, with one entry."""
    (tmp_path / "single").mkdir()
    database = open_database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'single')}")
    add(database, "Only here")
    yield database
    database.dispose()


def add(database: Database, title: str) -> None:
    with database.write() as session:
        apply_record(session, parse_record({"kind": "lesson", "title": title}))


@pytest.fixture
def other(make_database) -> Database:
    """Another repository, with one entry."""
    database = make_database()
    add(database, "Only here")
    return database


def test_what_was_backed_up_comes_back(packed, make_database, tmp_path):
    target = make_database()
    target.dispose()
    report = restore(settings_of(target, tmp_path / "home"), packed.file)
    assert rows(target) == packed.rows
    assert report.manifest.counts["entries"] == ENTRIES
    assert target.version() == HEAD


def test_a_database_that_was_never_there_is_made(packed, other, tmp_path, request):
    if other.is_sqlite:
        url = f"sqlite:///{tmp_path}/new/deep/precedent.sqlite"
    else:
        url = request.getfixturevalue("empty_postgres")
    report = restore(make_settings(tmp_path / "home", database_url=url), packed.file)
    assert report.kept is None
    database = Database(url)
    assert rows(database) == packed.rows
    database.dispose()


def test_sessions_and_unused_links_end_and_tokens_stay(packed, make_database, tmp_path):
    target = make_database()
    target.dispose()
    report = restore(settings_of(target, tmp_path / "home"), packed.file)
    assert report.ended == {"sessions": 2, "links": 1}
    assert count(target, "sessions") == 0
    assert count(target, "links") == packed.used_links
    assert count(target, "links", "used_at IS NULL") == 0
    assert count(target, "tokens", "revoked_at IS NULL") == 1
    assert count(target, "audit", "action = 'restore backup' AND person = 'command line'") == 1
    with pytest.raises(Exception, match="never changed"), target.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))


def test_a_repository_with_entries_is_not_overwritten(packed, other, tmp_path):
    before = rows(other)
    with pytest.raises(RestoreRefused, match=r"holds 1 entries.*--replace"):
        restore(settings_of(other, tmp_path / "home"), packed.file)
    assert rows(other) == before


def test_with_replace_the_old_database_is_kept_and_can_be_put_back(packed, other, tmp_path):
    before = rows(other)
    other.dispose()
    report = restore(settings_of(other, tmp_path / "home"), packed.file, replace=True)
    assert rows(other) == packed.rows
    assert "Only here" not in titles(other)
    other.dispose()
    if other.is_sqlite:
        kept = Path(report.kept)
        assert stat.S_IMODE(kept.stat().st_mode) == stat.S_IMODE(Path(other.url.database).stat().st_mode)
        kept.replace(other.url.database)
    else:
        (statements,) = re.findall(r"```sql\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        undo = re.sub(r"before_restore_\w+", report.kept, statements)
        with other.engine.begin() as connection:
            connection.exec_driver_sql(undo.replace("%", "%%"))
    assert rows(other) == before


def test_restoring_twice_within_a_second_keeps_both(packed, other, tmp_path):
    other.dispose()
    settings = settings_of(other, tmp_path / "home")
    kept = {restore(settings, packed.file, replace=True).kept for _ in range(2)}
    assert len(kept) == 2
    assert titles(other) > {"Kept inside"}


def test_a_backup_is_private_and_leaves_nothing_beside_it(small):
    assert stat.S_IMODE(small.stat().st_mode) == 0o600
    assert [path.name for path in small.parent.iterdir() if ".precedent" in path.name] == []
    with zipfile.ZipFile(small) as packed:
        assert packed.namelist() == ["manifest.json", "database.sqlite"]


def test_an_existing_file_is_written_over_only_when_told(small, sqlite_database):
    before = small.read_bytes()
    with pytest.raises(BackupFailed, match="--force"):
        back_up(url_of(sqlite_database), small)
    assert small.read_bytes() == before
    add(sqlite_database, "One more")
    report = back_up(url_of(sqlite_database), small, force=True)
    assert report.manifest.counts["entries"] == ENTRIES + 1
    assert small.read_bytes() != before


def test_a_rehearsal_changes_nothing(packed, other, tmp_path):
    before = rows(other)
    settings = settings_of(other, tmp_path / "home")
    with only_one(settings.home):  # a server may run meanwhile
        assert rehearse(settings, packed.file).counts["entries"] == ENTRIES
    assert rows(other) == before


def test_beside_a_server_nothing_is_restored(small, single, tmp_path):
    settings = settings_of(single, tmp_path / "home")
    with only_one(settings.home), pytest.raises(ServerRuns, match="Stop it first"):
        restore(settings, small, replace=True)
    assert titles(single) == {"Only here"}


def damaged(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    match how:
        case "empty":
            data.clear()
        case "cut":
            del data[len(data) * 2 // 3 :]
        case "cut at the end":
            del data[-10:]
        case "flipped":
            data[len(data) // 2] ^= 0xFF
        case "text":
            data[:] = b"Lorem ipsum\n" * 1000
    file.write_bytes(data)


@pytest.mark.parametrize("how", ["empty", "cut", "cut at the end", "flipped", "text"])
def test_a_damaged_backup_changes_nothing(how, small, single, tmp_path):
    before = rows(single)
    damaged(small, how)
    with pytest.raises(BadBackup, match=str(small)):
        restore(settings_of(single, tmp_path / "home"), small, replace=True)
    assert rows(single) == before
    assert not list(Path(tmp_path).rglob(".precedent-restore-*"))


def test_no_flipped_byte_changes_what_comes_back(small, sqlite_database, tmp_path):
    good, expected = small.read_bytes(), rows(sqlite_database)
    chance, refused = random.Random(1), 0
    target = tmp_path / "target.sqlite"
    settings = make_settings(tmp_path, database_url=f"sqlite:///{target}")
    for place in chance.sample(range(len(good)), 40):
        small.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        try:
            restore(settings, small)
        except BadBackup:
            refused += 1
            assert not target.exists()
            continue
        database = Database(settings.database_url)
        assert rows(database) == expected
        database.dispose()
        target.unlink()
    assert refused > 30


def repacked(file: Path, change) -> None:
    """The same backup with another manifest."""
    with zipfile.ZipFile(file) as packed:
        manifest = json.loads(packed.read(archive.MANIFEST))
        parts = {part["name"]: packed.read(part["name"]) for part in manifest["parts"]}
    change(manifest)
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(archive.MANIFEST, json.dumps(manifest))
        for name, data in parts.items():
            packed.writestr(name, data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found.update(format=3), "has format 3; this Precedent reads formats up to 2"),
        (lambda found: found.update(schema_version="9999"), "schema version 9999"),
        (lambda found: found["counts"].update(entries=4), "does not hold"),
        (lambda found: found["parts"][0].update(sha256="0" * 64), "is damaged"),
        (lambda found: found["parts"][0].update(size=7), "is damaged"),
        (lambda found: found["parts"][0].update(name="../../etc/passwd"), "is wrong"),
        (lambda found: found.update(parts=[]), "is wrong"),
        (lambda found: found.update(surprise=1), "surprise in its manifest is wrong"),
        (lambda found: found["parts"][0].update(kind="attachments"), "is wrong"),
        (lambda found: found.pop("format"), "cannot be read"),
    ],
)
def test_a_manifest_that_is_wrong_or_newer_is_refused(change, words, small, single, tmp_path):
    repacked(small, change)
    with pytest.raises(BadBackup, match=words):
        restore(settings_of(single, tmp_path / "home"), small, replace=True)
    assert titles(single) == {"Only here"}


def test_a_backup_of_another_kind_of_database_is_refused(packed, other, tmp_path):
    url = "postgresql+psycopg://nobody@/x" if other.is_sqlite else f"sqlite:///{tmp_path}/x.sqlite"
    with pytest.raises(BadBackup, match="precedent export"):
        restore(make_settings(tmp_path / "home", database_url=url), packed.file)


def test_an_older_schema_is_migrated(empty_url, tmp_path, request):
    from alembic import command

    old = Database(empty_url)
    config = alembic_config()
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    report = back_up(empty_url, tmp_path / "old.backup")
    assert (report.manifest.schema_version, old.version()) == ("0001", "0001")
    if old.is_sqlite:
        url = f"sqlite:///{tmp_path}/new.sqlite"
    else:
        url = request.getfixturevalue("migrated_postgres")
    old.dispose()
    restored = restore(make_settings(tmp_path / "home", database_url=url), report.file)
    target = Database(url)
    assert target.version() == HEAD
    target.dispose()
    assert restored.ended == {"sessions": 0, "links": 0}


def test_a_newer_or_foreign_database_is_not_backed_up(sqlite_database, tmp_path):
    with sqlite_database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(KbError, match="schema version 9999"):
        back_up(url_of(sqlite_database), tmp_path / "x.backup")
    assert not (tmp_path / "x.backup").exists()


def test_without_a_repository_there_is_nothing_to_back_up(tmp_path):
    with pytest.raises(BackupFailed, match="There is no repository"):
        back_up(f"sqlite:///{tmp_path}/none.sqlite", tmp_path / "x.backup")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_hold_a_backup_are_named(sqlite_database, tmp_path):
    for target, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "x", "No such file or directory"),
        (tmp_path / "precedent.sqlite" / "x", "Not a directory"),
    ):
        with pytest.raises(BackupFailed, match=words):
            back_up(url_of(sqlite_database), target)


def break_pages(file: Path) -> None:
    """A table's pages become rubbish; the file still opens."""
    data = bytearray(file.read_bytes())
    data[8192:20480] = b"\x07" * 12288
    file.write_bytes(data)


def test_a_damaged_database_is_not_backed_up(sqlite_database, tmp_path):
    fill(sqlite_database)
    sqlite_database.dispose()
    break_pages(Path(sqlite_database.url.database))
    with pytest.raises(BackupFailed):
        back_up(url_of(sqlite_database), tmp_path / "x.backup")
    assert not (tmp_path / "x.backup").exists()


@pytest.mark.parametrize("rubbish", ["pages", "all", "journal"])
def test_a_broken_database_is_replaced_and_kept(rubbish, small, single, tmp_path):
    single.dispose()
    live = Path(single.url.database)
    if rubbish == "pages":
        break_pages(live)
    else:
        live.write_bytes(b"rubbish" * 1000)
    if rubbish == "journal":
        Path(f"{live}-journal").write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(5000))
    settings = settings_of(single, tmp_path / "home")
    with pytest.raises(RestoreRefused, match="--replace"):
        restore(settings, small)
    report = restore(settings, small, replace=True)
    assert count(single, "entries") == ENTRIES
    assert Path(report.kept).stat().st_size > 5000


def test_what_a_killed_writer_left_is_not_played_into_the_new_database(small, single, tmp_path, monkeypatch):
    """As where the old database could not be opened: the side files go with it."""
    single.dispose()
    monkeypatch.setattr("kb.backups.sqlite_swap._quiesce", lambda _: None)
    beside = Path(f"{single.url.database}-wal")
    beside.write_bytes(b"of the old one")
    report = restore(settings_of(single, tmp_path / "home"), small, replace=True)
    assert not beside.exists()
    assert Path(f"{report.kept}-wal").read_bytes() == b"of the old one"


def test_a_database_that_is_being_written_is_not_replaced(packed, other, tmp_path, monkeypatch):
    monkeypatch.setattr("kb.backups.sqlite_swap.BUSY_SECONDS", 0.1)
    settings = settings_of(other, tmp_path / "home")
    with other.write() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(RestoreRefused, match=r"Another program|other connections"):
            restore(settings, packed.file, replace=True)
    assert titles(other) == {"Only here"}


def test_a_change_that_fails_halfway_is_taken_back(packed, other, tmp_path, monkeypatch):
    place = "kb.backups.sqlite_swap.settle" if other.is_sqlite else "kb.backups.postgres_refill.settle"

    def fail(*_):
        raise DatabaseUnavailable("the disk is full")

    monkeypatch.setattr(place, fail)
    before = rows(other)
    other.dispose()
    with pytest.raises(DatabaseUnavailable):
        restore(settings_of(other, tmp_path / "home"), packed.file, replace=True)
    assert rows(other) == before


@pytest.mark.postgres
def test_a_connection_that_is_just_closing_is_waited_for(empty_postgres, migrated_postgres, tmp_path):
    made = back_up(migrated_postgres, tmp_path / "x.backup").file
    going = Database(empty_postgres)
    with going.read() as session:
        session.execute(text("SELECT 1"))
    leave = threading.Timer(0.5, going.dispose)
    leave.start()
    report = restore(make_settings(tmp_path / "home", database_url=empty_postgres), made)
    assert leave.finished.is_set()
    assert report.kept is None


@pytest.mark.postgres
def test_something_in_the_way_leaves_postgresql_as_it_was(empty_postgres, migrated_postgres, tmp_path):
    source = Database(migrated_postgres)
    fill(source)
    source.dispose()
    made = back_up(migrated_postgres, tmp_path / "x.backup").file
    target = Database(empty_postgres)
    with target.engine.begin() as connection:
        connection.execute(text("CREATE VIEW entries AS SELECT 1 AS id"))
    target.dispose()
    with pytest.raises(RestoreRefused, match=r'"entries" already exists.*Nothing was changed'):
        restore(make_settings(tmp_path / "home", database_url=empty_postgres), made)
    with target.engine.connect() as connection:
        found = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    target.dispose()
    assert found == []


@pytest.mark.postgres
@pytest.mark.parametrize("program", ["pg_dump", "pg_restore", "psql"])
def test_programs_of_postgresql_that_are_missing_are_named(program, migrated_postgres, tmp_path, monkeypatch):
    kept = tmp_path / "bin"
    kept.mkdir()
    for name in {"pg_dump", "pg_restore", "psql"} - {program}:
        (kept / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(kept))
    settings = make_settings(tmp_path / "home", database_url=migrated_postgres)
    with pytest.raises(KbError, match=f"{program} is not there.*postgresql-client"):
        restore(settings, back_up(migrated_postgres, tmp_path / "y.backup").file, replace=True)


def limited(size: int, *arguments: object, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command in a process that can write no file larger than this."""
    return subprocess.run(
        [sys.executable, "-m", "web", *map(str, arguments)], env=environment, check=False,
        capture_output=True, text=True, timeout=100,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip


@pytest.mark.slow
def test_without_room_there_is_no_backup_and_no_restore(sample, tmp_path):
    environment = sample.environment()
    target = tmp_path / "x.backup"
    done = limited(100_000, "backup", target, environment=environment)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    back_up(sample.settings.database_url, target)
    home = tmp_path / "home"
    shutil.copytree(sample.settings.home, home)
    database = home / "precedent.sqlite"
    before = database.read_bytes()
    environment |= {"PRECEDENT_HOME": str(home), "PRECEDENT_DATABASE_URL": f"sqlite:///{database}"}
    done = limited(100_000, "restore", "--replace", target, environment=environment)
    assert done.returncode == 2
    assert "Nothing was changed" in done.stderr
    assert database.read_bytes() == before


@pytest.mark.slow
def test_the_commands_say_what_they_did(sample, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(sample.settings.home, home)
    environment = sample.environment() | {
        "PRECEDENT_HOME": str(home),
        "PRECEDENT_DATABASE_URL": f"sqlite:///{home}/precedent.sqlite",
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "web", *map(str, arguments)]
        return subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True, timeout=100
        )

    made = run("backup", tmp_path / "x.backup")
    assert (made.returncode, made.stderr) == (0, "")
    assert "180 entries, 180 revisions, 0 users. Verified." in made.stdout
    assert "x.backup is good: 180 entries" in run("restore", "--dry-run", tmp_path / "x.backup").stdout
    assert (home / "index").is_dir()
    restored = run("restore", "--replace", tmp_path / "x.backup")
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "is kept as" in restored.stdout
    assert not (home / "index").exists()
    assert "Indexed 180 entries" in run("sync").stdout
    assert '"degraded": []' in run("search", "permits", "--json").stdout
    refused = run("restore", tmp_path / "x.backup")
    assert refused.returncode == 2
    assert "holds 180 entries" in refused.stderr


def test_a_new_database_is_readable_by_its_owner_alone(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/new.sqlite")
    database.dispose()
    assert stat.S_IMODE((tmp_path / "new.sqlite").stat().st_mode) == 0o600


def test_a_backup_under_a_write_lock_waits_and_holds_one_moment(sqlite_database, tmp_path):
    fill(sqlite_database)
    with closing(sqlite3.connect(sqlite_database.url.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")  # a writer that has not begun to write through keeps nobody out
        writer.execute("UPDATE change_stamp SET value = value + 1000")
        report = back_up(url_of(sqlite_database), tmp_path / "x.backup")
        writer.execute("COMMIT")
    restore(make_settings(tmp_path / "home", database_url=f"sqlite:///{tmp_path}/home/x.sqlite"), report.file)
    restored = Database(f"sqlite:///{tmp_path}/home/x.sqlite")
    assert restored.change_stamp() < 1000
    restored.dispose()
