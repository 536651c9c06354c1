"""Rendered texts: cached in the database, made by a process that can be killed.

Some texts of a few kilobytes take Python-Markdown seconds, and nothing inside a web worker could
stop it there. So one process renders a text at a time and is killed when a text takes too long.
"""

from __future__ import annotations

import hashlib
import html
import json
import logging
import os
import subprocess
import sys
import threading
import time
import weakref
from collections import OrderedDict
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from kb.errors import KbError
from kb.markup import showable
from kb.model import Rendered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from kb.database import Database

logger = logging.getLogger(__name__)
VERSION = "1"
"""Counted up when `kb.html` makes other HTML: what was cached by another version is not used."""

LIMIT_SECONDS = 2.0
"""A text that takes longer is shown as it was written."""
START_SECONDS = 15.0
"""A process that is not ready by then is given up."""
REFUSED_SECONDS = 600.0
"""A text that could not be rendered is not tried again for this long."""
MAX_REFUSED = 1000
STORE_SECONDS = 5.0
"""What was rendered waits so long to be stored with others: each transaction shuts SQLite's readers out."""
MOST_WAITING = 64
NOTE = "This text could not be formatted, so it is shown as it was written."


def as_written(text: str) -> str:
    """The text as preformatted, escaped HTML under a note that says why."""
    return f"<p><em>{NOTE}</em></p>\n<pre>{html.escape(showable(text))}</pre>\n"


class Renderer:
    """Sanitised HTML of Markdown texts. Thread safe; `close` ends its process."""

    def __init__(self, database: Database, limit: float = LIMIT_SECONDS, wait: float = STORE_SECONDS) -> None:
        self.database, self.limit, self.wait = database, limit, wait
        self._process: RenderingProcess | None = None
        self._lock = threading.Lock()
        self._keeping = threading.Lock()  # not the one that is held while a text is rendered
        self._waiting: dict[str, str] = {}
        self._waits_since = 0.0
        self._refused: OrderedDict[str, float] = OrderedDict()

    def html(self, text: str) -> str:
        """The HTML of one text; see `many`."""
        return self.many([text])[0]

    def many(self, texts: Sequence[str], *, keep: bool = True) -> list[str]:
        """The HTML of each text, in order. What is not in the cache yet is rendered and stored; without
        `keep`, as of a text that is still being written, only rendered.

        A text that takes longer than the limit comes back `as_written`. Raises DatabaseUnavailable
        when the cache cannot be read; that it cannot be written is only logged.
        """
        digests = {text: _digest(text) for text in texts if text.strip()}
        found = self._cached(digests.values())
        made = {
            digest: rendered
            for text, digest in digests.items()
            if digest not in found and (rendered := self._render(text, digest)) is not None
        }
        if keep:
            self._store_later(made)
        found |= made
        return [found.get(digests[text]) or as_written(text) if text in digests else "" for text in texts]

    def close(self) -> None:
        """Stores what waits, and ends the process. The next text would start another."""
        with self._lock:
            self._end_process()
        with self._keeping:
            made, self._waiting = self._waiting, {}
        self._store(made)

    def _cached(self, digests: Iterable[str]) -> dict[str, str]:
        wanted = set(digests)
        with self._keeping:
            found = {digest: self._waiting[digest] for digest in wanted & self._waiting.keys()}
        ordered = sorted(wanted - found.keys())
        if ordered:
            with self.database.read() as session:
                for start in range(0, len(ordered), 500):
                    part = ordered[start : start + 500]
                    query = select(Rendered.digest, Rendered.html).where(Rendered.digest.in_(part))
                    found |= {row.digest: row.html for row in session.execute(query)}
        return found

    def _store_later(self, made: dict[str, str]) -> None:
        moment = time.monotonic()
        with self._keeping:
            if not self._waiting:
                self._waits_since = moment
            self._waiting |= made
            if moment - self._waits_since < self.wait and len(self._waiting) < MOST_WAITING:
                return
            made, self._waiting = self._waiting, {}
        self._store(made)

    def _store(self, made: dict[str, str]) -> None:
        if not made:
            return
        insert = (sqlite.insert if self.database.is_sqlite else postgresql.insert)(Rendered)
        rows = [{"digest": digest, "html": made[digest]} for digest in sorted(made)]
        try:
            with self.database.write_cache() as session:
                session.execute(insert.on_conflict_do_nothing(), rows)
        except (KbError, SQLAlchemyError) as error:
            logger.warning("rendered text was not cached: %s", error)

    def _render(self, text: str, digest: str) -> str | None:
        """None for a text that could not be rendered, now or a short while ago."""
        with self._lock:
            if time.monotonic() < self._refused.get(digest, 0.0):
                return None
            rendered = self._ask(text)
            if rendered is None:
                logger.warning("a text of %d characters could not be rendered", len(text))
                self._refused[digest] = time.monotonic() + REFUSED_SECONDS
                if len(self._refused) > MAX_REFUSED:
                    self._refused.popitem(last=False)
            return rendered

    def _ask(self, text: str) -> str | None:
        # Twice: that somebody else ended the process says nothing about this text.
        for _ in range(2):
            try:
                if self._process is None or not self._process.is_usable():
                    self._end_process()
                    self._process = RenderingProcess()
                return self._process.render(text, self.limit)
            except TimeoutError:
                self._end_process()
                return None
            except OSError:
                self._end_process()
        return None

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


@cache
def _renderer_version() -> str:
    """Names everything that decides what HTML comes out: `kb.html`, Python-Markdown and nh3."""
    return f"{VERSION} {version('markdown')} {version('nh3')}"


def _digest(text: str) -> str:
    return hashlib.sha256(f"{_renderer_version()}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


class RenderingProcess:
    """A process of `kb.html`. It ends when told to, when this object goes, or with this process."""

    def __init__(self) -> None:
        """Raises OSError when it cannot be started."""
        folder = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "kb.html"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the parent, which then ends this one
        )
        self._owner = os.getpid()
        self.end = weakref.finalize(self, _end, self._process, self._owner)
        self.render("", START_SECONDS)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_usable(self) -> bool:
        """Whether it runs, and was not merely inherited by a fork."""
        return self._owner == os.getpid() and self._process.poll() is None

    def render(self, text: str, seconds: float) -> str | None:
        """The HTML; None for a text that Python-Markdown fails on.

        Raises TimeoutError when it takes longer, and OSError when the process ended by itself.
        """
        stdin, stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        started = time.monotonic()
        killer = threading.Timer(seconds, self._process.kill)
        killer.daemon = True
        killer.start()
        try:
            stdin.write(json.dumps([text, seconds + 1]).encode() + b"\n")
            stdin.flush()
            answer = stdout.readline()
        finally:
            killer.cancel()
        if not answer.endswith(b"\n"):
            if time.monotonic() - started >= seconds:
                raise TimeoutError("the text takes too long")
            raise OSError("the rendering process ended")
        rendered: str | None = json.loads(answer)
        return rendered


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if owner != os.getpid():
        return  # a fork inherited it
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # what was still to be written no longer matters
            stream and stream.close()
