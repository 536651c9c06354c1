"""Reading documents that people bring, beside the requests: a few at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kb.importing import incoming

if TYPE_CHECKING:
    from kb.database import Database

AT_A_TIME = 2
"""Each may take a gigabyte of memory and a processor; others wait their turn."""
GLANCE = 4.0
"""Seconds that the request which brings a document waits: most are read by then."""


class Conversions:
    """What one process reads at the moment."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_A_TIME)

    def start(self, database: Database, number: int, wait: float = GLANCE) -> None:
        """Begins to read a document, and waits a moment for it to be done."""
        thread = threading.Thread(target=self._read, args=(database, number), daemon=True)
        thread.start()
        thread.join(wait)

    def read(self, database: Database, number: int) -> None:
        """Reads a document before it returns: for programs, which wait."""
        self._read(database, number)

    def _read(self, database: Database, number: int) -> None:
        with self._turns:
            incoming.read(database, number)
