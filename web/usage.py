"""Counting searches and what is opened, in memory, and adding the counts up in the database now and then.

Nobody's name is kept, not even in memory: what tells two searches of one person apart from two people's is
a keyed hash that lasts as long as the process, and only until the search is counted. A page that searches
while somebody types asks many times: of searches that follow each other within seconds and of which one
begins like the other only the last counts.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from kb.errors import KbError
from kb.people.secrets import derived
from kb.usage.counting import add_searches, add_uses, normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from kb.database import Database

logger = logging.getLogger(__name__)
TYPING_SECONDS = 20.0
FLUSH_SECONDS = 30.0
MOST_PENDING = 10_000
PART = 1_000
"""Counts that are stored in one transaction."""


@dataclass
class Pending:
    """A search that is counted unless another one follows at once."""

    query: str
    is_empty: bool
    at: float


@dataclass
class Usage:
    """The counts of one process. Thread safe."""

    database: Database
    counts_searches: bool = True
    _key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pending: dict[str, Pending] = field(default_factory=dict)
    _searches: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    _uses: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    _flushed_at: float = field(default_factory=time.monotonic)

    def searched(self, whose: str, query: str, *, is_empty: bool, surfaced: Iterable[str]) -> None:
        """Counts a search of the person or address that `whose` names, and the entries that it found."""
        text, at = normalised(query), time.monotonic()
        with self._lock:
            if text and self.counts_searches and len(self._pending) < MOST_PENDING:
                who = derived(self._key, whose)
                before = self._pending.get(who)
                if before is not None and not _is_typing(before, text, at):
                    self._count(before)
                self._pending[who] = Pending(text, is_empty, at)
            for ref in surfaced:
                self._uses[ref][0] += 1
        self.flush_now_and_then()

    def opened(self, ref: str) -> None:
        """Counts that an entry was opened."""
        with self._lock:
            self._uses[ref][1] += 1
        self.flush_now_and_then()

    def flush_now_and_then(self) -> None:
        """Adds up what has been counted, if that was not done of late."""
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def flush(self, *, everything: bool = False) -> None:
        """Adds up what has been counted; where the database is busy the next time does."""
        with self._lock:
            at = time.monotonic()
            self._flushed_at = at
            for who, search in list(self._pending.items()):
                if everything or at - search.at > TYPING_SECONDS:
                    self._count(self._pending.pop(who))
            searches = {query: (each[0], each[1]) for query, each in self._searches.items()}
            uses = {ref: (each[0], each[1]) for ref, each in self._uses.items()}
            self._searches.clear()
            self._uses.clear()
        if searches or uses:
            self._store(datetime.now().astimezone().date(), searches, uses)

    def _store(
        self, day: date, searches: dict[str, tuple[int, int]], uses: dict[str, tuple[int, int]]
    ) -> None:
        """Adds them up in parts, so that nobody waits long for whoever writes; those that cannot be wait."""
        waiting = deque(
            (add, mine, part)
            for add, mine, counts in ((add_searches, self._searches, searches), (add_uses, self._uses, uses))
            for part in _parts(counts)
        )
        try:
            while waiting:
                add, _, part = waiting[0]
                with self.database.write_cache() as session:
                    add(session, day, part)
                waiting.popleft()
        except KbError as error:
            logger.info("Counts wait: %s", error)
            for _, mine, part in waiting:
                self._keep(mine, part)

    def _keep(self, mine: dict[str, list[int]], missed: dict[str, tuple[int, int]]) -> None:
        with self._lock:
            for name, (first, second) in missed.items():
                if name in mine or len(mine) < MOST_PENDING:
                    mine[name][0] += first
                    mine[name][1] += second

    def _count(self, search: Pending) -> None:
        held = self._searches[search.query]
        held[0] += 1
        held[1] += search.is_empty


def _parts(counts: dict[str, tuple[int, int]]) -> Iterator[dict[str, tuple[int, int]]]:
    items = iter(counts.items())
    while part := dict(islice(items, PART)):
        yield part


def _is_typing(before: Pending, text: str, at: float) -> bool:
    """Whether the search goes on with the one before."""
    follows = text.startswith(before.query) or before.query.startswith(text)
    return follows and at - before.at <= TYPING_SECONDS
