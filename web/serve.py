"""`precedent serve`: the web server and the index writer, started, watched and stopped together."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import click

from kb.errors import KbError
from kb.reading import OPERATOR, counts

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database

START_SECONDS = 60
STOP_SECONDS = 10
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class PortTaken(KbError):
    """Another program listens on the address."""


def run(settings: Settings, *, sample: bool) -> None:
    """Prepares the repository, then serves until Ctrl-C or SIGTERM. Raises KbError when it cannot."""
    from web.commands import index_now, index_sentence, open_repository

    _check_port(settings)
    _, database = open_repository()
    if sample:
        _load_sample(database)
    click.echo(index_sentence(index_now(settings, database)))
    database.dispose()
    stopped = stop_on_signals()
    supervise(settings, stopped)


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def supervise(settings: Settings, stopped: threading.Event) -> None:
    """Runs both processes until `stopped`; a writer that dies is started again, a dead server ends all."""
    server = _start(_server_command(settings))
    writer = _start([sys.executable, "-m", "web", "sync", "--watch"])
    try:
        _wait_until_ready(settings, server, stopped)
        if not stopped.is_set():
            click.echo(f"Precedent is at {_address(settings)} (Ctrl-C stops it).")
        restarts = 0
        while not stopped.wait(0.5):
            if server.poll() is not None:
                raise KbError(f"The web server ended by itself (status {server.returncode}).")
            if writer.poll() is not None:
                restarts += 1
                # A writer that cannot run at all must not be started in a tight loop.
                if stopped.wait(min(2.0**restarts, 60)):
                    break
                click.echo("The index writer ended and is started again.", err=True)
                writer = _start([sys.executable, "-m", "web", "sync", "--watch"])
    finally:
        _stop(server, writer)
    click.echo("Precedent has stopped.")


def _load_sample(database: Database) -> None:
    from corpus.sample import sample_paths
    from kb.loading import load
    from web.commands import progress_bar

    with database.read() as session:
        if counts(session, OPERATOR):
            return
    with progress_bar("B", "Loading the sample corpus", scale=True) as progress:
        report = load(database, sample_paths(), progress=progress)
    click.echo(f"Loaded the sample corpus: {report.created:,} entries of an illustrative organisation.")


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
        "--worker-class": "gthread",
        "--threads": str(settings.threads),
        "--timeout": "60",
        "--graceful-timeout": str(STOP_SECONDS - 5),
        "--log-level": "warning",
        # A description pasted into the search box is longer than the usual 4 kB of a request line.
        "--http-parser": "fast",
        "--limit-request-line": "0",
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


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only this process, which then stops both in order.
    # Nothing runs beside this thread yet when a process is forked, so preexec_fn is safe.
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509, S603


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
