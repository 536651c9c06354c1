"""Rate limits of what happens often: leased from the database a block at a time, spent in memory.

A write for every search would cost more than the search: with `synchronous=FULL` the disk has to answer.
Measured on a busy two-core machine, three runs: 1.9 to 2.7 ms a search in blocks of 20, against 22 to 37 ms
for a write each time; blocks of other sizes were not measured.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.errors import DatabaseUnavailable
from kb.people.errors import TooMany
from kb.people.limits import take

if TYPE_CHECKING:
    from kb.database import Database
    from kb.people.limits import Limit

logger = logging.getLogger(__name__)
BLOCK = 20
"""How much is leased at a time. A process may keep so much less one unused while another has to say no;
together they never let more through than the limit.
"""
MOST_HELD = 10_000
"""Leases in memory: addresses are many, and those not heard of for longest are forgotten."""


@dataclass
class _Lease:
    window: int
    left: int = 0
    spent: int = 0
    is_over: bool = False
    """Whether the database has said no in this window: it is not asked again."""


class Leases:
    """What one process may still spend of each limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], _Lease] = OrderedDict()

    def spend(self, database: Database, limit: Limit, whom: str, moment: float | None = None) -> None:
        """Takes one. Raises TooMany when nothing is left.

        While the database cannot be written, the process counts alone: searching goes on, and nobody
        gets more than the limit from it.
        """
        moment = time.time() if moment is None else moment
        if self._has_spent(limit, whom, moment):
            return
        try:
            with database.write_cache() as session:
                leased: int | None = take(session, limit, whom, BLOCK, moment)
        except TooMany:
            leased = 0
        except DatabaseUnavailable as error:
            logger.warning("a rate limit is counted in this process alone: %s", error)
            leased = None
        with self._lock:
            lease = self._lease(limit, whom, moment)
            if leased is None:
                leased = max(0, min(BLOCK, limit.most - lease.spent))
            lease.left += leased
            lease.is_over = lease.left == 0
        if not self._has_spent(limit, whom, moment):
            raise limit.reached(moment)  # others who asked at the same time were quicker

    def _has_spent(self, limit: Limit, whom: str, moment: float) -> bool:
        """Whether there was one in memory. Raises TooMany when it is known that there are none."""
        with self._lock:
            lease = self._lease(limit, whom, moment)
            if lease.is_over:
                raise limit.reached(moment)
            if lease.left == 0:
                return False
            lease.left -= 1
            lease.spent += 1
            return True

    def _lease(self, limit: Limit, whom: str, moment: float) -> _Lease:
        """The lease of this window. The lock is held."""
        key, window = (limit.what, whom), limit.window(moment)
        lease = self._held.get(key)
        if lease is None or lease.window < window:  # who asked a moment earlier may come later
            lease = self._held[key] = _Lease(window)
            if len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return lease
