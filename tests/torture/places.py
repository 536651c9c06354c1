"""Homes to be tortured, and the processes that work on them."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.sync import IndexWriter
from kb.database import open_database
from tests.fixtures.served import free_port, make_settings
from tests.torture.processes import family
from web.commands import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from indexer.embedder import Embedder
    from kb.config import Settings
    from kb.database import Database

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 90
ANSWER_SECONDS = 40


@dataclass(frozen=True)
class Sizes:
    """How long each row goes on."""

    rounds: int = 200
    """Times that writer and indexer are killed."""
    flips: int = 60
    """Bytes that are changed under a running server."""
    backups: int = 20
    breaks: int = 10
    """Times that each disk and each database fails."""
    broken: float = 5
    """Seconds that a failure lasts."""
    passages: int = 20_000
    seconds: int = 600
    """Of the soak, after it has warmed up."""
    warm: int = 120
    step: int = 1
    """One in so many kinds of damage is done."""
    judges: bool = True
    """Whether times and memory count."""


SHORT = Sizes(
    rounds=2, flips=1, backups=1, breaks=1, broken=0, passages=200, seconds=6, warm=2, step=5,
    judges=False,
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """One row of the table: what was tried, the figure that came out, and whether that is good enough."""

    row: str
    figure: str
    good: bool | None
    """None where it could not be tried on this machine."""


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Torture:
    """One run: where, how long, and the parts that rows share."""

    folder: Path
    sizes: Sizes
    embedder: Embedder
    sample: Path
    """A home with the sample corpus, indexed. Rows copy it."""
    encoder: Path
    cache: Path | None = None
    """Where vectors are kept between runs."""
    say: Callable[[str], None] = lambda _: None

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar of how many times something was done, where standard error is a terminal."""
        with progress_bar("times", label) as update:
            yield lambda done: update(done, total)

    def place(self, name: str, *, filled: bool = False, within: Path | None = None) -> Place:
        """A home of its own; a copy of the sample's when `filled`."""
        home = (within or self.folder) / name
        if filled:
            shutil.copytree(self.sample, home)
        else:
            home.mkdir(mode=0o700)
        return Place(make_settings(home, encoder=self.encoder), self.embedder, self.folder)


@dataclass
class Place:
    """A home."""

    settings: Settings
    embedder: Embedder | None
    logs: Path
    """Where its servers log: not on a disk that a row fills."""
    changed: dict[str, str] = field(default_factory=dict)
    """Further variables of its processes."""

    @property
    def home(self) -> Path:
        """Its folder."""
        return self.settings.home

    def on(self, url: str) -> Place:
        """The same home with its records elsewhere."""
        return replace(self, settings=replace(self.settings, database_url=url))

    def environment(self) -> dict[str, str]:
        """What its processes find it by."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PRECEDENT_")}
        return clean | {
            "PRECEDENT_HOME": str(self.home),
            "PRECEDENT_DATABASE_URL": self.settings.database_url,
            "PRECEDENT_ENCODER": str(self.settings.encoder),
            "PYTHONPATH": str(REPOSITORY),
        } | self.changed  # fmt: skip

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Its records, opened for a while."""
        database = open_database(self.settings.database_url)
        try:
            yield database
        finally:
            database.dispose()

    def index(self, database: Database) -> None:
        """One pass of the index writer, here."""
        IndexWriter(self.settings, database, self.embedder).sync()

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts a module with Python: the rest is Popen's."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL} | options
        return subprocess.Popen(
            [sys.executable, "-m", *arguments], env=self.environment(), cwd=REPOSITORY, text=True, **options
        )

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Runs a command of `precedent` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "web", *map(str, arguments)], env=self.environment(), cwd=REPOSITORY,
            check=False, capture_output=True, text=True, timeout=600,
        )  # fmt: skip

    @contextmanager
    def serve(self, **options: Any) -> Iterator[Server]:
        """`precedent serve` on this home, answering."""
        port = free_port()
        log = self.logs / f"{self.home.name}.log"
        with log.open("a") as output:
            process = self.start(
                "web", "serve", "--no-sample", "--port", str(port), stdout=output, stderr=output, **options
            )
        server = Server(port, process, log)
        try:
            server.wait_until(lambda: server.get("/healthz").status == 200, START_SECONDS)
            yield server
        finally:
            process.terminate()
            process.wait(60)


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    process: subprocess.Popen[str]
    log: Path

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """What is read at a path. Raises OSError or HTTPException when nothing comes back."""
        return self.ask("GET", path, headers or {})

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """One request on a connection of its own. Raises OSError or HTTPException when nothing comes back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, body.encode() or None, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def family(self) -> list[int]:
        """Its processes."""
        return family(self.process.pid)

    def search(self, text: str, **options: str) -> Any:
        """The answer of the API to a search."""
        words = "&".join(
            f"{name}={value.replace(' ', '+')}" for name, value in {"q": text, **options}.items()
        )
        return self.get(f"/api/v1/search?{words}").json

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true in time. What the server does not answer is not true yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if condition():
                    return True
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.1)
        return False
