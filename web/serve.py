"""`precedent serve`: the web server and the index writer, started, watched and stopped together."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import click

from kb.errors import DatabaseUnavailable, KbError
from kb.locks import only_one
from kb.people.accounts import has_administrator
from kb.people.audit import Origin, audited
from kb.people.links import make_link
from kb.people.roles import OPERATOR as OPERATOR_PERSON
from kb.reading import OPERATOR, counts
from web.logs import configure, teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.config import Settings
    from kb.database import Database
    from kb.people.roles import Person

logger = logging.getLogger(__name__)
WRITER = [sys.executable, "-m", "web", "sync", "--watch"]
AT_ONCE = 500
"""Entries that are indexed before the server answers: some seconds. More are left to the writer beside it."""
START_SECONDS = 60
STOP_SECONDS = 10
_MEMORY = {"MALLOC_ARENA_MAX": "2"}
"""Else glibc keeps a heap for each thread, and with each what its largest answers once took: a quarter of all
memory of the web process, more by the hour. What the environment says otherwise stands."""
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class PortTaken(KbError):
    """Another program listens on the address."""


def run(settings: Settings, *, sample: bool) -> None:
    """Prepares the repository, then serves until Ctrl-C or SIGTERM. Raises KbError when it cannot."""
    from web.commands import open_repository

    configure(settings.log)
    tell = teller(settings.log)
    _check_port(settings)
    with only_one(settings.home):
        _, database = open_repository()
        link = _prepare(settings, database, tell, sample=sample)
        database.dispose()
        supervise(settings, stop_on_signals(), tell, link)


def _prepare(settings: Settings, database: Database, tell: Callable[[str], None], *, sample: bool) -> str:
    """Fills and indexes the repository; returns the first administrator's link, if one is needed.

    A disk that is full or read-only is no reason not to serve what there is.
    """
    from web.commands import operator

    try:
        if sample:
            _load_sample(database, tell)
        _bring_up_to_date(settings, database, tell)
        return administrator_link(settings, database, operator())
    except (OSError, sqlite3.Error, DatabaseUnavailable) as error:
        logger.warning("Serving what there is, as nothing can be written: %s", error)
        return ""


def _bring_up_to_date(settings: Settings, database: Database, tell: Callable[[str], None]) -> None:
    """Indexes what is missing, unless it is so much that nobody should wait for it."""
    from indexer.consistency import behind
    from web.commands import index_now, index_sentence, index_writer

    writer = index_writer(settings, database)
    missing = behind(writer)
    if missing > AT_ONCE:
        tell(
            f"{missing:,} entries are not in the index yet. It is made while the server answers; "
            "until then searches find them by plain comparison of words, and say so."
        )
    else:
        tell(index_sentence(index_now(writer)))


def administrator_link(settings: Settings, database: Database, by: Person = OPERATOR_PERSON) -> str:
    """The address at which the first administrator comes in; empty when there is one."""
    with database.read() as session:
        if has_administrator(session):
            return ""
    with audited(database, Origin(by), "make administrator link") as act:
        secret = make_link(act.session, "administrator", made_by=by.name)
    return f"{settings.base_url}/welcome?link={secret}"


def _tell_link(link: str) -> None:
    """Prints the link for whoever starts the server. It is a secret, and so never goes to a log."""
    if link:
        click.echo(f"Nobody is the administrator yet. This link makes you that, once, for a day:\n  {link}")


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def supervise(
    settings: Settings, stopped: threading.Event, tell: Callable[[str], None], link: str = ""
) -> None:
    """Runs both processes until `stopped`; a writer that dies is started again, a dead server ends all.

    `link` is what the first administrator is told once the server answers.
    """
    server = _start(_server_command(settings), settings)
    writer = _start(WRITER, settings)
    try:
        _wait_until_ready(settings, server, stopped)
        if not stopped.is_set():
            tell(f"Precedent is at {settings.base_url} (Ctrl-C stops it).")
            _tell_link(link)
        restarts = 0
        while not stopped.wait(0.5):
            if server.poll() is not None:
                raise KbError(f"The web server ended by itself (status {server.returncode}).")
            if writer.poll() is not None:
                restarts += 1
                # A writer that cannot run at all must not be started in a tight loop.
                if stopped.wait(min(2.0**restarts, 60)):
                    break
                logger.warning("The index writer ended (status %s) and is started again.", writer.returncode)
                writer = _start(WRITER, settings)
    finally:
        _stop(server, writer)
    tell("Precedent has stopped.")


def _load_sample(database: Database, tell: Callable[[str], None]) -> None:
    from corpus.sample import sample_paths
    from kb.loading import load
    from web.commands import noted, progress_bar

    with database.read() as session:
        if counts(session, OPERATOR):
            return
    with progress_bar("B", "Loading the sample corpus", scale=True) as progress:
        report = load(database, sample_paths(), progress=progress)
    noted(database, "load records", "sample corpus", **report.counts)
    tell(f"Loaded the sample corpus: {report.created:,} entries of an illustrative organisation.")


def _check_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken(
                f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
                "Stop the program that does, or choose another with --port."
            ) from None


def _server_command(settings: Settings) -> list[str]:
    # One worker: its threads share one copy of the index; NumPy, FAISS and the encoder release the GIL.
    options = {
        "--bind": f"[{settings.host}]:{settings.port}"
        if ":" in settings.host
        else f"{settings.host}:{settings.port}",
        "--workers": "1",
        "--worker-class": "web.server_worker.Worker",
        "--threads": str(settings.threads),
        "--timeout": "60",
        "--graceful-timeout": str(STOP_SECONDS - 5),
        "--log-level": "warning",
        "--logger-class": "web.server_logs.ServerLogger",
        # A description pasted into the search box is longer than the usual 4 kB of a request line.
        "--http-parser": "fast",
        "--limit-request-line": "0",
        # No header changes scheme, path or prefix of a request: PRECEDENT_URL says where we are.
        "--forwarded-allow-ips": "",
    }
    # Its default place is in the user's own folder, where two servers would meet.
    switches = ["--no-control-socket"]
    return [
        sys.executable,
        "-m",
        "gunicorn",
        *(part for pair in options.items() for part in pair),
        *switches,
        "web.app:from_env()",
    ]


def _start(command: list[str], settings: Settings) -> subprocess.Popen[bytes]:
    # Both read the environment: what the command line said otherwise is said there too.
    said = {"PRECEDENT_HOST": settings.host, "PRECEDENT_PORT": str(settings.port)}
    # A session of its own: Ctrl-C reaches only this process, which then stops both in order.
    # Nothing runs beside this thread yet when a process is forked, so preexec_fn is safe.
    return subprocess.Popen(  # noqa: S603
        command,
        env=_MEMORY | os.environ | said,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509
    )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _wait_until_ready(settings: Settings, server: subprocess.Popen[bytes], stopped: threading.Event) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not stopped.wait(0.1):
        if server.poll() is not None:
            raise KbError(f"The web server did not start (status {server.returncode}); see the lines above.")
        try:
            urllib.request.urlopen(f"{_address(settings)}/healthz", timeout=5).close()  # noqa: S310
        except OSError:
            continue
        return
    if not stopped.is_set():
        raise KbError(f"The web server did not answer within {START_SECONDS} s.")


def _address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _stop(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
