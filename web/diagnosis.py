"""What `precedent doctor` looks at. Nothing is made, migrated or repaired."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from kb.config import Settings
from kb.database import Database, outages
from kb.errors import KbError
from kb.importing.sandbox import without_network
from kb.learning.signing import FILE, read_key
from kb.migrations import HEAD
from kb.sqlite import journal_mode
from kb.version import product_version
from web.checks import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.embedder import Embedder

LOW_DISK = 500 * 2**20
LOCK_SECONDS = 30
"""How long a pass of the index writer is waited for."""


def diagnose() -> Iterator[Check]:
    """One check after the other; those that make no sense without an earlier one are left out."""
    where = f"{platform.system()} {platform.machine()}"
    words = f"Precedent {product_version()}, Python {platform.python_version()} on {where}"
    yield Check("program", ok=True, detail=words)
    try:
        settings = Settings.from_env()
    except KbError as error:
        yield Check("settings", ok=False, detail=str(error))
        return
    yield Check("settings", ok=True, detail="make sense")
    yield from examine(settings)


def glance(settings: Settings, database: Database) -> Iterator[Check]:
    """What is looked at in a moment, while the server works."""
    if settings.home.is_dir():
        yield from _home(settings)
    yield _server(database)
    if settings.sends_mail:
        yield _outbox(settings, database)
    if settings.records_learning:
        yield _statements(settings, database)


def examine(settings: Settings) -> Iterator[Check]:
    """Everything that these settings lead to. It takes seconds to minutes, by the size of the repository."""
    if settings.home.is_dir():
        yield from _home(settings)
    else:
        words = f"{settings.home} is not there yet: `precedent load` or `precedent serve` makes it"
        yield Check("home", ok=True, detail=words)
    yield _documents()
    if (settings.home / FILE).exists():
        yield _badges(settings)
    embedder, check = _encoder(settings)
    yield check
    yield from _database(settings, embedder)
    if settings.oidc_issuer:
        yield _provider(settings)
    if settings.sends_mail:
        yield _mail_server(settings)
    if settings.records_learning:
        yield _record_store(settings)


def _home(settings: Settings) -> Iterator[Check]:
    writable = os.access(settings.home, os.W_OK)
    yield Check("home", writable, f"{settings.home} is {'' if writable else 'not '}writable")
    yield _privacy(settings)
    free = shutil.disk_usage(settings.home).free
    yield Check("disk", free > LOW_DISK, f"{free / 2**30:.1f} GiB free for {settings.home}")


def _documents() -> Check:
    """Whether what reads strangers' files is cut off from the network. Not every kernel lets it be."""
    cut_off = "documents and tables that people bring are read without network"
    words = "this system lets no program have a network of its own: they are read with that of the machine"
    return Check("documents", ok=True, detail=cut_off if without_network() else words)


def _badges(settings: Settings) -> Check:
    """Whether the key that badges were signed with can be read: without it none can be checked."""
    try:
        read_key(settings.home / FILE)
    except KbError as error:
        return Check("badges", ok=False, detail=f"{error}; a backup may hold it")
    return Check("badges", ok=True, detail="the key that signs them can be read")


def _privacy(settings: Settings) -> Check:
    """Whether others can read what the service keeps: a folder that is shut keeps all in it."""
    database = _database_file(settings)
    inside = sorted(path for path in (settings.home, *settings.home.iterdir()) if not path.is_symlink())
    beside = [database] if database is not None and settings.home not in database.parents else []
    watched = [settings.home] if not _is_open(settings.home) else inside
    opened = [path for path in (*watched, *beside) if path.exists() and _is_open(path)]
    if not opened:
        return Check("privacy", ok=True, detail="home, database and index are their owner's alone")
    named = " ".join(str(path) for path in opened[:3]) + (" ..." if len(opened) > 3 else "")
    return Check("privacy", ok=False, detail=f"others can read or write: chmod go= {named}")


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _database_file(settings: Settings) -> Path | None:
    url = settings.database_url
    return Path(url.removeprefix("sqlite:///")).absolute() if url.startswith("sqlite:///") else None


def _database(settings: Settings, embedder: Embedder | None) -> Iterator[Check]:
    file = _database_file(settings)
    if file is not None and not file.exists():
        yield Check("database", ok=True, detail="is not there yet")
        return
    database = Database(settings.database_url)
    try:
        version = database.version()
        yield _server(database)
        words = f"version {version or 'none'}, and this Precedent has {HEAD}"
        yield Check("schema", version == HEAD, words)
        if file is not None:
            yield _soundness(file)
        if version == HEAD:
            yield from _index(settings, database, embedder)
    except KbError as error:
        yield Check("database", ok=False, detail=str(error))
    finally:
        database.dispose()


def _server(database: Database) -> Check:
    with outages("did not answer"), database.engine.connect() as connection:
        if not database.is_sqlite:
            version = connection.exec_driver_sql("SHOW server_version").scalar()
            return Check("database", ok=True, detail=f"PostgreSQL {version}")
        mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()).upper()
        full = connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    words = f"SQLite {sqlite3.sqlite_version}, journal mode {mode}, synchronous {'FULL' if full else 'less'}"
    return Check("database", full and mode == journal_mode(), words)


def _soundness(file: Path) -> Check:
    from kb.backups.sqlite_copy import faults

    found = faults(file)
    words = "; ".join(found) if found else "pages are whole and references hold"
    return Check("integrity", not found, words)


def _index(settings: Settings, database: Database, embedder: Embedder | None) -> Iterator[Check]:
    from filelock import FileLock, Timeout

    from indexer.consistency import differences
    from indexer.sync import LOCK

    if not settings.index_folder.exists():
        words = "is not there: `precedent sync` makes it, `precedent serve` does so by itself"
        yield Check("index", ok=False, detail=words)
        return
    try:
        with ExitStack() as stack:
            if os.access(settings.home / LOCK, os.W_OK):
                stack.enter_context(FileLock(settings.home / LOCK, timeout=LOCK_SECONDS))
            found = differences(settings, database, embedder)
    except Timeout:
        yield Check("index", ok=True, detail="is being written at the moment, and was not looked at")
        return
    words = "; ".join(found) + ": run `precedent sync`" if found else "says the same as the database"
    yield Check("index", not found, words)


def _encoder(settings: Settings) -> tuple[Embedder | None, Check]:
    from indexer.embedder import default_encoder_folder, load_embedder

    try:
        embedder = load_embedder(settings.encoder or default_encoder_folder())
        length = float((embedder.embed_query("a test") ** 2).sum())
    except KbError as error:
        return None, Check("encoder", ok=False, detail=str(error))
    words = f"{embedder.fingerprint[:12]}, {embedder.dimension} dimensions. {embedder.note}".strip()
    return embedder, Check("encoder", abs(length - 1) < 1e-3, words)


def _provider(settings: Settings) -> Check:
    """Where people sign in elsewhere: whether it answers, and what has to be registered there."""
    from web.provider import Provider

    provider = Provider(settings)
    try:
        signatures = provider.discover().algorithms
        provider.fetch_keys()
    except KbError as error:
        return Check("sign-on", ok=False, detail=str(error))
    words = f"answers and signs by {', '.join(signatures)}; it has to know {provider.redirect_uri}"
    return Check("sign-on", ok=True, detail=f"{settings.oidc_issuer} {words}")


def _outbox(settings: Settings, database: Database) -> Check:
    """Whether mails go, as far as the outbox tells."""
    from kb.notices.outbox import look

    with database.read() as session:
        found = look(session)
    waiting, given_up = found.counts["waiting"], found.counts["given up"]
    words = f"{waiting:,} wait, {given_up:,} given up in the last 30 days. {found.problem}".strip()
    return Check("mail", not found.problem, f"by {settings.smtp_host}: {words}")


def _mail_server(settings: Settings) -> Check:
    """Whether the mail server answers, is trusted, and lets us in. Nothing is sent."""
    from web.mailing.link import MailLink

    try:
        with MailLink(settings):
            words = f"{settings.smtp_host}:{settings.smtp_port} answers and lets us in"
            return Check("mail", ok=True, detail=words)
    except KbError as error:
        return Check("mail", ok=False, detail=str(error))


def _statements(settings: Settings, database: Database) -> Check:
    """Whether the record store is told, as far as the outbox says."""
    from kb.statements.outbox import look

    with database.read() as session:
        found = look(session)
    waiting, given_up = found.counts["waiting"], found.counts["given up"]
    words = f"{waiting:,} statements wait, {given_up:,} given up. {found.problem}".strip()
    return Check("record store", not found.problem, f"{settings.xapi_endpoint}: {words}")


def _record_store(settings: Settings) -> Check:
    """Whether the record store answers and lets us in. Nothing is told."""
    from web.record_store import ask_store

    try:
        versions = ask_store(settings)
    except KbError as error:
        return Check("record store", ok=False, detail=str(error))
    is_spoken = not versions or any(each.startswith(settings.xapi_version[:3]) for each in versions)
    spoken = ", ".join(versions) or "an unknown version"
    words = f"{settings.xapi_endpoint} answers, lets us in and speaks {spoken}"
    return Check("record store", is_spoken, words if is_spoken else f"{words}, not {settings.xapi_version}")
