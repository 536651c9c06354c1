"""precedent doctor."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.config import Settings
from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.database import Database

LOW_DISK = 500 * 2**20


@click.command()
def doctor() -> None:
    """Check settings, database, index, encoder and disk. Exit status 1 when something is wrong.

    \b
    Example:
      precedent doctor
    """
    failed = False
    for good, text in _findings():
        failed |= not good
        click.echo(f"{click.style('ok   ', fg='green') if good else click.style('WRONG', fg='red')}  {text}")
    sys.exit(1 if failed else 0)


def _findings() -> Iterator[tuple[bool, str]]:
    """(good, sentence) per check. Checks only: nothing is made or migrated."""
    yield True, f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    try:
        settings = Settings.from_env()
    except KbError as error:
        yield False, str(error)
        return
    yield from _home(settings)
    yield from _database(settings)
    yield from _encoder(settings)


def _home(settings: Settings) -> Iterator[tuple[bool, str]]:
    if not settings.home.is_dir():
        yield True, f"{settings.home} is not there yet: `precedent load` or `precedent serve` makes it"
        return
    writable = os.access(settings.home, os.W_OK)
    yield writable, f"{settings.home} is {'' if writable else 'not '}writable"
    private = not settings.home.stat().st_mode & (stat.S_IWOTH | stat.S_IWGRP)
    yield (
        private,
        f"{settings.home} is {'private to its owner' if private else 'writable by others: chmod 700'}",
    )
    free = shutil.disk_usage(settings.home).free
    yield free > LOW_DISK, f"{free / 2**30:.1f} GiB free on its disk"


def _database(settings: Settings) -> Iterator[tuple[bool, str]]:
    from kb.database import Database, journal_mode
    from kb.migrations import HEAD

    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url[10:]).exists():
        yield True, "No database yet"
        return
    database = Database(settings.database_url)
    try:
        version = database.version()
        yield version == HEAD, f"Schema version {version}, this Precedent has {HEAD}"
        if database.is_sqlite:
            yield True, f"SQLite {sqlite3.sqlite_version}, journal mode {journal_mode()}, synchronous FULL"
            yield from _integrity(database)
        else:
            with database.engine.connect() as connection:
                yield True, f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar()}"
        if version == HEAD:
            yield from _index(settings, database)
    except KbError as error:
        yield False, str(error)
    finally:
        database.dispose()


def _integrity(database: Database) -> Iterator[tuple[bool, str]]:
    with database.engine.connect() as connection:
        answer = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    yield answer == "ok", f"Integrity check of the database: {answer}"
    yield (
        broken is None,
        "References inside the database hold" if broken is None else f"Broken reference: {broken}",
    )


def _index(settings: Settings, database: Database) -> Iterator[tuple[bool, str]]:
    from search.engine import open_engine

    try:
        status = open_engine(settings, database).status()
    except KbError as error:
        yield False, str(error)
        return
    words = "up to date" if not status.behind else f"behind by {status.behind:,}: run `precedent sync`"
    yield not status.behind, f"Index of {status.documents:,} entries, {status.passages:,} passages, {words}"


def _encoder(settings: Settings) -> Iterator[tuple[bool, str]]:
    from indexer.embedder import default_encoder_folder, load_embedder

    try:
        embedder = load_embedder(settings.encoder or default_encoder_folder())
        length = float((embedder.embed_query("a test") ** 2).sum())
    except KbError as error:
        yield False, str(error)
        return
    yield (
        abs(length - 1) < 1e-3,
        f"Encoder {embedder.fingerprint[:12]}, {embedder.dimension} dimensions. {embedder.note}".strip(),
    )
